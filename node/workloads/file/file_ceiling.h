/* file_ceiling.h - what a place can give: its device around the page cache, and the page cache itself. */
#ifndef TARE_FILE_CEILING_H
#define TARE_FILE_CEILING_H

#include "catalogue/file_options.h"
#include "workloads/file/file_cell.h"

/* By records of 1 MiB on a file of 16 MiB, or of `largest` bytes where that is less, for some 50 ms each. What cannot
 * be had (a file system without O_DIRECT, say) has no passes. Fails when `cancel_fd` becomes readable. */
MUST_CHECK bool file_ceilings(const struct file_place *place, int64_t largest, int cancel_fd,
                              struct file_result results[FILE_CEILING_COUNT], struct err *e);

#endif
