/* file_place.h - the directory that files are measured in, and files in it that have no name.
 *
 * A file is unlinked from the beginning (O_TMPFILE, or unlinked as soon as it is open), so that the kernel
 * gives it back whatever becomes of this process.
 */
#ifndef TARE_FILE_PLACE_H
#define TARE_FILE_PLACE_H

#include <stdint.h>

#include "base/err.h"
#include "catalogue/file_method.h"

enum { FILE_PLACE_PATH = 256 };

struct file_place {
    char path[FILE_PLACE_PATH];
    int fd; /* -1: not open */
};

/* Open the directory `path`, and try that files can be made in it. What is in the way is told in one line. What a
 * killed process has left there, whose kernel needed a name for a moment, is removed. */
MUST_CHECK bool file_place_open(struct file_place *place, const char *path, struct err *e);

/* Also of one that is not open. */
void file_place_close(struct file_place *place);

/* Whether there is room for so many bytes now. */
MUST_CHECK bool file_place_has_room(const struct file_place *place, int64_t bytes, struct err *e);

/* An empty file of no name, for reading and writing as `mode` says. */
MUST_CHECK bool file_place_new_file(const struct file_place *place, enum file_mode mode, int *fd, struct err *e);

/* What `errno_value` means for a file there, while it was being `doing`: "written", "read". Returns false. */
bool file_place_fault(const struct file_place *place, int errno_value, const char *doing, struct err *e);

#endif
