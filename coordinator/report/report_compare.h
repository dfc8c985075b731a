/* report_compare.h - comparisons for people, for programs, and for spreadsheets. */
#ifndef TARE_REPORT_COMPARE_H
#define TARE_REPORT_COMPARE_H

#include <jansson.h>

#include "report/page.h"
#include "result/compare.h"

/* A table for each pair of nodes, what is to be said of each step, and the label; of a matrix its ratios as rows and
 * columns (compare_grid.h). Nothing where nothing is compared. */
MUST_CHECK bool report_compare_table(const struct page *page, const struct comparisons *all, struct err *e);

/* The array "comparisons"; NULL when memory is out. */
json_t *report_compare_json(const struct comparisons *all);

/* A row a comparison, under a line of names. */
void report_compare_csv(const struct comparisons *all, FILE *out);

#endif
