/* udp_stream.h - datagrams one way over a connected UDP socket, as fast as it takes them or at a rate.
 *
 * Between tare's halves a datagram begins with its number (64 bits, big-endian, as many of the lowest bytes as
 * fit), so that the receiver knows what came late or twice; the end is an empty datagram that the receiver
 * answers with another, and that is sent again until it does. To a stock netserver the end is
 * three empty ones. The kernel hands over only what comes from the connected address.
 */
#ifndef TARE_UDP_STREAM_H
#define TARE_UDP_STREAM_H

#include "flow/flow.h"

enum { UDP_MESSAGE_MOST = 65507, UDP_NUMBER_BYTES = 8, UDP_BATCH_MOST = 64 };

struct udp_stream_plan {
    int64_t bits_per_s; /* sending: of the datagrams' contents; 0: as fast as the kernel takes them */
    bool is_stock;      /* no numbers, and nobody answers the end */
    int batch;          /* datagrams a system call, up to UDP_BATCH_MOST; 0: what was best, see udp_stream.c */
};

/* What a meter does not count. */
struct udp_counts {
    uint64_t failed;           /* sends that the kernel refused for want of room or of a way */
    uint64_t lost;             /* udp_rr: requests without a response */
    uint64_t late, duplicates; /* after a later one; again */
    uint64_t strange;          /* of a wrong size or number */
};

/* Send messages of flow_new's message_bytes (1 to UDP_MESSAGE_MOST) until flow_stop(), then say so. `meter` counts
 * what the kernel took. With a rate it sends in bursts of at most a ms. Stamps: before the first send and after
 * the last; the end is outside. Fails when nobody answers the end within 2 s, or the other side's machine says that
 * nobody listens; meter and stamps hold even then. */
MUST_CHECK bool udp_stream_send(struct flow *flow, const struct udp_stream_plan *plan, struct meter *meter,
                                struct udp_counts *counts, struct flow_times *times, struct err *e);

/* Receive messages of flow_new's read_bytes until the end is told, or nothing has come for 2 s after flow_stop().
 * `meter` counts what came, duplicates too. Stamps: when the first ones were there, and the last; 0 without any. */
MUST_CHECK bool udp_stream_receive(struct flow *flow, const struct udp_stream_plan *plan, struct meter *meter,
                                   struct udp_counts *counts, struct flow_times *times, struct err *e);

#endif
