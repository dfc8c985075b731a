/* meter.h - what a workload writes into while it runs, and what others read beside it.
 *
 * One thread adds, any thread reads: cumulative counters, relaxed atomics, no lock. A reader's
 * point is a stamp of the node's own RAW clock and what the counters were then; rates are never
 * stored, so a point that is lost costs nothing and any window can be cut afterwards.
 */
#ifndef TARE_METER_H
#define TARE_METER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct meter {
    _Alignas(64) _Atomic uint64_t bytes; /* a cache line of its own: readers shall not slow the writer */
    _Atomic uint64_t operations;
};

struct meter_point {
    int64_t raw_ns;
    uint64_t bytes, operations;
};

/* Only the owning thread calls these: a load and a store, no locked instruction. */
static inline void meter_add_many(struct meter *m, uint64_t bytes, uint64_t operations)
{
    uint64_t b = atomic_load_explicit(&m->bytes, memory_order_relaxed);
    uint64_t o = atomic_load_explicit(&m->operations, memory_order_relaxed);
    atomic_store_explicit(&m->bytes, b + bytes, memory_order_relaxed);
    atomic_store_explicit(&m->operations, o + operations, memory_order_relaxed);
}

static inline void meter_add(struct meter *m, uint64_t bytes) { meter_add_many(m, bytes, 1); }

static inline struct meter_point meter_read(const struct meter *m)
{
    struct meter_point p = { .bytes = atomic_load_explicit(&m->bytes, memory_order_relaxed),
                             .operations = atomic_load_explicit(&m->operations, memory_order_relaxed) };
    p.raw_ns = clock_raw_ns();
    return p;
}

enum { METER_POINT_BYTES = 24 }; /* packed: three big-endian 64-bit numbers */

void meter_pack(const struct meter_point *points, size_t count, unsigned char *out);

/* The reverse, from an untrusted blob: refuses a size that is no multiple, and stamps or counters
 * that go backwards. `points` holds at least size / METER_POINT_BYTES. */
MUST_CHECK bool meter_unpack(const unsigned char *blob, size_t size, struct meter_point *points, struct err *e);

#endif
