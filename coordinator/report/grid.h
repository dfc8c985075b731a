/* grid.h - figures that differ by two options, as rows and columns: the way in which IOzone shows its matrix.
 *
 * Points are added in any order; rows and columns stand as they first came. Where the columns do not fit the page they
 * go on below, the rows named again.
 */
#ifndef TARE_GRID_H
#define TARE_GRID_H

#include "base/err.h"
#include "report/page.h"

enum { GRID_LABEL = 96 };

struct grid_point {
    char table[GRID_LABEL]; /* points of the same text share a table; "": none is named, and each column has its unit */
    char row[GRID_LABEL], column[GRID_LABEL]; /* clean, as texts of print_clean are */
    const char *unit;                         /* borrowed */
    double value;                             /* NaN: "-" */
    double passes;                            /* that the value is of; NaN: that means nothing */
    char mark;                                /* stands behind the value; '\0': none */
};

struct grid {
    struct grid_point *points;
    size_t count;
    const char *axes; /* what rows and columns are, "file by record"; borrowed */
};

/* Of the points the first of an equal table, row and column counts. */
MUST_CHECK bool grid_add(struct grid *grid, const struct grid_point *point, struct err *e);
MUST_CHECK bool grid_put(const struct page *page, const struct grid *grid, struct err *e);
void grid_clear(struct grid *grid);

#endif
