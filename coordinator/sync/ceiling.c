#include "ceiling.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sync/thinning.h"

/* Products of two times: below 2^62 x 2^62, which 127 bits hold. */
__extension__ typedef __int128 wide;

/* More steps than a search has been seen to need (it gains a line of the hull with each); to stop
 * early would only leave the ceiling higher than it could be. */
enum { SEARCH_STEPS = 100 };

/* Gains below this are noise of the search: its long doubles carry 64 bits. */
static const long double SEARCH_NS = 0.125L;

bool ceiling_init(struct ceiling *c)
{
    *c = (struct ceiling){ .room = CEILING_LEAST, .points = calloc(CEILING_LEAST, sizeof *c->points) };
    return hull_init(&c->hull) && c->points;
}

void ceiling_clear(struct ceiling *c)
{
    hull_clear(&c->hull);
    free(c->points);
    *c = (struct ceiling){ 0 };
}

void ceiling_reset(struct ceiling *c) { c->count = c->hull.count = 0; }

bool ratio_is_less(struct ratio a, struct ratio b) { return (wide)a.over * b.under < (wide)b.over * a.under; }

static long double ratio_value(struct ratio r) { return (long double)r.over / (long double)r.under; }

struct slopes slopes_mirrored(struct slopes s)
{
    return (struct slopes){ { -s.high.over, s.high.under }, { -s.low.over, s.low.under }, s.wander };
}

/* fminl is a call. */
static inline long double lower(long double a, long double b) { return a < b ? a : b; }

struct cone ceiling_cone(const struct slopes *s)
{
    long double wander2 = 2 * s->wander;
    return (struct cone){ ratio_value(s->high) + wander2, ratio_value(s->low) - wander2, wander2 };
}

/* What both neighbours say together: see `crossing`. */
long double ceiling_gain(struct ceiling_point p, const struct ceiling_point *before, const struct ceiling_point *after,
                         const struct cone *cone)
{
    if (!before && !after)
        return INFINITY;
    long double since = before ? (long double)(p.at - before->at) : 0;
    long double until = after ? (long double)(after->at - p.at) : 0;
    long double from_before = before ? (long double)(before->value - p.value) : 0;
    long double from_after = after ? (long double)(after->value - p.value) : 0;
    if (!after)
        return from_before + cone->rise * since;
    if (!before)
        return from_after - cone->fall * until;
    long double gain = lower(from_before + cone->rise * since, from_after - cone->fall * until);
    if (since + until > 0)
        gain = lower(gain, (from_before * until + (from_after + cone->wander2 * until) * since) / (since + until));
    return gain;
}

/* The first point after `x`. */
static size_t first_after(const struct ceiling *c, int64_t x)
{
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->points[mid].at <= x)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool ceiling_implies(const struct ceiling *c, const struct slopes *slopes, struct ceiling_point point)
{
    struct cone cone = ceiling_cone(slopes);
    size_t i = first_after(c, point.at);
    return ceiling_gain(point, i > 0 ? &c->points[i - 1] : NULL, i < c->count ? &c->points[i] : NULL, &cone) <= 0;
}

/* Where memory is out, what there is is the cap. */
static void grow(struct ceiling *c)
{
    size_t room = 2 * c->room < CEILING_CAP ? 2 * c->room : CEILING_CAP;
    struct ceiling_point *more = room > c->room ? reallocarray(c->points, room, sizeof *more) : NULL;
    if (!more)
        return;
    c->points = more;
    c->room = room;
}

void ceiling_add(struct ceiling *c, const struct slopes *slopes, struct ceiling_point point)
{
    if (c->count == c->room)
        grow(c);
    if (c->count == c->room)
        thinning_to(c, slopes, c->room - c->room / 4);
    hull_add(&c->hull, (struct hull_point){ point.at, point.value });
    size_t i = first_after(c, point.at);
    memmove(&c->points[i + 1], &c->points[i], (c->count - i) * sizeof *c->points);
    c->points[i] = point;
    c->count++;
}

/* The lowest lines at one b: of the points up to x (their lines rise with b) and of those after it
 * (theirs fall with b). Values count from that of the first point. */
