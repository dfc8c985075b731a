#include "net_stock.h"

#include <poll.h>
#include <string.h>

#include "agent/net_part.h"
#include "agent/stock.h"
#include "base/clock.h"
#include "base/text.h"

/* The test is asked for so long before T, or so many round trips when those take longer. */
enum { LEAD_MS = 50, LEAD_ROUND_TRIPS = 5 };

static enum netperf_kind kind_of(const struct part_flow *f)
{
    const struct part *part = f->part;
    const struct net_loop *loop = part->workload->loop;
    switch (catalogue_find(part->workload->name)->kind) {
    case WORKLOAD_STREAM:
        if (!f->starts)
            return NETPERF_MAERTS;
        return part->options.net.net.direction == NET_SENDFILE ? NETPERF_SENDFILE : NETPERF_STREAM;
    case WORKLOAD_TRANSACTIONS:
        return loop->is_per_transaction ? NETPERF_CRR : loop->is_datagram ? NETPERF_UDP_RR : NETPERF_RR;
    case WORKLOAD_DATAGRAMS:
    case WORKLOAD_LAPS: break;
    }
    return NETPERF_UDP_STREAM;
}

static int64_t lead_ns(const struct part_flow *f)
{
    int64_t trips = LEAD_ROUND_TRIPS * stock_rtt_ns(f->stock), least = clock_ms(LEAD_MS);
    return trips > least ? trips : least;
}

/* In whole seconds. A netserver that sends stops when they are over, one that hears 4 s later; one that is
 * connected to again and again does not know when the last connection was, and tells only then. */
static int64_t length_ns(const struct part_flow *f, enum netperf_kind kind)
{
    const struct workload_times *times = &f->part->options.times;
    int64_t total = times->warmup_ns + times->length_ns, second = CLOCK_NS_PER_S;
    if (kind == NETPERF_CRR)
        return total < second ? second : total / second * second;
    if (kind == NETPERF_MAERTS)
        total += lead_ns(f);
    return (total + second - 1) / second * second;
}

static struct netperf_test test_of(const struct part_flow *f)
{
    const struct part *part = f->part;
    const struct net_options *net = &part->options.net.net;
    enum netperf_kind kind = kind_of(f);
    struct netperf_test t = { .kind = kind,
                              .is_ipv6 = strchr(part->order.address, ':') != NULL,
                              .nodelay = net->nodelay,
                              .measures_cpu = true,
                              .cpu = -1,
                              .send_buffer = (int32_t)net->send_buffer_bytes,
                              .receive_buffer = (int32_t)net->receive_buffer_bytes,
                              .length_ns = length_ns(f, kind) };
    if (kind == NETPERF_MAERTS)
        t.send_bytes = (int32_t)part->options.net_stream.message_bytes;
    if (catalogue_find(part->workload->name)->kind == WORKLOAD_TRANSACTIONS) {
        t.request_bytes = (int32_t)part->options.net_rr.request_bytes;
        t.response_bytes = (int32_t)part->options.net_rr.response_bytes;
    }
    text_copy(t.congestion, sizeof t.congestion, net->congestion);
    return t;
}

bool net_stock_open(struct part *part, struct err *e)
{
    uint16_t port = part->order.port ? (uint16_t)part->order.port : CONTROL_PORT;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        struct part_flow *f = &part->flows[i];
        if (kind_of(f) == NETPERF_UDP_STREAM && !f->starts)
            return err_set(e, ERR_USAGE,
                           "a stock netserver sends no datagrams by itself: udp_stream can only send to it");
        if (!stock_open(part->order.address, port, part->order.own, part->cancel_fd, &f->stock, e))
            return false;
        f->opens = !f->starts;
        f->counts_acknowledged = kind_of(f) == NETPERF_STREAM || kind_of(f) == NETPERF_SENDFILE;
    }
    return true;
}

void net_stock_close(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++)
        stock_destroy(&part->flows[i].stock);
}

/* Until RAW reads `raw_ns`; false, told, when the trial is cancelled before. */
static bool wait_until(const struct part *part, int64_t raw_ns, struct err *e)
{
    int64_t mono_ns = clock_mono_at_raw_ns(raw_ns);
    for (;;) {
        struct pollfd cancel = { .fd = part->cancel_fd, .events = POLLIN };
        int64_t left_ms = (mono_ns - clock_mono_ns()) / CLOCK_NS_PER_MS;
        (void)poll(&cancel, 1, left_ms > 0 ? (int)left_ms : 0);
        if (cancel.revents)
            return err_set(e, ERR_INTERRUPTED, "cancelled before the start");
        if (left_ms <= 0)
            break;
    }
    clock_sleep_until_mono(mono_ns);
    return true;
}

static bool connect_flow(struct part_flow *f, struct err *e)
{
    int fd = -1;
    if (f->part->workload->loop->is_per_transaction)
        return true; /* each transaction does */
    if (f->opens ? !stock_data_address(f->stock, &f->opens_to, e) || !stock_socket(f->stock, &f->part->sockets, &fd, e)
                 : !stock_connect(f->stock, &f->part->sockets, &fd, e))
        return false;
    flow_connect(f->flow, &fd);
    return true;
}

/* It closes first where we wait for it to; so we do, and keep the ports in TIME_WAIT. */
bool net_stock_target(const struct part_flow *f, struct tcp_crr_target *target, struct err *e)
{
    *target = (struct tcp_crr_target){ .options = &f->part->sockets, .closes_first = true };
    return stock_data_address(f->stock, &target->to, e);
}

bool net_stock_approach(struct part *part, int64_t at_ns, struct err *e)
{
    int64_t lead = 0;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        int64_t needed = lead_ns(&part->flows[i]);
        lead = needed > lead ? needed : lead;
    }
    if (!wait_until(part, at_ns - lead, e))
        return false;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        const struct netperf_test test = test_of(&part->flows[i]);
        if (!stock_ask(part->flows[i].stock, &test, e))
            return false;
    }
    for (uint32_t i = 0; i < part->flow_count; i++) {
        const struct netperf_answer *unused;
        if (!stock_hear(part->flows[i].stock, &unused, e))
            return false;
    }
    for (uint32_t i = 0; i < part->flow_count; i++)
        if (!connect_flow(&part->flows[i], e))
            return false;
    return true;
}

/* What it does not tell is missing in the result, and no reason to lose the rest. */
void net_stock_conclude(struct part *part)
{
    int64_t deadline = clock_mono_ns() + clock_ms(PART_CONCLUDE_MS);
    for (uint32_t i = 0; i < part->flow_count; i++) {
        struct part_flow *f = &part->flows[i];
        struct err e = { 0 };
        f->has_said = stock_results(f->stock, clock_ms_until(deadline), &f->said, &e);
        text_copy(f->unsaid, sizeof f->unsaid, e.text);
    }
}
