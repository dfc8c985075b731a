/* cache_dir.h - where what can be made anew is kept: "$XDG_CACHE_HOME/tare", else "$HOME/.cache/tare". */
#ifndef TARE_CACHE_DIR_H
#define TARE_CACHE_DIR_H

#include <stddef.h>

#include "err.h"

/* The path of the directory `part` of it, there or not; false where nothing says, or it does not fit. */
bool cache_dir_path(const char *part, char *path, size_t size);

/* The directory `part` of it, made with all above it (0755 each) where it is not there yet. */
MUST_CHECK bool cache_dir_get(const char *part, char *path, size_t size, struct err *e);

#endif
