/* plan_show.h - a plan for people: who takes part, every trial in its order, and how long it takes. */
#ifndef TARE_PLAN_SHOW_H
#define TARE_PLAN_SHOW_H

#include <stdio.h>

#include "scenario/pace.h"

/* False when memory is out. */
MUST_CHECK bool plan_show(const struct scenario *scenario, const struct pace *pace, FILE *to);

/* A line for each matrix of the scenario: how many cells it has, of what options, and how many are left out. */
void plan_show_matrices(const struct scenario *scenario, FILE *to);

#endif
