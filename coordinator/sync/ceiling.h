/* ceiling.h - what a wandering line can not be above, from points that it is not above.
 *
 * PURE but for the memory of its points. One half of bounds.h, used twice: the difference D of two clocks has a
 * ceiling, and so has -D. The line is D(x) = a + b x + w(x); w wanders: |w(x) - w(y)| <= wander |x - y|. From a point
 * (at, value) with D(at) <= value follows, for each b,
 *
 *      D(x) <= value + (b + wander) (x - at)       for x after the point
 *      D(x) <= value - (b - wander) (at - x)       for x before it
 *
 * and the ceiling at x is the highest value that satisfies all of them with some b in the range
 * that is known. Points that follow from their neighbours are not kept.
 */
#ifndef TARE_CEILING_H
#define TARE_CEILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sync/hull.h"

enum { CEILING_CAP = 512 };

/* How many points there is room for at first: an idle node costs no more. */
enum { CEILING_LEAST = 8 };

/* Times and values that this can compute with: 36 years of nanoseconds, and their differences. */
#define CEILING_TIME_MAX (INT64_C(1) << 60)

struct ratio {
    int64_t over, under; /* under > 0 */
};

/* low - wander <= b <= high + wander. */
struct slopes {
    struct ratio low, high;
    long double wander;
};

struct ceiling_point {
    int64_t at, value;
    double lost; /* how much higher the ceiling may be at those points that were dropped beside this */
};

struct ceiling {
    size_t count, room;
    struct ceiling_point *points; /* ascending in `at`; owned */
    struct hull hull;             /* of every point that was ever kept: the line rules out the same slopes still */
};

/* Without points. False when memory is out. */
MUST_CHECK bool ceiling_init(struct ceiling *ceiling);
void ceiling_clear(struct ceiling *ceiling);

/* Forget every point; memory stays. */
void ceiling_reset(struct ceiling *ceiling);

/* How fast a ceiling opens around one point of it, whatever b is. */
struct cone {
    long double rise, fall; /* after it; before it, as a (usually negative) slope */
    long double wander2;
};

struct cone ceiling_cone(const struct slopes *slopes);

/* How far above `p` its neighbours alone (NULL: there is none) would leave the ceiling at its place;
 * `p` tells nothing new when that is not positive. */
long double ceiling_gain(struct ceiling_point p, const struct ceiling_point *before, const struct ceiling_point *after,
                         const struct cone *cone);

bool ratio_is_less(struct ratio a, struct ratio b);

/* That of -D. */
struct slopes slopes_mirrored(struct slopes slopes);

/* Whether the point follows from those that are kept, so that it tells nothing new. */
bool ceiling_implies(const struct ceiling *ceiling, const struct slopes *slopes, struct ceiling_point point);

/* Keep a point. When there is no room (CEILING_CAP, or what memory there is) a quarter of the points goes
 * (thinning.h). Amortised O(log n) for one that comes in order of time, else up to O(n). */
void ceiling_add(struct ceiling *ceiling, const struct slopes *slopes, struct ceiling_point point);

/* The ceiling at `x`, rounded up (by at most 3 ns). Needs one point at least. */
int64_t ceiling_at(const struct ceiling *ceiling, const struct slopes *slopes, int64_t x);

#endif
