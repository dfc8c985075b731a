/* net_rr.c - request and response, in all three forms: over one connection, a new one each time, in datagrams. */
#include <errno.h>
#include <stdlib.h>

#include "agent/net_part.h"
#include "agent/net_stock.h"
#include "flow/token.h"
#include "flow/udp_rr.h"

static bool make(struct part_flow *f, struct err *e)
{
    const struct net_rr_options *o = &f->part->options.net_rr;
    size_t request = (size_t)o->request_bytes, response = (size_t)o->response_bytes;
    if (f->part->workload->loop->is_per_transaction && !f->part->order.is_stock)
        request += TOKEN_BYTES;
    f->flow = f->starts ? flow_new(request, response, e) : flow_new(response, request, e);
    if (f->starts)
        f->latencies = calloc(1, sizeof *f->latencies);
    return f->flow && (!f->starts || f->latencies || err_errno(e, ENOMEM, "a histogram"));
}

static struct rr_plan plan_of(const struct part_flow *f)
{
    return (struct rr_plan){ .interval_ns = f->part->options.net_rr.interval_ns,
                             .hist = f->latencies,
                             .hist_from_ns = f->measure_ns };
}

static bool run_rr(struct part_flow *f, struct err *e)
{
    const struct rr_plan plan = plan_of(f);
    return f->starts ? tcp_rr_ask(f->flow, &plan, &f->meter, &f->times, e)
                     : tcp_rr_answer(f->flow, &f->meter, &f->times, e);
}

static bool run_crr(struct part_flow *f, struct err *e)
{
    const struct rr_plan plan = plan_of(f);
    struct tcp_crr_target target = f->part->crr;
    if (f->stock && !net_stock_target(f, &target, e))
        return false;
    return f->starts ? tcp_crr_ask(f->flow, &target, &plan, &f->meter, &f->times, e)
                     : tcp_crr_answer(f->flow, &f->part->crr.preamble, &f->meter, &f->counts.strange, &f->times, e);
}

static bool run_udp_rr(struct part_flow *f, struct err *e)
{
    const struct rr_plan plan = plan_of(f);
    return f->starts ? udp_rr_ask(f->flow, &plan, f->part->order.is_stock, &f->meter, &f->counts, &f->times, e)
                     : udp_rr_answer(f->flow, false, &f->meter, &f->counts, &f->times, e);
}

const struct net_loop NET_RR_LOOP = { .make = make, .run = run_rr };
const struct net_loop NET_CRR_LOOP = { .is_per_transaction = true, .make = make, .run = run_crr };
const struct net_loop UDP_RR_LOOP = { .is_datagram = true, .make = make, .run = run_udp_rr };
