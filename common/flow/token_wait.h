/* token_wait.h - the one wait of the files that make data connections: bounded, and ended by a cancel. */
#ifndef TARE_TOKEN_WAIT_H
#define TARE_TOKEN_WAIT_H

#include <poll.h>

#include "flow/token.h"

/* Poll `fds`, the last of which is filled in here with the wait's cancel_fd, for `most_ms` at most (-1: until the
 * deadline). False when cancelled, late or failed; `awaited` says for what it waited. */
MUST_CHECK bool token_wait_for(struct pollfd *fds, nfds_t count, int most_ms, const struct token_wait *wait,
                               const char *awaited, struct err *e);

#endif
