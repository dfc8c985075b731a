/* permutation.h - the numbers below n, each once, in an order that a seed decides, without a table.
 *
 * A linear congruential generator modulo the least power of two from n on, of full period (T. E. Hull and
 * A. R. Dobell 1962), mixed by steps that can be undone; numbers from n on are left out. That is two
 * numbers for one at worst, a few ns.
 */
#ifndef TARE_PERMUTATION_H
#define TARE_PERMUTATION_H

#include <stdint.h>

struct permutation {
    uint64_t count, mask, state, add;
    unsigned shift;
};

/* Of the numbers below `count`, 1 to 2^62. */
static inline struct permutation permutation_begin(uint64_t count, uint64_t seed)
{
    struct permutation p = { .count = count, .mask = 1, .shift = 1 };
    while (p.mask < count - 1)
        p.mask = p.mask << 1 | 1;
    p.shift = (unsigned)(64 - __builtin_clzll(p.mask)) / 2 + 1;
    p.state = seed & p.mask;
    p.add = (seed * 2 + 1) & p.mask;
    return p;
}

/* The next number; after `count` of them they come again in the same order. */
static inline uint64_t permutation_next(struct permutation *p)
{
    for (;;) {
        p->state = (p->state * UINT64_C(6364136223846793005) + p->add) & p->mask;
        uint64_t mixed = p->state ^ p->state >> p->shift;
        mixed = mixed * UINT64_C(0x9e3779b97f4a7c15) & p->mask;
        mixed ^= mixed >> p->shift;
        if (mixed < p->count)
            return mixed;
    }
}

#endif
