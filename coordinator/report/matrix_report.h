/* matrix_report.h - the figures of a step's matrix as tables of rows and columns (grid.h), instead of a section a cell.
 *
 * Two kinds: steps that were cells of one `matrix`, by their names (net[direction=send,message=4KiB]), and the figures
 * of a step of `cells: all`, by theirs (read/64KiB/4KiB). The last option goes across, all others down; a matrix of one
 * option has a column a node and figure.
 */
#ifndef TARE_MATRIX_REPORT_H
#define TARE_MATRIX_REPORT_H

#include "report/page.h"
#include "result/summary.h"

/* How many steps from `step` on are cells of one matrix; 0 where it is none. */
size_t matrix_report_cells(const struct run *run, int step);

/* "net", and "direction x message", of a cell. */
void matrix_report_name(const char *cell, char *name, size_t name_size, char *axes, size_t axes_size);

/* All figures of the cells; the worst of their starts; what their bytes went through, where that is told. */
MUST_CHECK bool matrix_report_put(const struct page *page, const struct run *run, const struct summary *summary,
                                  int first, size_t count, struct err *e);

/* Whether the figure is one of `cells: all`, which matrix_report_put_sizes shows. */
bool matrix_report_is_size(const struct summary_figure *figure);
MUST_CHECK bool matrix_report_put_sizes(const struct page *page, const struct run *run, const struct summary *summary,
                                        int step, struct err *e);

#endif
