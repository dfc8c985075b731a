/* token.h - how a data connection is made that belongs to one trial.
 *
 * The listener waits on a port of the kernel's choice for `count` connections, flows 0..count-1.
 * A client sends 20 bytes, the trial's token (16) and the flow's number (32 bits, big-endian); the
 * listener answers one byte, TOKEN_TAKEN, or closes. Strangers that are silent or send garbage
 * cost a place among TOKEN_PENDING_MAX, the oldest of which goes when another knocks: the right
 * client's token follows its connection at once, so it never is the oldest for long.
 *
 * Every wait has a deadline (CLOCK_MONOTONIC) and ends when `cancel_fd` becomes readable (an
 * eventfd, say; -1 for none). What comes out is a blocking, close-on-exec socket.
 */
#ifndef TARE_TOKEN_H
#define TARE_TOKEN_H

#include <stdint.h>

#include "base/err.h"
#include "flow/flow.h"

enum { TOKEN_BYTES = 16, TOKEN_FLOWS_MAX = 64, TOKEN_PENDING_MAX = 16, TOKEN_TAKEN = 0x06 };

struct token {
    unsigned char bytes[TOKEN_BYTES];
};

/* What bounds a wait. */
struct token_wait {
    int64_t deadline_mono_ns;
    int cancel_fd; /* -1: none */
};

/* Listen on `address` ("10.0.0.7", "fe80::1%eth0", "0.0.0.0", "::"; NULL: every one there is), with what `options` ask
 * for on every connection that comes. `*fd` is the caller's to close. */
MUST_CHECK bool token_listen(const char *address, const struct flow_options *options, int *fd, uint16_t *port,
                             struct err *e);

/* Accept `count` flows (1..TOKEN_FLOWS_MAX) that present `token`, each number once; `fds[number]`
 * are the caller's to close. On failure none is left open and `fds` untouched. */
MUST_CHECK bool token_accept(int listen_fd, const struct token *token, unsigned count, int *fds,
                             const struct token_wait *wait, struct err *e);

/* Connect to the listener at `address` (numeric, as above) and be taken as flow `number`. */
MUST_CHECK bool token_connect(const char *address, uint16_t port, const struct token *token, uint32_t number,
                              const struct flow_options *options, const struct token_wait *wait, int *fd,
                              struct err *e);

#endif
