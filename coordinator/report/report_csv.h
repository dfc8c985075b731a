/* report_csv.h - a row a figure, for spreadsheets and R (RFC 4180 with a line of names, but
 * lines end as everywhere on this system). */
#ifndef TARE_REPORT_CSV_H
#define TARE_REPORT_CSV_H

#include <stdio.h>

#include "result/model.h"

/* Every figure of every trial, also of those that do not count (column `counts`). */
void report_csv(const struct run *run, FILE *out);

/* One field, quoted where it has to be; what a spreadsheet would run as a formula is disarmed. */
void report_csv_text(const char *text, FILE *out);

#endif
