/* The proof. Let D(x) = C(x) - x = a + b x + w(x). An exchange says D(t2) >= t1 - t2 and
 * D(t3) <= t4 - t3: points i that D is not below, (t_i, L_i), and points j that it is not above,
 * (t_j, U_j). For one b, E(x) = D(x) - b x is what the assumption leaves free: any function with
 * |E(x) - E(y)| <= wander |x - y|. One that passes between all the points exists if and only if
 *
 *      L_i - b t_i - wander |t_i - t_j| <= U_j - b t_j         for each pair i, j
 *
 * (necessary at once; sufficient, since E(x) = max over i of L_i - b t_i - wander |x - t_i| is one:
 * McShane's extension). Solved for b, with t_i != t_j, this is
 *
 *      P - wander <= b <= Q + wander       P = max of (L_i - U_j) / (t_i - t_j), j before i
 *                                          Q = min of (U_j - L_i) / (t_j - t_i), i before j
 *
 * so the exchanges contradict the assumption if and only if P - Q > 2 wander (or L_i > U_j at one
 * time, which is P infinite). And since a value of D at one more time x is one more point, the
 * values that D(x) can take for that b are all those from max of L_i - b (t_i - x) - wander |x - t_i|
 * to min of U_j - b (t_j - x) + wander |x - t_j|. Over all b from P - wander to Q + wander the
 * highest is what ceiling_at finds; the lowest is the same question about -D.
 *
 * P and Q are kept as ratios of whole numbers, and narrowed by each new point: by the tangent from it to
 * the hull of all that came before it in time (hull.h), which no other pair exceeds; by every pair in memory
 * where it comes late. They outlive the points they came from, which is sound, for those points were true.
 *
 * The mean rate of D over any stretch, (D(y) - D(x)) / (y - x), lies within wander of b, so within
 * [P - 2 wander, Q + 2 wander]; and D(y) and D(x) lie in their own bounds.
 *
 * C grows: its rate is at least 1 - 0.5 - 2 x 0.1, so the highest C(x) grows with x too, by no less;
 * where it is still below T, the node's clock reads later than x when the coordinator's reads T.
 */
#include "bounds.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "ceiling.h"

/* A stamp s stands for an instant in [s, s + 1). So C(t2) >= C(instant) - 1 x (its rate, below 2),
 * and t4's instant comes before t4 + 1. */
enum { T1_CUT_NS = 2, T4_CUT_NS = 1 };

/* b is no further from 0 than this, before any exchange. */
static const struct slopes PRIOR = { { -1, 2 }, { 1, 2 }, 0 };

/* P - Q is computed with 64 bits; a nanosecond in 30 years is well above its rounding, and well
 * below what the cuts above allow. */
static const long double NOISE = 1e-18L;

struct bounds {
    size_t count;
    struct slopes slopes; /* P, Q */
    struct ceiling above; /* of D: the points j */
    struct ceiling below; /* of -D: the points i, negated */
    bool is_faulty;
    int64_t fault_at_ns, fault_size_ns;
    struct bounds *since; /* owned; of the exchanges since the fault showed, for estimates; NULL without any */
    double wander_ppm;
};

struct bounds *bounds_new(double wander_ppm)
{
    if (!(wander_ppm >= 0 && wander_ppm <= BOUNDS_WANDER_PPM_MAX))
        return NULL;
    struct bounds *b = calloc(1, sizeof *b);
    if (!b || !ceiling_init(&b->above) || !ceiling_init(&b->below)) {
        bounds_destroy(&b);
        return NULL;
    }
    bounds_reset(b, wander_ppm);
    return b;
}

void bounds_destroy(struct bounds **bounds)
{
    if (!bounds || !*bounds)
        return;
    bounds_destroy(&(*bounds)->since);
    ceiling_clear(&(*bounds)->above);
    ceiling_clear(&(*bounds)->below);
    free(*bounds);
    *bounds = NULL;
}

