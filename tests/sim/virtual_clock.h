/* virtual_clock.h - two clocks and the network between them, made of numbers alone.
 *
 * The true time of a simulation is the node's clock, in picoseconds; the coordinator's follows from
 * it by straight pieces whose slopes are whole 1e-12, so that every truth is exact: C is computed in
 * femtoseconds / 1000 ("fine"), 1e15 of them in a nanosecond, and 128 bits hold millennia of them.
 */
#ifndef TARE_VIRTUAL_CLOCK_H
#define TARE_VIRTUAL_CLOCK_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

__extension__ typedef __int128 wide;

enum { CLOCK_PIECES = 256 };

static const int64_t FINE_PER_NS = INT64_C(1000000000000000);

/* In (0, 1). */
static inline double random_unit(struct random *r) { return ((double)(random_next(r) >> 12) + 0.5) * 0x1p-52; }

/* In [low, high]. */
static inline int64_t random_int(struct random *r, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(r) % (uint64_t)(high - low + 1));
}

/* As often of each order of magnitude. */
static inline int64_t random_log(struct random *r, int64_t low, int64_t high)
{
    return (int64_t)((double)low * pow((double)high / (double)low, random_unit(r)));
}

static inline bool random_chance(struct random *r, double p) { return random_unit(r) < p; }

static inline double random_exponential(struct random *r, double mean) { return -mean * log(random_unit(r)); }

/* Infinite variance below shape 2: the tails of a busy machine. */
static inline double random_pareto(struct random *r, double scale, double shape)
{
    return scale * (pow(random_unit(r), -1 / shape) - 1);
}

struct clock_piece {
    wide from_ps;  /* the node's clock */
    wide ahead;    /* C(x) - x there, fine */
    int64_t slope; /* of C(x) - x, 1e-12 */
};

/* Before its first piece the clock runs as in it. */
struct virtual_clock {
    size_t count;
    struct clock_piece pieces[CLOCK_PIECES];
};

static inline wide clock_at_ps(const struct virtual_clock *c, wide x_ps)
{
    size_t low = 0, high = c->count;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (c->pieces[mid].from_ps <= x_ps)
            low = mid;
        else
            high = mid;
    }
    const struct clock_piece *p = &c->pieces[low];
    return x_ps * (FINE_PER_NS / 1000) + p->ahead + (x_ps - p->from_ps) * p->slope;
}

/* The truth: the coordinator's clock, fine, when the node's reads `x_ns`. */
static inline wide clock_at(const struct virtual_clock *c, int64_t x_ns) { return clock_at_ps(c, (wide)x_ns * 1000); }

static inline int64_t floor_div(wide over, int64_t under)
{
    wide quotient = over / under;
    return (int64_t)(quotient - (over % under < 0));
}

static inline void clock_start(struct virtual_clock *c, int64_t x_ns, int64_t ahead_ns, int64_t slope)
{
    c->count = 1;
    c->pieces[0] = (struct clock_piece){ (wide)x_ns * 1000, (wide)ahead_ns * FINE_PER_NS, slope };
}

/* From `x_ns` on another slope, after a jump of the coordinator's clock against the node's. */
static inline void clock_turn(struct virtual_clock *c, int64_t x_ns, int64_t jump_ns, int64_t slope)
{
    wide x_ps = (wide)x_ns * 1000;
    wide ahead = clock_at_ps(c, x_ps) - x_ps * (FINE_PER_NS / 1000) + (wide)jump_ns * FINE_PER_NS;
    if (c->count < CLOCK_PIECES)
        c->pieces[c->count++] = (struct clock_piece){ x_ps, ahead, slope };
}

/* One way. All in nanoseconds. */
struct virtual_path {
    double least, jitter; /* the quickest, and the mean of what is added at random */
    double tail, shape;   /* Pareto, if tail > 0 */
    double queue;         /* a backlog of up to this, which comes and goes, while there is load */
    double phase;         /* of that */
};

struct virtual_network {
    struct virtual_path there, back;
    double loss, hold; /* hold: mean time of the node between t2 and t3 */
};

struct virtual_exchange {
    int64_t t1_ns, t2_ns, t3_ns, t4_ns; /* stamps, whole nanoseconds, cut */
    wide arrived_ps;                    /* in the order of this they come in */
};

static inline wide path_delay_ps(const struct virtual_path *p, struct random *r, bool is_loaded, double at_s)
{
    double ns = p->least + random_exponential(r, p->jitter);
    if (p->tail > 0)
        ns += random_pareto(r, p->tail, p->shape);
    if (is_loaded && p->queue > 0)
        ns += p->queue * (0.5 + 0.5 * sin(at_s * 2.1 + p->phase)) * (0.8 + 0.2 * random_unit(r));
    return (wide)(fmin(ns, 2e9) * 1000);
}

/* An exchange that starts when the node's clock reads `x_ns`. False: it was lost. */
static inline bool virtual_exchange_run(const struct virtual_clock *c, const struct virtual_network *n,
                                        struct random *r, int64_t x_ns, double at_s, bool is_loaded,
                                        struct virtual_exchange *out)
{
    wide x1 = (wide)x_ns * 1000 + random_int(r, 0, 999);
    wide x2 = x1 + path_delay_ps(&n->there, r, is_loaded, at_s);
    wide x3 = x2 + (wide)(random_exponential(r, n->hold) * 1000);
    wide x4 = x3 + path_delay_ps(&n->back, r, is_loaded, at_s);
    *out = (struct virtual_exchange){ floor_div(clock_at_ps(c, x1), FINE_PER_NS), floor_div(x2, 1000),
                                      floor_div(x3, 1000), floor_div(clock_at_ps(c, x4), FINE_PER_NS), x4 };
    return !random_chance(r, n->loss);
}

#endif
