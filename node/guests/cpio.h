/* cpio.h - an archive that the kernel unpacks as its first root file system.
 *
 * The format "newc", as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst has
 * it: archives may follow each other, which is how a guest's secrets stand behind the image that all
 * guests share. Owner is root, times are 0 and inodes count from 1, so the same files make the same
 * bytes.
 */
#ifndef TARE_CPIO_H
#define TARE_CPIO_H

#include <stdio.h>

#include "base/err.h"

struct cpio {
    FILE *to; /* borrowed */
    unsigned inodes;
};

/* Names have no '/' in front. What is in a directory comes after it. */
MUST_CHECK bool cpio_directory(struct cpio *cpio, const char *name, unsigned mode, struct err *e);
MUST_CHECK bool cpio_text(struct cpio *cpio, const char *name, unsigned mode, const char *text, struct err *e);

/* The content of the file `path`, which must not change meanwhile. */
MUST_CHECK bool cpio_file(struct cpio *cpio, const char *name, unsigned mode, const char *path, struct err *e);

/* The trailer. What was written is in `to`, whose buffers are flushed. */
MUST_CHECK bool cpio_end(struct cpio *cpio, struct err *e);

#endif
