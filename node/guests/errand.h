/* errand.h - run another program to its end: with a deadline, cut short when asked to, and what it
 * said is kept. */
#ifndef TARE_ERRAND_H
#define TARE_ERRAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct errand {
    const char *const *argv; /* searched in PATH */
    const char *directory;   /* to run in */
    int64_t within_ns;       /* then it is killed, with all that it started */
    int cancel_fd;           /* the same when this becomes readable; -1: never */
};

/* True when it ended with 0; its stdout and stderr, the end of it where it is long, stand in `said`.
 * Else the error says what it said last. It dies with the calling thread. */
MUST_CHECK bool errand_run(const struct errand *errand, char *said, size_t size, struct err *e);

#endif
