/* flow.h - bulk bytes over a connected TCP socket: the two loops that a throughput figure is made of.
 *
 * A flow knows nothing of trials, messages or clocks of others. The sending loop holds no clock
 * read and no poll: it ends because somebody else calls flow_stop_sending() at the end of the
 * measured time, which shuts the writing half down. That is sticky, so unlike a signal it can't be
 * lost between a check and the system call, and unlike a timeout it costs nothing per call.
 */
#ifndef TARE_FLOW_H
#define TARE_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "stats/meter.h"

struct flow_options {
    size_t message_bytes;
    int send_buffer_bytes, receive_buffer_bytes; /* 0: the kernel's default */
    const char *congestion;                      /* NULL or "": the kernel's default */
    bool nodelay;
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
 * that TCP announces. Each refusal names option and value. */
MUST_CHECK bool flow_configure(int fd, const struct flow_options *options, struct err *e);

/* Send messages from one buffer until flow_stop_sending(), then wait for the other side's close,
 * which says that it has read everything (netperf's rule: the drain belongs to the elapsed time).
 * `meter` counts what the kernel took. Stamps: RAW, before the first send and after the drain.
 * Fails when the connection breaks; the meter and first_op_ns hold even then. */
MUST_CHECK bool flow_send(int fd, size_t message_bytes, struct meter *meter, int64_t *first_op_ns, int64_t *last_op_ns,
                          struct err *e);

/* Read until the other side ends; then close the writing half so that it knows. Stamps: RAW, after
 * the first and the last byte arrived; both 0 when none did. */
MUST_CHECK bool flow_receive(int fd, size_t message_bytes, struct meter *meter, int64_t *first_op_ns,
                             int64_t *last_op_ns, struct err *e);

/* From another thread: end the sending half in order / break both directions at once. */
void flow_stop_sending(int fd);
void flow_abort(int fd);

/* Cheap: one getsockopt. */
MUST_CHECK bool flow_tcp_info(int fd, struct flow_tcp_info *info, struct err *e);

#endif
