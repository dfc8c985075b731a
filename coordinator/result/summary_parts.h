/* summary_parts.h - what the two files that make a summary share:
 *
 *     summary.c           rows, and what nodes did at once
 *     summary_named.c     figures that have a name of their own
 */
#ifndef TARE_SUMMARY_PARTS_H
#define TARE_SUMMARY_PARTS_H

#include "result/summary.h"

/* What is decided once of each trial of the run. */
struct summary_choice {
    bool counts, used;
};

/* Sorts `values`. */
struct spread summary_spread(double *values, size_t count);

/* The figures of all steps whose streams do neither send nor ask. `choices` and `values` are as long as the run
 * has trials; `values` is for use on the way. False when memory is out. */
bool summary_add_named(const struct run *run, const struct summary_choice *choices, double *values,
                       struct summary *summary);

#endif
