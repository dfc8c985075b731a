/* flow.h - one flow of a network test: its socket, its buffer, and how others end it.
 *
 * The loops that move its bytes are in files of their own, one a test:
 *
 *     tcp_stream    bulk bytes one way                       TCP_STREAM, TCP_MAERTS
 *     tcp_sendfile  the same from a file, by sendfile(2)     TCP_SENDFILE
 *     tcp_rr        request and response                     TCP_RR
 *     tcp_crr       connect, request, response, close        TCP_CRR
 *     udp_stream    datagrams one way                        UDP_STREAM
 *     udp_rr        request and response in datagrams        UDP_RR
 *
 * A flow knows nothing of trials, messages or clocks of others. One thread moves it; any thread may
 * stop or abort it meanwhile, and both are sticky: unlike a signal they can't be lost between a check
 * and the system call. A loop over one connection holds no clock read, no poll and no check: stopping
 * shuts its writing half down, which costs nothing until it happens.
 *
 * The flow owns its socket, so that neither can hit a descriptor that was closed and used again:
 * destroy it when the moving thread is joined and nobody else holds it.
 */
#ifndef TARE_FLOW_H
#define TARE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/address.h"
#include "stats/meter.h"

struct flow;

struct flow_options {
    int send_buffer_bytes, receive_buffer_bytes; /* 0: the kernel's default */
    const char *congestion;                      /* NULL or "": the kernel's default; TCP only */
    bool nodelay;                                /* TCP only */
    const char *from;                            /* numeric address to connect from; NULL or "": the kernel's choice */
};

/* RAW stamps; 0: it did not happen. */
struct flow_times {
    int64_t first_op_ns, last_op_ns;
    int64_t arrived_ns; /* where the flow's first bytes arrive: when they did, by the kernel (arrival.h) */
};

/* What stands in front of a flow's first operation, and behind it; called by the moving thread. */
struct flow_start {
    int64_t (*await)(void *context); /* wait for the instant: RAW as it was read last */
    void (*begun)(void *context);    /* the kernel has had the first operation */
    void *context;
};

/* What TCP_INFO says at the end of a flow. */
struct flow_tcp_info {
    uint32_t retransmits;        /* segments sent again, of this connection */
    uint32_t rtt_us, min_rtt_us; /* smoothed, and the least that was seen (0: never measured) */
    uint32_t mss;
    int send_buffer_bytes, receive_buffer_bytes; /* as the kernel has them at the end */
    char congestion[16];
};

/* Set what `options` ask for; call before connect(2) or listen(2), for buffers decide the window
 * that TCP announces. Each refusal names option and value; a buffer that the kernel would cut to its
 * limit is one. */
MUST_CHECK bool flow_configure(int fd, const struct flow_options *options, struct err *e);

/* All that is slow, outside the measured time: maps, fills and so touches the buffer. `message_bytes`
 * is what one send hands to the kernel, `read_bytes` the most that one read takes; either may be 0 where
 * the loop does not do it. NULL on failure. */
struct flow *flow_new(size_t message_bytes, size_t read_bytes, struct err *e);

/* Give it its connected, blocking socket, which it takes over: `*fd` becomes -1. Once, before anything
 * else is asked of it. */
void flow_connect(struct flow *flow, int *fd);

/* For a loop that sends or asks, before it begins; without it the first operation is done at once. */
void flow_set_start(struct flow *flow, const struct flow_start *start);

/* Whether its first operation keeps a CPU for microseconds only: a connect, or a message that is not long. */
bool flow_begins_briefly(const struct flow *flow);

/* From the moving thread: connect its socket, which is not connected yet, within FLOW_DIAL_MS. Stopped by an abort. */
enum { FLOW_DIAL_MS = 5000 };
MUST_CHECK bool flow_dial(struct flow *flow, const struct address *to, struct err *e);

/* Closes the socket, if it has one. After an abort or a failure what is still queued is thrown away, so that a
 * link that comes back does not carry it through the next trial. */
void flow_destroy(struct flow **flow);

/* From another thread: end a loop over one connection in order, by shutting its writing half down. A
 * transaction at hand is completed. Before the loop begins, it sends nothing. */
void flow_stop_sending(struct flow *flow);

/* From another thread: end a loop over datagrams or many connections in order, after the one at hand. A
 * side that answers ends when nothing has come for a while. */
void flow_stop(struct flow *flow);

/* From another thread: break both directions at once, whatever hangs (a link that is down, a peer
 * that neither reads nor closes); the moving thread returns false. */
void flow_abort(struct flow *flow);

/* The errno that broke it: ECONNRESET, EPIPE, ... 0: nothing did, or the other side closed where more
 * was due. For who knows better than the loop which end is one in order. */
int flow_broken_by(const struct flow *flow);

/* From any thread, once the flow has its socket: bytes that the other side's TCP has acknowledged. False where
 * the kernel does not tell. */
MUST_CHECK bool flow_acknowledged(const struct flow *flow, uint64_t *bytes);

/* Cheap: a few getsockopt. Also after the end of a flow. Of a socket for datagrams only the buffers; where CRR asked,
 * of many sockets, the retransmits of all and the mss of the last, after its loop is through. */
MUST_CHECK bool flow_tcp_info(const struct flow *flow, struct flow_tcp_info *info, struct err *e);

#endif
