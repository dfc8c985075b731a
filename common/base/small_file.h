/* small_file.h - a file of /proc or /sys, which says one thing. */
#ifndef TARE_SMALL_FILE_H
#define TARE_SMALL_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Read the file `root` + `path` into `text`, without the white space around it; `root` is "" for
 * this machine, a directory for tests. What does not fit is left out. False when there is no such
 * file, it cannot be read, or it is empty; `text` is then to be ignored. */
bool small_file_read(const char *root, const char *path, char *text, size_t size);

#endif
