/* build_log.h - what a build says: kept in a file, its lines counted, its end at hand. */
#ifndef TARE_BUILD_LOG_H
#define TARE_BUILD_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BUILD_LOG_TAIL = 4096, BUILD_LOG_MOST = 16 * 1024 * 1024 };

struct build_log {
    int in, out; /* of the pipe: what the build writes to, to be closed once it has started; -1 each when closed */
    int file;    /* gets all of it up to BUILD_LOG_MOST bytes */
    int64_t written;
    uint64_t lines;
    char tail[BUILD_LOG_TAIL + 1];
    size_t tail_size;
};

/* `path` is made anew. */
MUST_CHECK bool build_log_open(struct build_log *log, const char *path, struct err *e);
void build_log_close(struct build_log *log);

/* Take what is there, without waiting. False when nobody writes any more. */
bool build_log_read(struct build_log *log);

/* Its last lines that are not empty, in one, without what a terminal would obey; "it said nothing" where there is
 * none. Cut at the front where `size` is too small. */
const char *build_log_end(const struct build_log *log, char *text, size_t size);

/* The first line of the tail. */
const char *build_log_first(const struct build_log *log, char *text, size_t size);

#endif
