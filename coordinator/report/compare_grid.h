/* compare_grid.h - the ratios of a matrix as tables of rows and columns (grid.h), instead of a row and a sentence a
 * cell.
 *
 * Of steps that were cells of one `matrix` a table for each figure that they are run for; of a step of `cells: all` one
 * for its reads and one for its writes, in each cell the geometric mean over its methods. A value without a mark is
 * that of a difference, or of two sides shown to be alike; what has another meaning is marked, and told below.
 */
#ifndef TARE_COMPARE_GRID_H
#define TARE_COMPARE_GRID_H

#include "report/page.h"
#include "result/compare.h"

/* Whether the comparison is a part of a matrix. */
bool compare_grid_holds(const struct comparison *comparison);

/* All of these, which are: of one pair of nodes. What stands in no table is for programs (JSON, CSV). */
MUST_CHECK bool compare_grid_put(const struct page *page, const struct comparison *const *list, size_t count,
                                 struct err *e);

#endif
