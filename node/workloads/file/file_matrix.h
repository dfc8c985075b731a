/* file_matrix.h - IOzone's automatic mode: which sizes of file go with which records. Pure.
 *
 * Files and records double; a record is at most its file; files above 16 MiB take no record below 64 KiB,
 * with which they would last longer than they tell.
 */
#ifndef TARE_FILE_MATRIX_H
#define TARE_FILE_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

struct file_matrix {
    int64_t file_least, file_most, record_least, record_most; /* bytes */
};

/* The size that a file begins to be large from, and the least record of a large one. */
#define FILE_MATRIX_LARGE (INT64_C(16) << 20)
#define FILE_MATRIX_LARGE_RECORD (INT64_C(64) << 10)

/* From the cell (*file_bytes, *record_bytes) to the next, row by row; from (0, 0) to the first. False after the
 * last, and then nothing has changed. */
bool file_matrix_next(const struct file_matrix *matrix, int64_t *file_bytes, int64_t *record_bytes);

#endif
