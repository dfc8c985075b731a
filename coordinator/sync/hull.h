/* hull.h - the lower convex hull of points in time, and the flattest line down to it.
 *
 * PURE but for the memory of its points. Of all lines from a point to the right of it down to any of its
 * points, the one that falls the least ends in a vertex of the hull, and which one is found by bisection:
 * along the hull the edges get ever steeper, and the line to the next vertex falls less as long as the edge
 * that leads there is less steep than the line itself. (A. M. Andrew, "Another efficient algorithm for
 * convex hulls in two dimensions", Information Processing Letters 9, 1979, for its making.)
 */
#ifndef TARE_HULL_H
#define TARE_HULL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { HULL_CAP = 512 };

struct hull_point {
    int64_t at, value; /* differences of both fit 63 bits */
};

struct hull {
    size_t count, room;
    struct hull_point *points; /* ascending in `at`; owned */
};

/* Without points. False when memory is out. */
MUST_CHECK bool hull_init(struct hull *hull);
void hull_clear(struct hull *hull);

/* Take in a point: amortised O(1) where they come in order of time, else up to O(n). When there is no room
 * every other vertex goes: what is left is the hull of fewer points. */
void hull_add(struct hull *hull, struct hull_point point);

/* The vertex with the least (value - `value`) / (`at` - at). Needs one point at least, and `at` beyond all
 * of them. O(log n). */
struct hull_point hull_tangent(const struct hull *hull, int64_t at, int64_t value);

#endif
