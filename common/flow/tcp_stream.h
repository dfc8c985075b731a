/* tcp_stream.h - bulk bytes over a connected TCP socket: the two loops that a throughput figure is made of. */
#ifndef TARE_TCP_STREAM_H
#define TARE_TCP_STREAM_H

#include "flow/flow.h"

enum { TCP_STREAM_READ_BYTES = 1024 * 1024, TCP_STREAM_PLAIN_READ_BYTES = 128 * 1024 };

/* How a stream is read. PLAIN: what is there, as netperf and most programs do. IN_COMPANY: above 5 Gbit/s in chunks of
 * about 100 us. FILLING: only once there is something, and without waiting, until the buffer is full. Why:
 * tcp_stream.c.
 */
enum tcp_reads { TCP_READS_PLAIN, TCP_READS_IN_COMPANY, TCP_READS_FILLING };

/* What was fastest for messages of this size; 0: it is not known. */
enum tcp_reads tcp_stream_reads(size_t message_bytes);

/* The buffer that goes with it. */
size_t tcp_stream_read_bytes(enum tcp_reads reads);

/* Send messages from one buffer until flow_stop_sending(), then wait for the other side's close,
 * which says that it has read everything (netperf's rule: the drain belongs to the elapsed time).
 * `meter` counts what the kernel took. Stamps: before the first send and after the drain.
 * Fails when the connection breaks; meter and stamps hold even then (last_op_ns: of the failure). */
MUST_CHECK bool tcp_stream_send(struct flow *flow, struct meter *meter, struct flow_times *times, struct err *e);

/* Read until the other side ends, up to read_bytes a time; then close the writing half so that it knows.
 * Stamps: after the first bytes arrived and when the end was read; both 0 when no byte came. A sender
 * that was killed ends in the same way as one that had finished: its own report tells them apart. Fails when the
 * connection breaks; meter and stamps hold even then. */
MUST_CHECK bool tcp_stream_receive(struct flow *flow, enum tcp_reads reads, struct meter *meter,
                                   struct flow_times *times, struct err *e);

#endif
