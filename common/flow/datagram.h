/* datagram.h - what the loops over datagrams share: how they end, and what a refused send means.
 *
 * Datagrams have no end of their own: it is told by an empty one, which is answered by another where the
 * other side is tare's.
 */
#ifndef TARE_DATAGRAM_H
#define TARE_DATAGRAM_H

#include "flow/udp_stream.h"

/* What a side that listens knows of the end. */
struct datagram_end {
    bool is_told;
    int64_t quiet_since_mono; /* 0: something came just now */
};

enum { DATAGRAM_TICK_MS = 100 };

/* Blocking calls end after DATAGRAM_TICK_MS at most, so that a loop sees that it is stopped. */
MUST_CHECK bool datagram_prepare(struct flow *flow, struct err *e);

/* A send failed with `reason`: true when the flow goes on, for want of room or while a link is down, counted. */
bool datagram_endure(struct flow *flow, int reason, struct udp_counts *counts, struct err *e);

/* A receive failed with `reason`, which only means to look again: nothing came, or a signal, or the other
 * machine's word on a datagram that was sent earlier. */
bool datagram_endure_wait(int reason);

/* Tell the other side that it is over. With `is_answered` until it answers or is
 * gone, which its own report explains; without either it fails after 2 s. Else three times. */
MUST_CHECK bool datagram_end_tell(struct flow *flow, bool is_answered, struct err *e);

static inline struct datagram_end datagram_end_begin(void) { return (struct datagram_end){ 0 }; }

/* An empty datagram came. */
void datagram_end_heard(struct datagram_end *end, struct flow *flow, bool is_answered);

/* After each receive that gave `came` datagrams or failed with `reason`: whether the flow is over. Told, it is when
 * nothing comes any more; stopped, when nothing has come for 2 s. */
bool datagram_end_is_over(struct datagram_end *end, const struct flow *flow, int came, int reason);

#endif
