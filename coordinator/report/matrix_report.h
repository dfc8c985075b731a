/* matrix_report.h - the figures of a step's matrix as tables of rows and columns (grid.h), instead of a section a cell.
 *
 * Of steps that were cells of one `matrix`, and of a step of `cells: all` (matrix_name.h). A matrix of one option has a
 * column a node and figure.
 */
#ifndef TARE_MATRIX_REPORT_H
#define TARE_MATRIX_REPORT_H

#include "report/page.h"
#include "result/summary.h"

/* All figures of the cells; the worst of their starts; what their bytes went through, where that is told. */
MUST_CHECK bool matrix_report_put(const struct page *page, const struct run *run, const struct summary *summary,
                                  int first, size_t count, struct err *e);

/* The figures of a step of `cells: all`; nothing where it is none. */
MUST_CHECK bool matrix_report_put_sizes(const struct page *page, const struct run *run, const struct summary *summary,
                                        int step, struct err *e);

#endif
