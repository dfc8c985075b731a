/* net_stream.c - the node's end of net_stream: it connects to the peer that the order names. */
#include "agent/net_stream.h"

#include <string.h>

#include "base/clock.h"
#include "flow/token.h"
#include "workloads/workloads.h"

static bool prepare(struct part *part, struct err *e)
{
    struct token token;
    memcpy(token.bytes, part->order.token, sizeof token.bytes);
    const struct flow_options options = net_stream_flow_options(part);
    const struct token_wait wait = { clock_mono_ns() + clock_ms(NET_STREAM_CONNECT_MS), part->cancel_fd };
    if (!net_stream_make_flows(part, e))
        return false;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        int fd = -1;
        if (!token_connect(part->order.address, (uint16_t)part->order.port, &token, i, &options, &wait, &fd, e))
            return false;
        flow_connect(part->flows[i].flow, &fd);
    }
    return true;
}

const struct workload WORKLOAD_NET_STREAM = { .name = "net_stream",
                                              .part = PART_LOAD,
                                              .prepare = prepare,
                                              .run = net_stream_run,
                                              .stop = net_stream_stop,
                                              .abort = net_stream_abort,
                                              .release = net_stream_release };
