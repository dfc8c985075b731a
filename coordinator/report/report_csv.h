/* report_csv.h - a row a figure, for spreadsheets and R (RFC 4180 with a line of names, but
 * lines end as everywhere on this system). */
#ifndef TARE_REPORT_CSV_H
#define TARE_REPORT_CSV_H

#include <stdio.h>

#include "base/err.h"
#include "result/model.h"

/* Every figure of every trial, also of those that do not count (column `counts`); then, of kind `rounds`, the
 * latencies of all transactions of all rounds that count, which those of single trials can't be made into. Fails
 * only when memory is out. */
MUST_CHECK bool report_csv(const struct run *run, FILE *out, struct err *e);

/* One field, quoted where it has to be; what a spreadsheet would run as a formula is disarmed. */
void report_csv_text(const char *text, FILE *out);

#endif