double bounds_wander_ppm(const struct bounds *b) { return b->wander_ppm; }

void bounds_reset(struct bounds *b, double wander_ppm)
{
    b->wander_ppm = wander_ppm;
    b->count = 0;
    ceiling_reset(&b->above);
    ceiling_reset(&b->below);
    b->slopes = PRIOR;
    /* Up: the double nearest to a declared 1e-6 may lie below it. */
    b->slopes.wander = nextafterl((long double)nextafter(b->wander_ppm, INFINITY) * 1e-6L, INFINITY);
    if (b->wander_ppm == 0)
        b->slopes.wander = 0;
    b->is_faulty = false;
    bounds_destroy(&b->since);
}

size_t bounds_count(const struct bounds *b) { return b->count; }

/* P and Q by the pairs of a new point of one ceiling with those of the other, as the first one sees
 * them: value + value is the gap U_j - L_i on both sides of the mirror. Of a point that is the last in time,
 * only the tangent to the hull of the others counts. */
static struct slopes narrowed(struct slopes slopes, struct ceiling_point point, const struct ceiling *opposite)
{
    const struct hull *hull = &opposite->hull;
    if (hull->count > 0 && hull->points[hull->count - 1].at < point.at) {
        struct hull_point other = hull_tangent(hull, point.at, -point.value);
        struct ratio high = { point.value + other.value, point.at - other.at };
        if (ratio_is_less(high, slopes.high))
            slopes.high = high;
        return slopes;
    }
    for (size_t i = 0; i < opposite->count; i++) {
        const struct ceiling_point *other = &opposite->points[i];
        int64_t gap = point.value + other->value;
        if (other->at < point.at) {
            struct ratio high = { gap, point.at - other->at };
            if (ratio_is_less(high, slopes.high))
                slopes.high = high;
        } else if (other->at > point.at || gap < 0) { /* at one time with no gap: P infinite */
            struct ratio low = { -gap, other->at - point.at };
            if (ratio_is_less(slopes.low, low))
                slopes.low = low;
        }
    }
    return slopes;
}

static bool is_possible(const struct slopes *s)
{
    if (s->low.under == 0)
        return false;
    long double low = (long double)s->low.over / (long double)s->low.under;
    long double high = (long double)s->high.over / (long double)s->high.under;
    return low - high <= 2 * s->wander + NOISE;
}

/* Take in D(at) <= value, or, as the mirror sees D(at) >= -value, -D(at) <= value. */
static void take_in(struct bounds *b, bool is_mirrored, struct ceiling_point point)
{
    struct ceiling *own = is_mirrored ? &b->below : &b->above;
    const struct ceiling *opposite = is_mirrored ? &b->above : &b->below;
    struct slopes seen = is_mirrored ? slopes_mirrored(b->slopes) : b->slopes;
    if (b->is_faulty || ceiling_implies(own, &seen, point))
        return;
    struct slopes now = narrowed(seen, point, opposite);
    if (!is_possible(&now)) {
        struct slopes other_seen = slopes_mirrored(seen);
        int64_t beyond = -(point.value + ceiling_at(opposite, &other_seen, point.at));
        b->is_faulty = true;
        b->fault_at_ns = point.at;
        b->fault_size_ns = beyond > 1 ? beyond : 1;
        return;
    }
    ceiling_add(own, &now, point);
    b->slopes = is_mirrored ? slopes_mirrored(now) : now;
}

static void take_departure(struct bounds *b, int64_t t3_ns, int64_t t4_ns)
{
    take_in(b, false, (struct ceiling_point){ t3_ns, t4_ns - t3_ns + T4_CUT_NS, 0 });
}

static void take_exchange(struct bounds *b, int64_t t1_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns)
{
    take_in(b, true, (struct ceiling_point){ t2_ns, t2_ns - t1_ns + T1_CUT_NS, 0 });
    take_departure(b, t3_ns, t4_ns);
    b->count++;
}

