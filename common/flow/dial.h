/* dial.h - a TCP connection with what a flow's options ask for, within a deadline. */
#ifndef TARE_DIAL_H
#define TARE_DIAL_H

#include "flow/address.h"
#include "flow/token.h"

/* Connect; `awaited` names what comes about, `refused` says what it means when nobody listens there. The
 * socket, the caller's to close, does not block. */
MUST_CHECK bool dial_tcp(const struct address *to, const struct flow_options *options, const struct token_wait *wait,
                         const char *awaited, const char *refused, int *fd, struct err *e);

#endif
