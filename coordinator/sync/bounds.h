/* bounds.h - what one clock read when another did, within bounds that hold.
 *
 * PURE: no socket, no clock, no allocation that grows with the number of probes.
 *
 * An exchange: the coordinator sends at t1 (its clock), the node receives at t2 and answers at t3
 * (its own clock), the coordinator receives at t4. Nothing arrives before it was sent, so with
 * C(x) = the coordinator's clock when the node's clock reads x
 *
 *      C(t2) >= t1     and     C(t3) <= t4
 *
 * and no symmetry of the path is assumed. These hold at instants read on the node's clock, so they
 * need no guess of the rate either. With C(x) - x = a + b x and |b| < 0.5 the least and greatest
 * C(x) that all exchanges allow are two linear programs in (a, b); the constraints that can matter
 * are the vertices of two convex hulls. See shared method: "The bound" (docs/sync).
 *
 * The model is a straight line; a clock whose rate wanders by up to `wander_ppm` around it leaves
 * it by at most wander_ppm x the time to the nearest tight exchange, which is added. That is a
 * declared assumption, printed with the bound, never estimated from the data.
 */
#ifndef TARE_BOUNDS_H
#define TARE_BOUNDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct bounds;

/* The assumption on the clocks; 1 ppm where nothing else is said. */
#define BOUNDS_WANDER_PPM 1.0

struct bounds_interval {
    int64_t low_ns, high_ns; /* the truth lies in [low, high] */
};

/* NULL when memory is out. */
struct bounds *bounds_new(double wander_ppm);
void bounds_destroy(struct bounds **bounds);

/* Forget every exchange. */
void bounds_reset(struct bounds *bounds);

/* Take in one exchange, in any order of arrival. Refuses t3 < t2 and t4 < t1 (a damaged one). */
MUST_CHECK bool bounds_add(struct bounds *bounds, int64_t t1_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns,
                           struct err *e);

size_t bounds_count(const struct bounds *bounds);

/* The coordinator's clock when the node's clock reads `node_ns`. Fails with fewer than two
 * exchanges, and when no straight line satisfies all of them: a clock stepped or changed its rate;
 * the error says at about which moment of the node's clock and by how much. */
MUST_CHECK bool bounds_at(const struct bounds *bounds, int64_t node_ns, struct bounds_interval *coordinator,
                          struct err *e);

/* The node's clock when the coordinator's reads `coordinator_ns`: for ARM. */
MUST_CHECK bool bounds_node_at(const struct bounds *bounds, int64_t coordinator_ns, struct bounds_interval *node,
                               struct err *e);

/* How much faster the node's clock runs than the coordinator's, in ppm: lowest and highest rate
 * that the exchanges allow (without wander). */
MUST_CHECK bool bounds_rate(const struct bounds *bounds, double *low_ppm, double *high_ppm, struct err *e);

static inline int64_t bounds_mid(struct bounds_interval i) { return i.low_ns + (i.high_ns - i.low_ns) / 2; }
static inline int64_t bounds_half(struct bounds_interval i) { return (i.high_ns - i.low_ns + 1) / 2; }

#endif
