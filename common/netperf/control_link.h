/* control_link.h - control messages over a connected TCP socket, with a deadline for each wait.
 *
 * A wait also ends when `cancel_fd` becomes readable (an eventfd, say; -1 for none). The socket does not
 * block.
 */
#ifndef TARE_CONTROL_LINK_H
#define TARE_CONTROL_LINK_H

#include "base/err.h"
#include "netperf/control.h"

struct control_wait {
    int64_t first_ms; /* for the first byte of a message */
    int64_t rest_ms;  /* for the rest, from then on */
    int cancel_fd;
};

enum control_end {
    CONTROL_CAME,
    CONTROL_CLOSED, /* in order, between two messages */
    CONTROL_CANCELLED,
    CONTROL_SILENT, /* not a byte in first_ms */
    CONTROL_OLD,    /* 256 bytes and no more: a version up to 2.5 */
    CONTROL_BROKEN, /* half a message, or an error */
};

/* One message; for any end but CONTROL_CAME `e` says what came instead. */
enum control_end control_receive(int fd, unsigned char bytes[CONTROL_BYTES], const struct control_wait *wait,
                                 struct err *e);

/* The whole message within rest_ms. */
MUST_CHECK bool control_send(int fd, const struct control *c, const struct control_wait *wait, struct err *e);

#endif
