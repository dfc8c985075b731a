/* tcp_rr.h - request and response over one connected TCP socket, one at a time.
 *
 * For the side that asks, flow_new's message is the request and its read the response; for the side
 * that answers the other way round. A transaction is counted when its response is wholly there, with
 * the bytes of both.
 */
#ifndef TARE_TCP_RR_H
#define TARE_TCP_RR_H

#include "flow/flow.h"
#include "stats/hist.h"

/* How the asking side of any request-response test goes about it. */
struct rr_plan {
    int64_t interval_ns;  /* from the beginning of a request to that of the next; 0: each follows at once */
    struct hist *hist;    /* borrowed: the time of each transaction, in ns; NULL: not kept */
    int64_t hist_from_ns; /* RAW: transactions that began earlier are a warm-up's and left out of it */
};

/* A transaction of `bytes` to and fro is complete: into the meter, and into the histogram if it is kept there. */
static inline void rr_plan_count(const struct rr_plan *plan, struct meter *meter, size_t bytes, int64_t begun_ns,
                                 int64_t now_ns)
{
    meter_add(meter, bytes);
    if (plan->hist && begun_ns >= plan->hist_from_ns)
        hist_add(plan->hist, now_ns - begun_ns);
}

/* Ask until flow_stop_sending(), complete the transaction at hand, and wait for the other side's close.
 * With an interval a stop falls into a pause as well. A request that is due already is sent at once, and
 * the time of a transaction counts from when it was sent. Stamps: before the first request, and after the last
 * response. Fails when the connection breaks; meter and stamps hold even then. */
MUST_CHECK bool tcp_rr_ask(struct flow *flow, const struct rr_plan *plan, struct meter *meter, struct flow_times *times,
                           struct err *e);

/* Answer until the other side ends, be it within a request, then close. Stamps: after the first
 * request was there, and when the end was; 0 without any. */
MUST_CHECK bool tcp_rr_answer(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

#endif