/* The estimates' own exchanges begin with the one that showed the fault; after another one they begin anew. */
static void go_on(struct bounds *b, int64_t t1_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns)
{
    if (!b->is_faulty || t3_ns < b->fault_at_ns)
        return;
    if (!b->since)
        b->since = bounds_new(b->wander_ppm); /* else there is no estimate */
    if (b->since && b->since->is_faulty)
        bounds_reset(b->since, b->wander_ppm);
    if (b->since)
        take_exchange(b->since, t1_ns, t2_ns, t3_ns, t4_ns);
}

#define BEYOND "a clock reading beyond 36 years"

static bool is_in_range(int64_t ns) { return ns >= -CEILING_TIME_MAX && ns <= CEILING_TIME_MAX; }

bool bounds_add(struct bounds *b, int64_t t1_ns, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns, struct err *e)
{
    if (!is_in_range(t1_ns) || !is_in_range(t2_ns) || !is_in_range(t3_ns) || !is_in_range(t4_ns))
        return err_set(e, ERR_PARTIAL, BEYOND);
    if (t3_ns < t2_ns)
        return err_set(e, ERR_PARTIAL, "answered %lld ns before it was asked", (long long)(t2_ns - t3_ns));
    if (t4_ns < t1_ns)
        return err_set(e, ERR_PARTIAL, "answer received %lld ns before it was asked for", (long long)(t1_ns - t4_ns));
    take_exchange(b, t1_ns, t2_ns, t3_ns, t4_ns);
    go_on(b, t1_ns, t2_ns, t3_ns, t4_ns);
    return true;
}

bool bounds_tighten(struct bounds *b, int64_t t3_ns, int64_t t4_ns, struct err *e)
{
    if (!is_in_range(t3_ns) || !is_in_range(t4_ns))
        return err_set(e, ERR_PARTIAL, BEYOND);
    take_departure(b, t3_ns, t4_ns);
    if (b->since && t3_ns >= b->fault_at_ns)
        take_departure(b->since, t3_ns, t4_ns);
    return true;
}

bool bounds_fault(const struct bounds *b, int64_t *at_ns, int64_t *size_ns)
{
    if (b->is_faulty) {
        *at_ns = b->fault_at_ns;
        *size_ns = b->fault_size_ns;
    }
    return b->is_faulty;
}

bool bounds_check(const struct bounds *b, struct err *e)
{
    if (!b->is_faulty)
        return true;
    char size[40];
    return err_set(e, ERR_PARTIAL,
                   "the clock stepped or changed its rate: seen when it read %.6f s, %s beyond what the exchanges "
                   "before allow with a wander of %g ppm",
                   (double)b->fault_at_ns * 1e-9, units_show_ns((double)b->fault_size_ns, size, sizeof size),
                   b->wander_ppm);
}

static bool can_guess(const struct bounds *b, int64_t about_ns, struct err *e)
{
    if (b->above.count == 0 || b->below.count == 0) /* one that contradicts itself leaves one of them empty */
        return err_set(e, ERR_PARTIAL, "no clock exchange yet");
    return is_in_range(about_ns) || err_set(e, ERR_INTERNAL, BEYOND);
}

static bool can_answer(const struct bounds *b, int64_t about_ns, struct err *e)
{
    return bounds_check(b, e) && can_guess(b, about_ns, e);
}

static int64_t highest(const struct bounds *b, int64_t node_ns)
{
    return node_ns + ceiling_at(&b->above, &b->slopes, node_ns);
}

static int64_t lowest(const struct bounds *b, int64_t node_ns)
{
    struct slopes mirrored = slopes_mirrored(b->slopes);
    return node_ns - ceiling_at(&b->below, &mirrored, node_ns);
}

static struct bounds_interval at(const struct bounds *b, int64_t node_ns)
{
    return (struct bounds_interval){ lowest(b, node_ns), highest(b, node_ns) };
}

