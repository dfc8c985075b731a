/* prober.h - the UDP side of the clocks: asks the nodes for the time and feeds their bounds. */
#ifndef TARE_PROBER_H
#define TARE_PROBER_H

#include "base/err.h"
#include "run/roster.h"
#include "stamp/stamp_kind.h"

struct prober;

/* Listens on UDP `port`, IPv4 and IPv6; port 0 takes a free one. */
MUST_CHECK bool prober_open(unsigned port, struct prober **prober, struct err *e);
void prober_close(struct prober **prober);

int prober_fd(const struct prober *prober);
unsigned prober_port(const struct prober *prober);

/* Send one probe to a node that has dialled. */
void prober_ask(struct prober *prober, struct roster_node *node);

/* Take in an answer, however it came: false for one that was not asked, or contradicts itself. */
bool prober_take(struct roster_node *node, uint64_t sequence, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns,
                 enum stamp_kind kind);

/* Begin with a node's clock anew, of which this wander is assumed: nothing that was asked until now
 * counts any more. */
void prober_forget(struct roster_node *node, double wander_ppm);

/* Where most stamps came from since then. */
enum stamp_kind prober_kind(const struct roster_node *node);

/* Take in one datagram that waits: a valid answer goes into its node's bounds. Returns its node,
 * or NULL for one that said nothing valid; *more is false when none was waiting. */
struct roster_node *prober_read(struct prober *prober, const struct roster *roster, bool *more);

#endif
