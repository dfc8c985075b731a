/* token_datagram.h - how flows of datagrams are made that belong to one trial: token.h's handshake over UDP.
 *
 * The client sends the 20 bytes of token.h, again and again until it is answered. For each flow that shows the
 * token the listener makes a socket of its own on the same port, connected to where the token came from, and
 * answers TOKEN_TAKEN through it, from the address that was asked: from then on the kernel gives that
 * socket what comes from there, and nothing else. Others are not answered.
 */
#ifndef TARE_TOKEN_DATAGRAM_H
#define TARE_TOKEN_DATAGRAM_H

#include "flow/token.h"

/* As token_listen, for datagrams. */
MUST_CHECK bool token_datagram_listen(const char *address, const struct flow_options *options, int *fd, uint16_t *port,
                                      struct err *e);

/* As token_accept: sockets that are connected, blocking and close-on-exec. */
MUST_CHECK bool token_datagram_accept(int listen_fd, const struct token *token, unsigned count, int *fds,
                                      const struct flow_options *options, const struct token_wait *wait, struct err *e);

/* As token_connect. */
MUST_CHECK bool token_datagram_connect(const char *address, uint16_t port, const struct token *token, uint32_t number,
                                       const struct flow_options *options, const struct token_wait *wait, int *fd,
                                       struct err *e);

#endif