bool bounds_at(const struct bounds *b, int64_t node_ns, struct bounds_interval *coordinator, struct err *e)
{
    if (!can_answer(b, node_ns, e))
        return false;
    *coordinator = at(b, node_ns);
    return true;
}

bool bounds_guess(const struct bounds *b, int64_t node_ns, struct bounds_interval *coordinator, struct err *e)
{
    if (b->is_faulty && node_ns >= b->fault_at_ns && b->since)
        return bounds_guess(b->since, node_ns, coordinator, e);
    if (!can_guess(b, node_ns, e))
        return false;
    *coordinator = at(b, node_ns);
    return true;
}

/* Near the x with edge (x) = `value`. The edge's rate is within 0.7 of 1, so that each step leaves
 * less than 0.7 of the distance; for clocks of this world two or three are enough. */
static bool near_edge(const struct bounds *b, int64_t (*edge)(const struct bounds *, int64_t), int64_t value,
                      int64_t *x, struct err *e)
{
    *x = value;
    for (int steps = 0; steps < 200; steps++) {
        int64_t beyond = edge(b, *x) - value;
        *x -= beyond;
        if (!is_in_range(*x))
            return err_set(e, ERR_PARTIAL, "the node's clock would read beyond 36 years");
        if (beyond >= -1 && beyond <= 1)
            break;
    }
    return true;
}

static bool node_at(const struct bounds *b, int64_t coordinator_ns, struct bounds_interval *node, struct err *e)
{
    int64_t low, high;
    if (!near_edge(b, highest, coordinator_ns, &low, e) || !near_edge(b, lowest, coordinator_ns, &high, e))
        return false;
    while (highest(b, low) >= coordinator_ns)
        low--;
    while (lowest(b, high) <= coordinator_ns)
        high++;
    *node = (struct bounds_interval){ low, high };
    return true;
}

bool bounds_node_at(const struct bounds *b, int64_t coordinator_ns, struct bounds_interval *node, struct err *e)
{
    return can_answer(b, coordinator_ns, e) && node_at(b, coordinator_ns, node, e);
}

bool bounds_node_guess(const struct bounds *b, int64_t coordinator_ns, struct bounds_interval *node, struct err *e)
{
    struct bounds_interval shown; /* when the fault showed: where the two sides meet, as for bounds_guess */
    if (b->is_faulty && b->since && bounds_guess(b->since, b->fault_at_ns, &shown, NULL) &&
        coordinator_ns >= shown.low_ns)
        return bounds_node_guess(b->since, coordinator_ns, node, e);
    return can_guess(b, coordinator_ns, e) && node_at(b, coordinator_ns, node, e);
}

bool bounds_rate(const struct bounds *b, int64_t from_ns, int64_t to_ns, double *low_ppm, double *high_ppm,
                 struct err *e)
{
    struct bounds_interval from, to;
    if (!bounds_at(b, from_ns, &from, e) || !bounds_at(b, to_ns, &to, e))
        return false;
    if (to_ns <= from_ns)
        return err_set(e, ERR_INTERNAL, "a rate over no time");
    long double time = (long double)(to_ns - from_ns), wander2 = 2 * b->slopes.wander;
    /* Of C, so far: the least and the greatest time that passed on the coordinator's clock, a node's second. */
    long double least = 1 + (long double)b->slopes.low.over / (long double)b->slopes.low.under - wander2;
    long double most = 1 + (long double)b->slopes.high.over / (long double)b->slopes.high.under + wander2;
    least = fmaxl(least, ((long double)to.low_ns - (long double)from.high_ns) / time);
    most = fminl(most, ((long double)to.high_ns - (long double)from.low_ns) / time);
    *low_ppm = nextafter((double)((1 / most - 1) * 1e6L) - 1e-9, -INFINITY);
    *high_ppm = nextafter((double)((1 / least - 1) * 1e6L) + 1e-9, INFINITY);
    return true;
}
