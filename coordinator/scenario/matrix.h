/* matrix.h - `matrix:` of a step: values of its workload's options, each with each.
 *
 *     matrix: {direction: [send, receive], message: 4KiB..64KiB}     a list; from .. to, doubling
 *     matrix: iozone                                                 one that the workload has by a name
 *
 * Each combination is a cell, a step of its own, named net[direction=send,message=4KiB]; the last option changes
 * fastest. Cells whose options do not go together are left out.
 */
#ifndef TARE_MATRIX_H
#define TARE_MATRIX_H

#include "scenario/reader.h"

struct matrix;

/* The matrix of the step `map`, whose workload is given. NULL where it has none, or none of any use, which is told.
 * It borrows `map`. */
struct matrix *matrix_read(const struct reader *r, const struct yaml_value *map, const struct workload_info *workload);
void matrix_destroy(struct matrix **matrix);

/* The step's mapping without `matrix`, with the first value of each of its options: what is wrong with it then is
 * wrong with all cells. */
const struct yaml_value *matrix_pattern(const struct matrix *matrix);

/* All combinations, those that are left out with them. */
size_t matrix_count(const struct matrix *matrix);

/* Combination number `index`: put its values into `options`, and "[key=value,...]" behind the step's `name`. False when
 * it is to be left out, with the reason in `e`. */
MUST_CHECK bool matrix_cell(const struct matrix *matrix, size_t index, void *options, char *name, size_t size,
                            struct err *e);

/* "file x record" */
const char *matrix_axes(const struct matrix *matrix, char *out, size_t size);

#endif
