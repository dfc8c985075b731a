#include "net_part.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/net_stock.h"
#include "base/clock.h"
#include "flow/token.h"
#include "flow/token_datagram.h"

enum { CONNECT_MS = 5000 };

static const struct net_loop *loop_of(const struct part *part) { return part->workload->loop; }

static struct flow_options socket_options(const struct part *part)
{
    const struct net_options *net = &part->options.net.net;
    return (struct flow_options){ .send_buffer_bytes = (int)net->send_buffer_bytes,
                                  .receive_buffer_bytes = (int)net->receive_buffer_bytes,
                                  .congestion = net->congestion,
                                  .nodelay = net->nodelay,
                                  .from = part->order.part == PART_LOAD ? part->order.own : NULL };
}

static struct token token_of(const struct part *part)
{
    struct token token;
    memcpy(token.bytes, part->order.token, sizeof token.bytes);
    return token;
}

/* Which flows there are, who does the first operation of each, and their buffers: all that takes time, so
 * that what is left once both ends are connected takes none. */
static bool make_flows(struct part *part, struct err *e)
{
    const struct net_options *net = &part->options.net.net;
    part->flow_count = net_flow_count(net);
    part->sockets = socket_options(part);
    for (uint32_t i = 0; i < part->flow_count; i++) {
        part->flows[i].starts = net_load_sends(net, i) == (part->order.part == PART_LOAD);
        if (!loop_of(part)->make(&part->flows[i], e))
            return false;
        part->flows[i].gate.is_brief = flow_begins_briefly(part->flows[i].flow);
    }
    return true;
}

/* ---- the node's end ---- */

static bool aim_transactions(struct part *part, const struct token *token, struct err *e)
{
    part->crr.options = &part->sockets;
    memcpy(part->crr.preamble.bytes, token->bytes, sizeof token->bytes);
    part->crr.preamble.size = sizeof token->bytes;
    return address_parse(part->order.address, (uint16_t)part->order.port, &part->crr.to, e);
}

/* A connection that is tried now says at once what is in the way, where each transaction makes its own later. */
static bool connect_flows(struct part *part, struct err *e)
{
    const struct net_loop *loop = loop_of(part);
    const struct token token = token_of(part);
    const struct token_wait wait = { clock_mono_ns() + clock_ms(CONNECT_MS), part->cancel_fd };
    if (part->order.is_stock)
        return make_flows(part, e) && net_stock_open(part, e);
    if (!make_flows(part, e) || (loop->is_per_transaction && !aim_transactions(part, &token, e)))
        return false;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        int fd = -1;
        if (!(loop->is_datagram ? token_datagram_connect : token_connect)(
                part->order.address, (uint16_t)part->order.port, &token, i, &part->sockets, &wait, &fd, e))
            return false;
        if (loop->is_per_transaction)
            close(fd);
        else
            flow_connect(part->flows[i].flow, &fd);
    }
    return true;
}

static bool approach(struct part *part, int64_t at_ns, struct err *e)
{
    return !part->order.is_stock || net_stock_approach(part, at_ns, e);
}

static void conclude(struct part *part)
{
    if (part->order.is_stock)
        net_stock_conclude(part);
}

/* ---- the peer's end ---- */

static bool listen_for_flows(struct part *part, struct err *e)
{
    const struct net_loop *loop = loop_of(part);
    const char *own = part->order.own[0] ? part->order.own : NULL;
    uint16_t port = 0;
    if (!make_flows(part, e) ||
        !(loop->is_datagram ? token_datagram_listen : token_listen)(own, &part->sockets, &part->listen_fd, &port, e))
        return false;
    part->port = port;
    return !loop->is_per_transaction || tcp_crr_prepare(part->listen_fd, e);
}

