/* bounds.h - what one clock read when another did, within bounds that hold.
 *
 * PURE: no socket, no clock; memory grows with what the probes tell, up to a cap.
 *
 * An exchange: the coordinator sends at t1 (its clock), the node receives at t2 and answers at t3
 * (its own clock), the coordinator receives at t4. Nothing arrives before it was sent, so with
 * C(x) = the coordinator's clock when the node's clock reads x
 *
 *      C(t2) >= t1     and     C(t3) <= t4
 *
 * and no symmetry of the path is assumed. These hold at instants read on the node's clock, so they
 * need no guess of the rate either.
 *
 * What is assumed, and all that is: C(x) - x = a + b x + w(x), where a and b are any constants with
 * |b| <= 0.5, and the wander w, any function at all, keeps |w(x) - w(y)| <= wander |x - y|: the rate
 * of the two clocks against each other stays within +-wander of a line that nobody knows. That is a
 * declared assumption, printed with the bound, never estimated from the data. Under it the bounds
 * are exact to 3 ns, as narrow as the exchanges in memory allow (proof in bounds.c), and a clock
 * that keeps to it is never called faulty. Each end of the bound has its own nearest tight exchange:
 * one direction of the path alone keeps one end tight. Beyond it that end opens by 2 wander a second
 * and by what is not known of the rate; between two of them, s and u seconds away, by
 * 2 wander s u / (s + u).
 *
 * Stamps are whole nanoseconds, cut off: that much is allowed for here. What else a stamp may err by
 * (the width of a bracketed reading) is for the caller to take off: t1 and t3 earlier, t2 and t4 later.
 *
 * Memory (twice that where there was a fault): up to 2 x 512 points and 2 x 512 vertices of their hulls, of which it
 * takes what it needs. Points that the others imply are not kept; when the rest are more, those go that matter least
 * (thinning.h), and the bounds are only wider for it. Adding takes amortised O(log n) for an exchange that comes in
 * order of time (0.2 to 0.6 us here), O(n) for one that comes late; a question takes a few times O(n).
 */
#ifndef TARE_BOUNDS_H
#define TARE_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bounds;

/* The assumption on the clocks; 1 ppm where nothing else is said. */
#define BOUNDS_WANDER_PPM 1.0
#define BOUNDS_WANDER_PPM_MAX 1e5

struct bounds_interval {
    int64_t low_ns, high_ns; /* the truth lies in [low, high] */
};

/* NULL when memory is out, or the wander is not in [0, BOUNDS_WANDER_PPM_MAX]. */
struct bounds *bounds_new(double wander_ppm);
void bounds_destroy(struct bounds **bounds);

/* Forget every exchange, and assume this wander from now on, in [0, BOUNDS_WANDER_PPM_MAX]. */
void bounds_reset(struct bounds *bounds, double wander_ppm);

/* The one that is assumed. */
double bounds_wander_ppm(const struct bounds *bounds);

/* Take in one exchange, in any order of arrival. Refuses t3 < t2, t4 < t1, and readings beyond
 * +-2^60 ns: a damaged one, which leaves no trace. One that contradicts the others is no such error:
 * see bounds_check. */
MUST_CHECK bool bounds_add(struct bounds *bounds, int64_t t1_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns,
                           struct err *e);

/* The answer that was received at `t4_ns`, in an exchange that was taken in, left at `t3_ns`, later than
 * it said. Refuses as bounds_add does, and counts no exchange. */
MUST_CHECK bool bounds_tighten(struct bounds *bounds, int64_t t3_ns, int64_t t4_ns, struct err *e);

/* Exchanges taken in. */
size_t bounds_count(const struct bounds *bounds);

/* Fails when no clock within the assumption satisfies every exchange: one stepped, or changed its
 * rate. The error says in which exchange (the node's clock) this showed, and how far that lies
 * outside of what all before it allow. It stays so until bounds_reset; every question fails with
 * the same error, but for estimates. */
MUST_CHECK bool bounds_check(const struct bounds *bounds, struct err *e);

/* The same as numbers: in which exchange (the node's clock), and how far outside. False: there is no fault. */
bool bounds_fault(const struct bounds *bounds, int64_t *at_ns, int64_t *size_ns);

/* The coordinator's clock when the node's clock reads `node_ns`. Fails without any exchange, as
 * bounds_check does, and beyond +-2^60 ns. */
MUST_CHECK bool bounds_at(const struct bounds *bounds, int64_t node_ns, struct bounds_interval *coordinator,
                          struct err *e);

/* The node's clock when the coordinator's reads `coordinator_ns`: for ARM. Fails as bounds_at. */
MUST_CHECK bool bounds_node_at(const struct bounds *bounds, int64_t coordinator_ns, struct bounds_interval *node,
                               struct err *e);

/* Estimates for where bounds_check fails, by the exchanges on the one side of the fault alone, as if the clock on the
 * other side were another one: those before it for readings before the one in which it showed, those from that one on
 * for the others; of several faults the last one counts. Nothing is proven by them: a fault comes before it shows, and
 * what it left in the exchanges until then is in them. Without a fault they are bounds_at and bounds_node_at. */
MUST_CHECK bool bounds_guess(const struct bounds *bounds, int64_t node_ns, struct bounds_interval *coordinator,
                             struct err *e);
MUST_CHECK bool bounds_node_guess(const struct bounds *bounds, int64_t coordinator_ns, struct bounds_interval *node,
                                  struct err *e);

/* How much faster than the coordinator's the node's clock ran, in ppm, on average from `from_ns` to
 * `to_ns` of the node's clock (from < to): the lowest and the highest that is possible. */
MUST_CHECK bool bounds_rate(const struct bounds *bounds, int64_t from_ns, int64_t to_ns, double *low_ppm,
                            double *high_ppm, struct err *e);

static inline int64_t bounds_mid(struct bounds_interval i) { return i.low_ns + (i.high_ns - i.low_ns) / 2; }
static inline int64_t bounds_half(struct bounds_interval i) { return (i.high_ns - i.low_ns + 1) / 2; }

#endif