struct lowest {
    size_t left, right;
    long double left_value, right_value; /* INFINITY where there is no such point */
};

static struct lowest lowest_at(const struct ceiling *c, long double b, long double wander, int64_t x)
{
    struct lowest low = { 0, 0, INFINITY, INFINITY };
    for (size_t i = 0; i < c->count; i++) {
        const struct ceiling_point *p = &c->points[i];
        long double value = (long double)(p->value - c->points[0].value);
        if (p->at <= x) {
            value += (b + wander) * (long double)(x - p->at);
            if (value < low.left_value) {
                low.left_value = value;
                low.left = i;
            }
        } else {
            value -= (b - wander) * (long double)(p->at - x);
            if (value < low.right_value) {
                low.right_value = value;
                low.right = i;
            }
        }
    }
    return low;
}

static int64_t divide_up(wide over, wide under)
{
    assert(under > 0);
    wide quotient = over / under;
    return (int64_t)(quotient + (over % under > 0));
}

/* 2 wander x time, up; the 1 covers the rounding of the product, which is below 2^-4 ns. */
static int64_t wander_up(long double wander, long double time) { return (int64_t)ceill(2 * wander * time) + 1; }

/* Where `left` alone counts: b is as high as it may be, high + wander. */
static int64_t from_left(const struct ceiling_point *left, const struct slopes *slopes, int64_t x)
{
    int64_t time = x - left->at;
    return left->value + divide_up((wide)slopes->high.over * time, slopes->high.under) +
           wander_up(slopes->wander, (long double)time);
}

static int64_t from_right(const struct ceiling_point *right, const struct slopes *slopes, int64_t x)
{
    int64_t time = right->at - x;
    return right->value + divide_up(-(wide)slopes->low.over * time, slopes->low.under) +
           wander_up(slopes->wander, (long double)time);
}

/* Where the rising line of `left` and the falling one of `right` meet. No b lies below both lines
 * but above this value, so it is a ceiling whatever b is, and for any two points around x: how well
 * the two were chosen decides how low it is, never whether it is true. */
static int64_t crossing(const struct ceiling_point *left, const struct ceiling_point *right, long double wander,
                        int64_t x)
{
    int64_t since = x - left->at, until = right->at - x, both = right->at - left->at;
    return left->value + divide_up((wide)(right->value - left->value) * since, both) +
           wander_up(wander, (long double)since * (long double)until / (long double)both);
}

/* Maximise the lower of all rising and all falling lines over b: cutting planes, which in one
 * dimension means to meet the two lines in hand, and to take up the lower ones seen there. */
int64_t ceiling_at(const struct ceiling *c, const struct slopes *slopes, int64_t x)
{
    long double wander = slopes->wander;
    struct lowest at_high = lowest_at(c, ratio_value(slopes->high) + wander, wander, x);
    if (at_high.left_value <= at_high.right_value)
        return from_left(&c->points[at_high.left], slopes, x);
    struct lowest at_low = lowest_at(c, ratio_value(slopes->low) - wander, wander, x);
    if (at_low.right_value <= at_low.left_value)
        return from_right(&c->points[at_low.right], slopes, x);
    size_t l = at_low.left, r = at_high.right;
    for (int step = 0; step < SEARCH_STEPS; step++) {
        const struct ceiling_point *left = &c->points[l], *right = &c->points[r];
        long double since = (long double)(x - left->at), until = (long double)(right->at - x);
        long double b = ((long double)(right->value - left->value) + wander * (until - since)) / (since + until);
        long double value = (long double)(left->value - c->points[0].value) + (b + wander) * since;
        struct lowest low = lowest_at(c, b, wander, x);
        bool is_left_lower = low.left_value < value - SEARCH_NS, is_right_lower = low.right_value < value - SEARCH_NS;
        if (!is_left_lower && !is_right_lower)
            break;
        if (is_left_lower)
            l = low.left;
        if (is_right_lower)
            r = low.right;
    }
    return crossing(&c->points[l], &c->points[r], wander, x);
}