static bool take_flows(struct part *part, struct err *e)
{
    const struct net_loop *loop = loop_of(part);
    const struct token token = token_of(part);
    /* The node begins to connect when it has heard of our port, and it may take its own time. */
    const struct token_wait wait = { clock_mono_ns() + 2 * clock_ms(CONNECT_MS), part->cancel_fd };
    int fds[PART_FLOWS_MAX];
    if (!(loop->is_datagram
              ? token_datagram_accept(part->listen_fd, &token, part->flow_count, fds, &part->sockets, &wait, e)
              : token_accept(part->listen_fd, &token, part->flow_count, fds, &wait, e)))
        return false;
    memcpy(part->crr.preamble.bytes, token.bytes, sizeof token.bytes);
    part->crr.preamble.size = sizeof token.bytes;
    bool ok = true;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        if (loop->is_per_transaction) {
            close(fds[i]);
            fds[i] = dup(part->listen_fd);
            ok = ok && (fds[i] >= 0 || err_errno(e, errno, "a descriptor for each flow"));
        }
        flow_connect(part->flows[i].flow, &fds[i]);
    }
    close(part->listen_fd); /* strangers find nobody any more */
    part->listen_fd = -1;
    return ok;
}

/* ---- both ---- */

static int64_t pass_gate(void *flow) { return start_gate_pass(&((struct part_flow *)flow)->gate); }
static void leave_gate(void *flow) { start_gate_leave(&((struct part_flow *)flow)->gate); }

/* Who opens the connection has that as its first operation, whatever it does then. */
static bool open_at_start(struct part_flow *f, int64_t *opened_ns, struct err *e)
{
    *opened_ns = start_gate_pass(&f->gate);
    bool ok = flow_dial(f->flow, &f->opens_to, e);
    start_gate_leave(&f->gate);
    return ok;
}

static bool run(struct part_flow *f, struct err *e)
{
    const struct net_loop *loop = loop_of(f->part);
    int64_t opened_ns = 0;
    if (f->starts)
        flow_set_start(f->flow, &(struct flow_start){ pass_gate, leave_gate, f });
    bool ok = (!f->opens || open_at_start(f, &opened_ns, e)) && loop->run(f, e);
    if (f->opens && f->times.first_op_ns)
        f->times.first_op_ns = opened_ns;
    bool listens = loop->is_per_transaction && !f->starts; /* which tells nothing of its connections */
    return (listens || flow_tcp_info(f->flow, &f->tcp, ok ? e : NULL)) && ok;
}

/* Who answers learns of the end from the other side; of datagrams even that can get lost. */
static void stop(struct part *part)
{
    const struct net_loop *loop = loop_of(part);
    for (uint32_t i = 0; i < part->flow_count; i++) {
        const struct part_flow *f = &part->flows[i];
        if (loop->is_datagram || (f->starts && loop->is_per_transaction))
            flow_stop(f->flow);
        else if (f->starts)
            flow_stop_sending(f->flow);
    }
}

static void abort_flows(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++)
        if (part->flows[i].flow)
            flow_abort(part->flows[i].flow);
}

static void release(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++) {
        flow_destroy(&part->flows[i].flow);
        free(part->flows[i].latencies);
        part->flows[i].latencies = NULL;
    }
    net_stock_close(part);
    sodium_memzero(&part->crr.preamble, sizeof part->crr.preamble);
    if (part->listen_fd >= 0)
        close(part->listen_fd);
    part->listen_fd = -1;
}

#define BOTH_ENDS(NAME, word)                                           \
    const struct workload NAME##_LOAD = { .name = word,                 \
                                          .part = PART_LOAD,            \
                                          .loop = &NAME##_LOOP,         \
                                          .passes_gate = true,          \
                                          .prepare = connect_flows,     \
                                          .approach = approach,         \
                                          .run = run,                   \
                                          .stop = stop,                 \
                                          .abort = abort_flows,         \
                                          .conclude = conclude,         \
                                          .release = release };         \
    const struct workload NAME##_SERVE = { .name = word,                \
                                           .part = PART_SERVE,          \
                                           .loop = &NAME##_LOOP,        \
                                           .passes_gate = true,         \
                                           .prepare = listen_for_flows, \
                                           .connect = take_flows,       \
                                           .run = run,                  \
                                           .stop = stop,                \
                                           .abort = abort_flows,        \
                                           .release = release }
BOTH_ENDS(NET_STREAM, "net_stream");
BOTH_ENDS(NET_RR, "net_rr");
BOTH_ENDS(NET_CRR, "net_crr");
BOTH_ENDS(UDP_STREAM, "udp_stream");
BOTH_ENDS(UDP_RR, "udp_rr");
