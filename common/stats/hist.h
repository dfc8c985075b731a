/* hist.h - a histogram of times, from which percentiles come and which others of its kind add up to.
 *
 * Log-linear buckets, as in HdrHistogram (G. Tene): below HIST_EXACT ns one for each ns, above it
 * HIST_PER_OCTAVE equally wide ones from each power of two to the next. A value read back is the middle of
 * its bucket, so it is wrong by at most 1/128 of itself (0.78 %), and by nothing below 128 ns; the least, the
 * most and the sum are kept exactly. Values of HIST_MOST_NS (36 min) and more count as that.
 *
 * One thread adds, others read when it is through. Merging the histograms of several trials gives exactly
 * the histogram of all their values, which no average of percentiles does.
 */
#ifndef TARE_HIST_H
#define TARE_HIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    HIST_BITS = 6,
    HIST_PER_OCTAVE = 1 << HIST_BITS,
    HIST_EXACT = 2 << HIST_BITS,
    HIST_MOST_BITS = 41,
    HIST_BUCKETS = (HIST_MOST_BITS - HIST_BITS + 1) * HIST_PER_OCTAVE,
    HIST_PACKED_MAX = 16 * 1024,
};
#define HIST_MOST_NS ((INT64_C(1) << HIST_MOST_BITS) - 1)

struct hist {
    uint64_t total;
    int64_t least_ns, most_ns, sum_ns; /* of what was added; 0 without anything */
    uint64_t counts[HIST_BUCKETS];
};

/* The bucket of a value; those below 0 are in the first. */
static inline unsigned hist_bucket(int64_t ns)
{
    uint64_t v = ns < 0 ? 0 : ns > HIST_MOST_NS ? (uint64_t)HIST_MOST_NS : (uint64_t)ns;
    if (v < HIST_EXACT)
        return (unsigned)v;
    unsigned shift = (unsigned)(63 - __builtin_clzll(v)) - HIST_BITS;
    return (shift << HIST_BITS) + (unsigned)(v >> shift);
}

static inline void hist_add(struct hist *h, int64_t ns)
{
    if (h->total == 0 || ns < h->least_ns)
        h->least_ns = ns;
    if (h->total == 0 || ns > h->most_ns)
        h->most_ns = ns;
    h->total++;
    h->sum_ns += ns;
    h->counts[hist_bucket(ns)]++;
}

/* Add all of `other`. */
void hist_merge(struct hist *h, const struct hist *other);

/* The smallest value that at least the share `p` (0..1) of all values do not exceed (nearest rank), as good
 * as the buckets have it, between the least and the most; 0 without values. */
double hist_percentile(const struct hist *h, double p);

/* 0 without values. */
double hist_mean(const struct hist *h);

/* For a message or a file: pairs of variable-length numbers (7 bits a byte, least first, the high bit says
 * that more follow): buckets skipped, values in the next one; in front of them the least, the most and the sum.
 * Returns the size; at most HIST_PACKED_MAX for any histogram of less than 2^48 values. */
size_t hist_pack(const struct hist *h, unsigned char out[HIST_PACKED_MAX]);

/* The reverse, from an untrusted blob: refuses what hist_pack does not write, and counts whose sum does not
 * fit. `h` is untouched on failure. */
MUST_CHECK bool hist_unpack(const unsigned char *blob, size_t size, struct hist *h, struct err *e);

#endif
