#include "hull.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

enum { LEAST = 8 };

bool hull_init(struct hull *h)
{
    *h = (struct hull){ .room = LEAST, .points = calloc(LEAST, sizeof *h->points) };
    return h->points != NULL;
}

void hull_clear(struct hull *h)
{
    free(h->points);
    *h = (struct hull){ 0 };
}

/* Whether `b` lies on or above the line from `a` to `c`: then it is no vertex. */
static bool is_covered(const struct hull_point *a, const struct hull_point *b, const struct hull_point *c)
{
    return (wide)(b->value - a->value) * (c->at - b->at) >= (wide)(c->value - b->value) * (b->at - a->at);
}

static void make_room(struct hull *h)
{
    size_t room = 2 * h->room < HULL_CAP ? 2 * h->room : HULL_CAP, kept = 0;
    struct hull_point *more = room > h->room ? reallocarray(h->points, room, sizeof *more) : NULL;
    if (more) {
        h->points = more;
        h->room = room;
        return;
    }
    for (size_t i = 0; i < h->count; i++)
        if (i % 2 == 0 || i + 1 == h->count)
            h->points[kept++] = h->points[i];
    h->count = kept;
}

/* The first vertex at or after `at`; mostly there is none. */
static size_t first_from(const struct hull *h, int64_t at)
{
    size_t i = h->count;
    if (i > 0 && h->points[i - 1].at < at)
        return i;
    size_t low = 0;
    while (low < i) {
        size_t mid = low + (i - low) / 2;
        if (h->points[mid].at < at)
            low = mid + 1;
        else
            i = mid;
    }
    return i;
}

void hull_add(struct hull *h, struct hull_point point)
{
    if (h->count == h->room)
        make_room(h);
    size_t i = first_from(h, point.at), before = i, after = i;
    if (i < h->count && h->points[i].at == point.at) {
        if (h->points[i].value <= point.value)
            return;
        after++; /* the new one takes its place */
    }
    if (before > 0 && after < h->count && is_covered(&h->points[before - 1], &point, &h->points[after]))
        return;
    while (before > 1 && is_covered(&h->points[before - 2], &h->points[before - 1], &point))
        before--;
    while (after + 1 < h->count && is_covered(&point, &h->points[after], &h->points[after + 1]))
        after++;
    memmove(&h->points[before + 1], &h->points[after], (h->count - after) * sizeof *h->points);
    h->points[before] = point;
    h->count = before + 1 + (h->count - after);
}

struct hull_point hull_tangent(const struct hull *h, int64_t at, int64_t value)
{
    size_t low = 0, high = h->count - 1;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct hull_point *a = &h->points[mid], *b = a + 1;
        if ((wide)(b->value - a->value) * (at - a->at) < (wide)(value - a->value) * (b->at - a->at))
            low = mid + 1;
        else
            high = mid;
    }
    return h->points[low];
}
