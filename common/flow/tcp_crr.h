/* tcp_crr.h - connect, request, response, close: a new TCP connection for each transaction.
 *
 * Between tare's halves each connection begins with a preamble, the trial's token, which goes into the same
 * segment as the request; one that brings only the preamble and then ends is the last. A stock netperf or
 * netserver has no preamble. Messages as in tcp_rr.h; preamble and request are one, for flow_new as well.
 *
 * tare's answering half closes first, right behind its response: TIME_WAIT then stays with the side that
 * has one port, and the asking machine does not run out of ports (28,000 last it for 470 transactions a
 * second). Against a stock netserver, which waits for the other side's close, the asking half closes first.
 * The close goes out with the response's last segment, as an HTTP server's does: one segment and one wake-up
 * less for each transaction, with the same round trips. Against stock netperf on loopback (BENCH_TESTS=crr:1
 * ./bootstrap bench net; the flag is MSG_MORE in tcp_crr.c), rate and CPU: on one machine 1.21 and 0.76 so, 0.97 and
 * 0.94 with the close in a segment of its own (13 runs each); on one that is slower to wake up 1.02 and 0.94, 1.04 and
 * 0.96 (9 runs each), where it makes no difference. The token costs nothing beside that: it is 16 bytes more in the
 * request's own segment, and no system call.
 */
#ifndef TARE_TCP_CRR_H
#define TARE_TCP_CRR_H

#include "flow/address.h"
#include "flow/tcp_rr.h"

enum { TCP_CRR_PREAMBLE_MAX = 64 };

struct tcp_crr_preamble {
    unsigned char bytes[TCP_CRR_PREAMBLE_MAX];
    size_t size; /* 0: none */
};

struct tcp_crr_target {
    struct address to;
    const struct flow_options *options; /* of each connection; borrowed */
    struct tcp_crr_preamble preamble;
    bool closes_first;
};

/* Ask over one connection after the other until flow_stop(), then, with a preamble, bring the last word.
 * The flow has no socket of its own. A transaction lasts from before its socket(2) until the other side's
 * close was read. Stamps: before the first, after the last. Fails when a connection cannot be made within
 * 5 s, or breaks; meter and stamps hold even then. */
MUST_CHECK bool tcp_crr_ask(struct flow *flow, const struct tcp_crr_target *target, const struct rr_plan *plan,
                            struct meter *meter, struct flow_times *times, struct err *e);

/* Make a listening socket that does not block ready to answer, before anybody is told of its port: silent
 * strangers are kept from it, slow ones bounded. */
MUST_CHECK bool tcp_crr_prepare(int listen_fd, struct err *e);

/* Answer what comes to the flow's socket, which listens and went through tcp_crr_prepare (several flows may share one
 * by dup(2)), until the last word comes, or nothing for half a second after flow_stop(). Who brings another preamble,
 * less than a request or nothing at all for half a second is dropped and counted in `strangers`; from the first on
 * they get 50 ms. Stamps: after the
 * first request was there, and when the end was; 0 without any. */
MUST_CHECK bool tcp_crr_answer(struct flow *flow, const struct tcp_crr_preamble *preamble, struct meter *meter,
                               uint64_t *strangers, struct flow_times *times, struct err *e);

#endif
