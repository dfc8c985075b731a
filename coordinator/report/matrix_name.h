/* matrix_name.h - what the names of steps and figures tell of a matrix. Pure.
 *
 * Two kinds: steps that were cells of one `matrix` (net[direction=send,message=4KiB]), and the figures of a step of
 * `cells: all` (read/64KiB/4KiB). The last option goes across, all others down.
 */
#ifndef TARE_MATRIX_NAME_H
#define TARE_MATRIX_NAME_H

#include "report/grid.h"
#include "result/model.h"

/* How many steps from `step` on are cells of one matrix; 0 where it is none. */
size_t matrix_name_cells(const struct run *run, int step);

/* "net", and "direction x message", of a cell. */
void matrix_name_split(const char *cell, char *name, size_t name_size, char *axes, size_t axes_size);

/* Where a cell stands, in texts of GRID_LABEL bytes; of a matrix of one option the row alone tells. Returns how many
 * options it has. */
size_t matrix_name_place(const char *cell, char *row, char *column);

/* Whether a figure is one of `cells: all`. */
bool matrix_name_is_size(const char *figure, const char *unit);

/* Of such a one "read", "64KiB", "4KiB", each in GRID_LABEL bytes. */
void matrix_name_size(const char *figure, char *method, char *row, char *column);

#endif
