/* clock_client.h - the agent's end of the clock probes: dials the coordinator's UDP port (it may
 * sit behind NAT), and answers each probe with its own clock's stamps.
 */
#ifndef TARE_CLOCK_CLIENT_H
#define TARE_CLOCK_CLIENT_H

#include "base/err.h"
#include "stamp/stamp_kind.h"
#include "wire/message.h"

struct clock_client;

/* `endpoint` is the coordinator's tcp://HOST:PORT, whose host is dialled at the WELCOME's port. The
 * best stamps that the kernel gives are taken, but none better than `most`. */
MUST_CHECK bool clock_client_new(const char *endpoint, const struct message_welcome *welcome, enum stamp_kind most,
                                 struct clock_client **client, struct err *e);
void clock_client_destroy(struct clock_client **client);

int clock_client_fd(const struct clock_client *client);

/* Say where we are; to be called every second. A datagram that cannot be sent is nobody's fault. */
void clock_client_dial(struct clock_client *client);

/* Answer all probes that have come, and hear what the kernel says of answers that have left: to be called
 * whenever the descriptor is ready for anything. True when a probe was valid: the coordinator lives. */
bool clock_client_answer(struct clock_client *client);

#endif
