/* net_part.h - the network workloads: what both ends of them do alike, whatever moves the bytes.
 *
 * Each is one net_loop, in a file of its own (net_stream.c, net_rr.c, ...) with both its halves. How the
 * connections come about is here: the peer listens, the node connects, both show the trial's token.
 */
#ifndef TARE_NET_PART_H
#define TARE_NET_PART_H

#include "agent/part.h"

struct net_loop {
    bool is_datagram;
    bool is_per_transaction; /* a connection for each: a flow keeps none of its own */
    /* The flow's buffers, and what else takes time. */
    bool (*make)(struct part_flow *flow, struct err *e);
    /* Move it, at this end. */
    bool (*run)(struct part_flow *flow, struct err *e);
};

extern const struct net_loop NET_STREAM_LOOP, NET_RR_LOOP, NET_CRR_LOOP, UDP_STREAM_LOOP, UDP_RR_LOOP;

/* The two parts of each workload, for the lists of node and peer. */
extern const struct workload NET_STREAM_LOAD, NET_RR_LOAD, NET_CRR_LOAD, UDP_STREAM_LOAD, UDP_RR_LOAD;
extern const struct workload NET_STREAM_SERVE, NET_RR_SERVE, NET_CRR_SERVE, UDP_STREAM_SERVE, UDP_RR_SERVE;

#endif
