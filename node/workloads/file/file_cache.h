/* file_cache.h - what of a file is in the page cache: seen, thrown out, brought in. */
#ifndef TARE_FILE_CACHE_H
#define TARE_FILE_CACHE_H

#include <stdint.h>

#include "base/err.h"

struct file_cache {
    int64_t pages, resident;
};

/* mincore(2) over the whole file. */
MUST_CHECK bool file_cache_look(int fd, struct file_cache *cache, struct err *e);

/* Write back and let go all pages of the file, and look whether they are gone: one that stays is an error,
 * since what is read then is not cold. */
MUST_CHECK bool file_cache_drop(int fd, struct err *e);

#endif
