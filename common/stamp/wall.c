#include "wall.h"

/* A clock that reads n is somewhere in [n, n + 1). */
enum { CUT_NS = 1 };

struct span {
    int64_t low, high;
};

static struct span hull(struct span a, struct span b)
{
    return (struct span){ a.low < b.low ? a.low : b.low, a.high > b.high ? a.high : b.high };
}

/* How much MONOTONIC and RAW may have moved apart while MONOTONIC went on by `ns`: the part is one of
 * RAW's time, which is longer than that of a MONOTONIC that is slowed down. */
static int64_t slew(int64_t ns) { return (ns < 0 ? -ns : ns) / (1000000 / WALL_SLEW_PPM - 1) + 1; }

/* REALTIME - MONOTONIC. */
static struct span offset(const struct clock_reading *r)
{
    return (struct span){ r->real_ns - r->mono_after_ns - CUT_NS, r->real_ns - r->mono_before_ns + CUT_NS };
}

static int64_t width(const struct clock_reading *r) { return r->mono_after_ns - r->mono_before_ns + CUT_NS; }

static bool was_moved(const struct clock_reading *then, const struct clock_reading *now)
{
    struct span a = offset(then), b = offset(now);
    int64_t mono = now->mono_before_ns - then->mono_before_ns, raw = now->raw_ns - then->raw_ns;
    int64_t apart = raw > mono ? raw - mono : mono - raw;
    return a.low > b.high || b.low > a.high || apart > slew(mono) + width(then) + width(now);
}

/* The n-th reading before the newest. */
static const struct clock_reading *back(const struct wall *w, uint64_t n)
{
    return &w->readings[(w->count - 1 - n) % WALL_READINGS];
}

void wall_read(struct wall *w, const struct clock_reading *now)
{
    bool is_moved = w->count > 0 && was_moved(back(w, 0), now);
    w->readings[w->count++ % WALL_READINGS] = *now;
    if (!is_moved)
        return;
    w->moves++;
    w->believed_mono_ns = now->mono_after_ns + WALL_DOUBT_NS;
}

bool wall_to_raw(const struct wall *w, int64_t stamp_ns, int64_t *low_ns, int64_t *high_ns)
{
    if (w->count < 2 || stamp_ns > back(w, 0)->real_ns || back(w, 0)->mono_before_ns < w->believed_mono_ns)
        return false;
    uint64_t kept = w->count < WALL_READINGS ? w->count : WALL_READINGS, n = 1;
    while (n < kept && stamp_ns <= back(w, n)->real_ns)
        n++;
    if (n == kept)
        return false;
    const struct clock_reading *earlier = back(w, n), *later = back(w, n - 1);
    if (w->believed_mono_ns && earlier->mono_after_ns < w->believed_mono_ns - WALL_DOUBT_NS)
        return false; /* it was moved between these two */
    struct span difference = hull(offset(earlier), offset(later));
    struct span mono = { stamp_ns - difference.high, stamp_ns + CUT_NS - difference.low };
    struct span since = { later->mono_before_ns - mono.high, later->mono_after_ns + CUT_NS - mono.low };
    *low_ns = later->raw_ns - since.high - slew(since.high);
    *high_ns = later->raw_ns + CUT_NS - since.low + slew(since.low);
    return true;
}
