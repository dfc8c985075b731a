/* file_cell.h - one method on one file, as often as it takes to be long enough. */
#ifndef TARE_FILE_CELL_H
#define TARE_FILE_CELL_H

#include "workloads/file/file_pass.h"

struct file_cell {
    enum file_method method;
    bool is_cold;       /* the file's pages are thrown out before each pass, but where a method reads again */
    int64_t lasting_ns; /* passes are repeated until they take so long together */
};

struct file_result {
    int64_t passes, bytes, operations;
    int64_t elapsed_ns, cpu_ns;            /* of the passes alone */
    int64_t first_ns, last_ns;             /* RAW: of the first pass, of the last one */
    int64_t pages_before, resident_before; /* of the file, when the first pass began; 0 of one that is new */
};

/* Make the file and write it once, whole, outside every figure, so that a method finds one. Fails when `cancel_fd`
 * becomes readable (-1: nobody cancels). */
MUST_CHECK bool file_cell_fill(struct file *file, int cancel_fd, struct err *e);

/* Make the first pass ready, and note what of the file is in memory. */
MUST_CHECK bool file_cell_prepare(struct file *file, const struct file_cell *cell, struct file_result *result,
                                  struct err *e);

/* The passes: the first, which is ready, and more until they have lasted. What was stopped (*file->stop) in mid-pass
 * does not count. They end before their time when what is done around them takes a multiple of it. In cached mode
 * what is left in the page cache is written back afterwards, so that it does not fall upon the next. */
MUST_CHECK bool file_cell_run(struct file *file, const struct file_cell *cell, struct file_result *result,
                              struct err *e);

#endif
