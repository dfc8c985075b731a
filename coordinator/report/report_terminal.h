/* report_terminal.h - a run for the person at the terminal. */
#ifndef TARE_REPORT_TERMINAL_H
#define TARE_REPORT_TERMINAL_H

#include <stdio.h>

#include "base/err.h"
#include "result/model.h"

/* The run's head, a table of its steps, and what there is to be said about single trials. Lines
 * have at most `width` columns (40 at least): where it is narrow, the less important columns are
 * left out. Trials are numbered from 1 in the order in which they ran. */
MUST_CHECK bool report_table(const struct run *run, FILE *out, int width, bool color, struct err *e);

#endif
