/* file_way.h - the way of a file's bytes, as its figure's path tells it (file_path.h), taken apart again. Pure. */
#ifndef TARE_FILE_WAY_H
#define TARE_FILE_WAY_H

#include <stdbool.h>
#include <stddef.h>

enum { FILE_PATH = 512 };

/* How it was opened, and the last layer: where the bytes lie. Both are empty where the path is. */
void file_way_how(const char *path, char *out, size_t size);
void file_way_place(const char *path, char *out, size_t size);

/* Whether it ends in memory, rather than in a device. */
bool file_way_is_cached(const char *path);

#endif
