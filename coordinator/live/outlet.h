/* outlet.h - text on its way to a descriptor that may be slow, stopped or gone.
 *
 * A thread of its own writes, so that only it ever waits: the descriptor is shared with other
 * programs, which O_NONBLOCK on it would surprise. What waits is bounded by what it is worth.
 */
#ifndef TARE_OUTLET_H
#define TARE_OUTLET_H

#include <stddef.h>
#include <stdint.h>

#include "live/buffer.h"

enum {
    OUTLET_RATES_MOST = 64 * 1024, /* bytes that wait: more rates than that are stale */
    OUTLET_NEWS_MOST = 256 * 1024, /* ... and here a flood of news ends */
    OUTLET_FRAME_MS = 100,         /* a painter is asked at most so often */
    OUTLET_IDLE_MS = 500,          /* ... and at least so often */
    OUTLET_CLOSE_MS = 1000,        /* what has not been read by then is given up */
};

enum outlet_worth {
    OUTLET_RATE,   /* dropped, and counted, where the reader is slow */
    OUTLET_NEWS,   /* as well, but much later */
    OUTLET_RESULT, /* never dropped: there are few */
};

/* Turns the lines that wait into what is written: a terminal's block is drawn anew around them.
 * Called by the writer with the lock held; `last` for the last time. */
struct outlet_painter {
    void (*paint)(void *context, const struct buffer *lines, bool last, struct buffer *out);
    void *context;
};

struct outlet;

/* Write to `fd`, which is borrowed; with `painter` NULL lines go out as they are. Every signal of
 * this process stays with the other threads. */
MUST_CHECK bool outlet_open(int fd, const struct outlet_painter *painter, struct outlet **outlet, struct err *e);

/* Write what waits, at most for OUTLET_CLOSE_MS; false when something was given up. */
bool outlet_close(struct outlet **outlet);

/* Never waits for the reader. False when it was dropped. */
bool outlet_put(struct outlet *outlet, enum outlet_worth worth, const char *text, size_t size);

/* How many were dropped since this was last told. It is told, and forgotten, once there is room to
 * say so, or with `now` at once; else 0. */
uint64_t outlet_dropped(struct outlet *outlet, bool now);

/* What a painter draws has changed. */
void outlet_touch(struct outlet *outlet);

/* Around changes to what a painter reads. */
void outlet_lock(struct outlet *outlet);
void outlet_unlock(struct outlet *outlet);

#endif
