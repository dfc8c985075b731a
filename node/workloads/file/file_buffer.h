/* file_buffer.h - the memory that records are read into and written from, on huge pages where there are any.
 *
 * What goes by O_DIRECT goes from and to this memory page by page: the device's request names each stretch of it that
 * is contiguous in the machine's memory. Ordinary pages lie as chance had it, by what was freed before, and one request
 * holds only so many stretches: read directly from the same file, 1 MiB at a time, such a buffer gave 1.0 to 2.4 GB/s
 * from one process to the next, a huge page 2.3 to 3.0; at 64 KiB 0.56 to 0.68 and 0.82 to 1.02. A figure of a disk
 * shall not depend on that. Whether a machine has huge pages for who asks its fingerprint says (`thp`).
 */
#ifndef TARE_FILE_BUFFER_H
#define TARE_FILE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct file_buffer {
    unsigned char *bytes; /* NULL: none */
    size_t size;          /* what was asked for, in whole pages, or huge pages where it lies on them */
};

/* `size` bytes or more, zeroed and touched, page-aligned; fails only where there is no memory. */
MUST_CHECK bool file_buffer_make(struct file_buffer *buffer, size_t size, struct err *e);

/* Harmless twice. */
void file_buffer_release(struct file_buffer *buffer);

#endif
