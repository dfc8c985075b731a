/* flow.h - bulk bytes over a connected TCP socket: the two loops that a throughput figure is made of.
 *
 * A flow knows nothing of trials, messages or clocks of others. The sending loop holds no clock
 * read and no poll: it ends because somebody else calls flow_stop_sending() at the end of the
 * measured time, which shuts the writing half down. That is sticky, so unlike a signal it can't be
 * lost between a check and the system call, and unlike a timeout it costs nothing per call.
 *
 * One thread moves the bytes (flow_send or flow_receive); any thread may stop or abort meanwhile.
 * The flow owns its socket, so that neither can hit a descriptor that was closed and used again:
 * destroy it when the moving thread is joined and nobody else holds it.
 */
#ifndef TARE_FLOW_H
#define TARE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stats/meter.h"

struct flow;

struct flow_options {
    size_t message_bytes;
    int send_buffer_bytes, receive_buffer_bytes; /* 0: the kernel's default */
    const char *congestion;                      /* NULL or "": the kernel's default */
    bool nodelay;
};

/* RAW stamps; 0: it did not happen. */
struct flow_times {
    int64_t first_op_ns, last_op_ns;
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

/* All that is slow, outside the measured time: maps, fills and so touches the buffer. NULL on failure. */
struct flow *flow_new(size_t message_bytes, struct err *e);

/* Give it its connected, blocking socket, which it takes over: `*fd` becomes -1. Once, before anything
 * else is asked of it. */
void flow_connect(struct flow *flow, int *fd);

/* Closes the socket, if it has one. After an abort or a failure what is still queued is thrown away, so that a
 * link that comes back does not carry it through the next trial. */
void flow_destroy(struct flow **flow);

/* Send messages from one buffer until flow_stop_sending(), then wait for the other side's close,
 * which says that it has read everything (netperf's rule: the drain belongs to the elapsed time).
 * `meter` counts what the kernel took. Stamps: before the first send and after the drain.
 * Fails when the connection breaks; meter and stamps hold even then (last_op_ns: of the failure). */
MUST_CHECK bool flow_send(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

/* Read until the other side ends (above 5 Gbit/s in chunks of about 100 us, see flow.c); then close the writing half so
 * that it knows. Stamps: after the first bytes arrived and when the end was read; both 0 when no byte came. A sender
 * that was killed ends in the same way as one that had finished: its own report tells them apart. Fails when the
 * connection breaks; meter and stamps hold even then. */
MUST_CHECK bool flow_receive(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

/* From another thread: end the sending half in order. Before flow_send, it sends nothing. */
void flow_stop_sending(struct flow *flow);

/* From another thread: break both directions at once, whatever hangs (a link that is down, a peer
 * that neither reads nor closes); the moving thread returns false. */
void flow_abort(struct flow *flow);

/* Cheap: three getsockopt. Also after the end of a flow. */
MUST_CHECK bool flow_tcp_info(const struct flow *flow, struct flow_tcp_info *info, struct err *e);

#endif
