#include "hist.h"

#include <math.h>
#include <string.h>

enum { PAIR_BYTES = 20 }; /* two numbers of 64 bits in sevens */

void hist_merge(struct hist *h, const struct hist *other)
{
    if (other->total == 0)
        return;
    if (h->total == 0 || other->least_ns < h->least_ns)
        h->least_ns = other->least_ns;
    if (h->total == 0 || other->most_ns > h->most_ns)
        h->most_ns = other->most_ns;
    h->total += other->total;
    h->sum_ns += other->sum_ns;
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        h->counts[i] += other->counts[i];
}

/* The middle of a bucket, whose values are whole numbers. */
static double middle_of(size_t bucket)
{
    if (bucket < HIST_EXACT)
        return (double)bucket;
    unsigned shift = (unsigned)(bucket / HIST_PER_OCTAVE) - 1;
    uint64_t first = (bucket - (uint64_t)shift * HIST_PER_OCTAVE) << shift;
    return (double)first + (double)((UINT64_C(1) << shift) - 1) / 2;
}

double hist_percentile(const struct hist *h, double p)
{
    if (h->total == 0)
        return 0;
    double rank = ceil(p * (double)h->total);
    uint64_t wanted = rank < 1 ? 1 : rank >= (double)h->total ? h->total : (uint64_t)rank, seen = 0;
    size_t bucket = 0;
    while (bucket + 1 < HIST_BUCKETS && (seen += h->counts[bucket]) < wanted)
        bucket++;
    double value = middle_of(bucket);
    value = value < (double)h->least_ns ? (double)h->least_ns : value;
    return value > (double)h->most_ns ? (double)h->most_ns : value;
}

double hist_mean(const struct hist *h) { return h->total > 0 ? (double)h->sum_ns / (double)h->total : 0; }

static size_t put_number(unsigned char *at, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        at[size++] = (unsigned char)(value | 0x80);
    at[size++] = (unsigned char)value;
    return size;
}

size_t hist_pack(const struct hist *h, unsigned char out[HIST_PACKED_MAX])
{
    size_t size = 0, skipped = 0;
    if (h->total == 0)
        return 0;
    size += put_number(out, (uint64_t)(h->least_ns < 0 ? 0 : h->least_ns));
    size += put_number(out + size, (uint64_t)(h->most_ns < 0 ? 0 : h->most_ns));
    size += put_number(out + size, (uint64_t)(h->sum_ns < 0 ? 0 : h->sum_ns));
    for (size_t i = 0; i < HIST_BUCKETS && size <= HIST_PACKED_MAX - PAIR_BYTES; i++) {
        if (h->counts[i] == 0) {
            skipped++;
            continue;
        }
        size += put_number(out + size, skipped);
        size += put_number(out + size, h->counts[i]);
        skipped = 0;
    }
    return size;
}

/* The next number of the blob, in the one form that put_number gives it. */
static bool get_number(const unsigned char **at, const unsigned char *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint64_t bits = **at & 0x7f;
        bool more = *(*at)++ & 0x80;
        if (bits << shift >> shift != bits || (!more && bits == 0 && shift > 0))
            return false;
        *value |= bits << shift;
        if (!more)
            return true;
    }
    return false;
}

static bool read_buckets(const unsigned char *at, const unsigned char *end, struct hist *h)
{
    uint64_t bucket = 0, skipped, count;
    for (; at < end; bucket++) {
        if (!get_number(&at, end, &skipped) || !get_number(&at, end, &count) || count == 0 ||
            skipped >= HIST_BUCKETS - bucket || __builtin_add_overflow(h->total, count, &h->total))
            return false;
        bucket += skipped;
        h->counts[bucket] = count;
    }
    return true;
}

/* What the least, the most and the sum can be where the buckets are as they are. */
static bool is_sane(const struct hist *h, uint64_t least, uint64_t most, uint64_t sum)
{
    return h->total > 0 && least <= most && most <= INT64_MAX && sum <= INT64_MAX &&
           h->counts[hist_bucket((int64_t)least)] > 0 && h->counts[hist_bucket((int64_t)most)] > 0 &&
           sum / h->total >= least && sum / h->total <= most;
}

bool hist_unpack(const unsigned char *blob, size_t size, struct hist *h, struct err *e)
{
    struct hist read = { 0 };
    const unsigned char *at = blob, *end = blob + size;
    uint64_t least = 0, most = 0, sum = 0;
    bool ok = size == 0 || (size <= HIST_PACKED_MAX && get_number(&at, end, &least) && get_number(&at, end, &most) &&
                            get_number(&at, end, &sum) && at < end && read_buckets(at, end, &read) &&
                            is_sane(&read, least, most, sum));
    if (!ok)
        return err_set(e, ERR_PARTIAL, "%zu bytes that are no histogram", size);
    read.least_ns = (int64_t)least;
    read.most_ns = (int64_t)most;
    read.sum_ns = (int64_t)sum;
    memcpy(h, &read, sizeof read);
    return true;
}
