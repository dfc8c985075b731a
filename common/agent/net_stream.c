/* net_stream.c - bulk bytes over TCP, from a buffer or a file. */
#include "agent/net_part.h"
#include "flow/tcp_sendfile.h"
#include "flow/tcp_stream.h"

static bool sends_a_file(const struct part *part)
{
    return part->options.net.net.direction == NET_SENDFILE && part->order.part == PART_LOAD;
}

/* A file's bytes reach the receiver from the page cache of a sender that has no work but the protocol's: see
 * tcp_sendfile.h for why reads are plain then. */
static enum tcp_reads reads_of(const struct part *part)
{
    const struct net_stream_options *o = &part->options.net_stream;
    bool is_plain = o->rcvlowat == NET_RCVLOWAT_OFF || o->net.direction == NET_SENDFILE;
    return is_plain ? TCP_READS_PLAIN : tcp_stream_reads((size_t)o->message_bytes);
}

static bool make(struct part_flow *f, struct err *e)
{
    const struct net_stream_options *o = &f->part->options.net_stream;
    f->flow =
        f->starts ? flow_new((size_t)o->message_bytes, 0, e) : flow_new(0, tcp_stream_read_bytes(reads_of(f->part)), e);
    return f->flow && (!sends_a_file(f->part) || tcp_sendfile_prepare(f->flow, e));
}

static bool run(struct part_flow *f, struct err *e)
{
    if (!f->starts)
        return tcp_stream_receive(f->flow, reads_of(f->part), &f->meter, &f->times, e);
    return (sends_a_file(f->part) ? tcp_sendfile_send : tcp_stream_send)(f->flow, &f->meter, &f->times, e);
}

const struct net_loop NET_STREAM_LOOP = { .make = make, .run = run };
