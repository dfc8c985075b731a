/* udp_stream.c - datagrams one way. */
#include "flow/udp_stream.h"

#include "agent/net_part.h"

static bool make(struct part_flow *f, struct err *e)
{
    size_t message = (size_t)f->part->options.udp_stream.message_bytes;
    f->flow = f->starts ? flow_new(message, 0, e) : flow_new(0, message, e);
    return f->flow != NULL;
}

static bool run(struct part_flow *f, struct err *e)
{
    const struct udp_stream_plan plan = { .bits_per_s = f->part->options.udp_stream.bits_per_s,
                                          .is_stock = f->part->order.is_stock };
    return f->starts ? udp_stream_send(f->flow, &plan, &f->meter, &f->counts, &f->times, e)
                     : udp_stream_receive(f->flow, &plan, &f->meter, &f->counts, &f->times, e);
}

const struct net_loop UDP_STREAM_LOOP = { .is_datagram = true, .make = make, .run = run };
