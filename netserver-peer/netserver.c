#include "netserver.h"

#include <string.h>

#include "agent/net_stream.h"
#include "base/clock.h"
#include "flow/token.h"

static bool prepare(struct part *part, struct err *e)
{
    const struct flow_options options = net_stream_flow_options(part);
    uint16_t port = 0;
    if (!net_stream_make_flows(part, e) || !token_listen(NULL, &options, &part->listen_fd, &port, e))
        return false;
    part->port = port;
    return true;
}

static bool take_connections(struct part *part, struct err *e)
{
    struct token token;
    memcpy(token.bytes, part->order.token, sizeof token.bytes);
    /* The node begins to connect when it has heard of our port, and it may take its own time. */
    const struct token_wait wait = { clock_mono_ns() + 2 * clock_ms(NET_STREAM_CONNECT_MS), part->cancel_fd };
    int fds[PART_FLOWS_MAX];
    if (!token_accept(part->listen_fd, &token, part->flow_count, fds, &wait, e))
        return false;
    for (uint32_t i = 0; i < part->flow_count; i++)
        flow_connect(part->flows[i].flow, &fds[i]);
    return true;
}

const struct workload NETSERVER_NET_STREAM = { .name = "net_stream",
                                               .part = PART_SERVE,
                                               .prepare = prepare,
                                               .connect = take_connections,
                                               .run = net_stream_run,
                                               .stop = net_stream_stop,
                                               .abort = net_stream_abort,
                                               .release = net_stream_release };
