#include "net_stream.h"

#include <unistd.h>

#include "flow/tcp_stream.h"

bool net_stream_make_flows(struct part *part, struct err *e)
{
    const struct net_stream_options *options = &part->options.net_stream;
    bool is_load = part->order.part == PART_LOAD;
    part->flow_count = options->direction == NET_BOTH ? 2 : 1;
    for (uint32_t i = 0; i < part->flow_count; i++) {
        part->flows[i].starts = net_stream_load_sends(options, i) == is_load;
        part->flows[i].flow = flow_new((size_t)options->message_bytes, TCP_STREAM_READ_BYTES, e);
        if (!part->flows[i].flow)
            return false;
    }
    return true;
}

struct flow_options net_stream_flow_options(const struct part *part)
{
    const struct net_stream_options *o = &part->options.net_stream;
    return (struct flow_options){ .send_buffer_bytes = (int)o->send_buffer_bytes,
                                  .receive_buffer_bytes = (int)o->receive_buffer_bytes,
                                  .congestion = o->congestion,
                                  .nodelay = o->nodelay };
}

bool net_stream_run(struct part_flow *f, struct err *e)
{
    bool ok = f->starts ? tcp_stream_send(f->flow, &f->meter, &f->times, e)
                        : tcp_stream_receive(f->flow, true, &f->meter, &f->times, e);
    return flow_tcp_info(f->flow, &f->tcp, ok ? e : NULL) && ok;
}

void net_stream_stop(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++)
        if (part->flows[i].starts)
            flow_stop_sending(part->flows[i].flow);
}

void net_stream_abort(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++)
        if (part->flows[i].flow)
            flow_abort(part->flows[i].flow);
}

void net_stream_release(struct part *part)
{
    for (uint32_t i = 0; i < part->flow_count; i++)
        flow_destroy(&part->flows[i].flow);
    if (part->listen_fd >= 0)
        close(part->listen_fd);
    part->listen_fd = -1;
}
