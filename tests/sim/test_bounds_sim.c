/* The estimator on virtual clocks and networks: in every case the truth must lie in the bound.
 *
 * TARE_SIM_CASES=N runs N cases (5000 where nothing is said), TARE_SIM_FIRST=K begins with case K;
 * a failure names its case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sync/bounds.h"
#include "virtual_clock.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)
#define YEAR (INT64_C(31557600) * S)

enum { EXCHANGES = 2048, CASES = 5000 };

static int64_t setting(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 10) : fallback;
}

/* One simulated run. */
struct sim {
    int64_t number; /* of the case */
    struct random random;
    double wander_ppm;
    struct virtual_clock clock;
    struct virtual_network network;
    struct virtual_exchange exchanges[EXCHANGES];
    size_t count;
    int64_t start_ns, load_ns, settle_ns, end_ns; /* the node's clock: probes begin, T, load ends, all ends */
    struct bounds *bounds;
    size_t asked; /* questions whose answers held the truth */
};

static int64_t pick(struct random *r, const int64_t *of, size_t count) { return of[random_next(r) % count]; }

/* A clock within the declaration: any slopes within wander of one line's. */
static void make_clock(struct sim *s)
{
    static const int64_t AHEAD[] = { 0, MS, 7 * S, 3600 * S, 20 * (3600 * S), YEAR / 12, 3 * YEAR, 12 * YEAR };
    static const double WANDER_PPM[] = { 0, 0.01, 1, 1, 1, 10, 500 };
    struct random *r = &s->random;
    int64_t ahead = pick(r, AHEAD, sizeof AHEAD / sizeof *AHEAD) * (random_chance(r, 0.5) ? 1 : -1);
    int64_t slope = random_int(r, -10000, 10000) * (random_chance(r, 0.5) ? 1000000 : 1234);
    s->wander_ppm = WANDER_PPM[random_next(r) % 7];
    int64_t wander = (int64_t)(s->wander_ppm * 1e6 + 0.5), way = wander;
    clock_start(&s->clock, s->start_ns - 100 * S, ahead + random_int(r, -S, S), slope);
    int kind = (int)random_int(r, 0, 3); /* 0: straight */
    int64_t piece = random_log(r, 20 * MS, 20 * S), at = s->start_ns - 10 * S;
    while (kind != 0 && s->clock.count < CLOCK_PIECES && at < s->end_ns + 100 * S) {
        int64_t off = kind == 1   ? random_int(r, -wander, wander)        /* anything */
                      : kind == 2 ? (way = -way)                          /* from end to end */
                                  : (at < s->load_ns ? -wander : wander); /* a turn at the worst time */
        clock_turn(&s->clock, at, 0, slope + off);
        at += random_int(r, piece / 2, piece);
    }
}

static void make_path(struct random *r, struct virtual_path *p)
{
    p->least = (double)random_log(r, 500, 200 * US);
    p->jitter = (double)random_log(r, 10, 100 * US);
    if (random_chance(r, 0.3)) {
        p->tail = (double)random_log(r, 100, 100 * US);
        p->shape = 0.7 + 2 * random_unit(r);
    }
    if (random_chance(r, 0.5))
        p->queue = (double)random_log(r, 100 * US, 20 * MS);
    p->phase = 6.3 * random_unit(r);
}

static void run_probes(struct sim *s, int64_t from_ns, int64_t until_ns, int64_t gap_ns, bool is_loaded)
{
    for (int64_t at = from_ns; at < until_ns && s->count < EXCHANGES; at += gap_ns)
        if (virtual_exchange_run(&s->clock, &s->network, &s->random, at, (double)(at - s->start_ns) * 1e-9, is_loaded,
                                 &s->exchanges[s->count]))
            s->count++;
}

static int by_arrival(const void *a, const void *b)
{
    const struct virtual_exchange *x = a, *y = b;
    return (x->arrived_ps > y->arrived_ps) - (x->arrived_ps < y->arrived_ps);
}

static void make_sim(struct sim *s, int64_t number)
{
    memset(s, 0, sizeof *s);
    s->number = number;
    s->random.state = (uint64_t)number * 1000003 + 17;
    struct random *r = &s->random;
    int64_t probes = random_log(r, 2, 500), gap = random_chance(r, 0.8) ? 10 * MS : random_log(r, MS, S);
    s->start_ns = random_chance(r, 0.3) ? random_int(r, -5 * YEAR, 12 * YEAR) : random_int(r, 0, 100000 * S);
    s->load_ns = s->start_ns + probes * gap;
    s->settle_ns = s->load_ns + random_log(r, 100 * MS, 60 * S);
    s->end_ns = s->settle_ns + probes * gap;
    make_clock(s);
    make_path(r, &s->network.there);
    make_path(r, &s->network.back);
    s->network.loss = random_chance(r, 0.5) ? 0 : 0.6 * random_unit(r);
    s->network.hold = (double)random_log(r, 100, MS);
    run_probes(s, s->start_ns, s->load_ns, gap, false);
    run_probes(s, s->load_ns, s->settle_ns, S / random_int(r, 1, 16), true);
    if (random_chance(r, 0.7))
        run_probes(s, s->settle_ns, s->end_ns, gap, false);
    qsort(s->exchanges, s->count, sizeof *s->exchanges, by_arrival);
    for (size_t swaps = random_chance(r, 0.3) ? s->count / 4 : 0; swaps > 0; swaps--) { /* beyond what jitter does */
        size_t a = random_next(r) % s->count, b = a + random_next(r) % 5;
        if (b < s->count) {
            struct virtual_exchange keep = s->exchanges[a];
            s->exchanges[a] = s->exchanges[b];
            s->exchanges[b] = keep;
        }
    }
    s->bounds = bounds_new(s->wander_ppm);
}

static void fail_case(const struct sim *s, const char *what, const struct err *e)
{
    fail_msg("case %lld: %s: %s", (long long)s->number, what, e->text);
}

static void take(struct sim *s, const struct virtual_exchange *x)
{
    struct err e = { 0 };
    if (!bounds_add(s->bounds, x->t1_ns, x->t2_ns, x->t3_ns, x->t4_ns, &e))
        fail_case(s, "add", &e);
}

static void ask_at(struct sim *s, int64_t x_ns)
{
    struct bounds_interval c, node;
    struct err e = { 0 };
    if (!bounds_at(s->bounds, x_ns, &c, &e))
        fail_case(s, "at", &e);
    wide truth = clock_at(&s->clock, x_ns);
    if ((wide)c.low_ns * FINE_PER_NS > truth || (wide)c.high_ns * FINE_PER_NS < truth)
        fail_case(s, "at: the truth is outside", &e);
    int64_t coordinator_ns = floor_div(truth, FINE_PER_NS);
    wide reads = (wide)coordinator_ns * FINE_PER_NS;
    if (!bounds_node_at(s->bounds, coordinator_ns, &node, &e))
        fail_case(s, "node_at", &e);
    if (clock_at(&s->clock, node.low_ns) > reads || clock_at(&s->clock, node.high_ns) < reads)
        fail_case(s, "node_at: the truth is outside", &e);
    s->asked++;
}

static void ask_rate(struct sim *s, int64_t from_ns, int64_t to_ns)
{
    double low, high;
    struct err e = { 0 };
    if (!bounds_rate(s->bounds, from_ns, to_ns, &low, &high, &e))
        fail_case(s, "rate", &e);
    long double passed = (long double)(clock_at(&s->clock, to_ns) - clock_at(&s->clock, from_ns)) / 1e15L;
    long double truth = ((long double)(to_ns - from_ns) / passed - 1) * 1e6L;
    if ((long double)low > truth || (long double)high < truth)
        fail_case(s, "rate: the truth is outside", &e);
    s->asked++;
}

static void ask(struct sim *s)
{
    struct random *r = &s->random;
    ask_at(s, s->load_ns + random_log(r, MS, S)); /* T, from what is known so far */
    ask_at(s, random_int(r, s->start_ns - S, s->end_ns + S));
    ask_at(s, s->exchanges[random_next(r) % s->count].t2_ns); /* right at a constraint */
    ask_at(s, s->end_ns + random_log(r, MS, 50 * S));
    ask_rate(s, s->load_ns, s->settle_ns);
    int64_t from = random_int(r, s->start_ns - S, s->end_ns);
    ask_rate(s, from, from + random_log(r, US, 10 * S));
}

static void the_truth_lies_in_every_bound(void **unused)
{
    (void)unused;
    static struct sim s;
    int64_t first = setting("TARE_SIM_FIRST", 0), cases = setting("TARE_SIM_CASES", CASES);
    size_t exchanges = 0, asked = 0, empty = 0;
    for (int64_t number = first; number < first + cases; number++) {
        make_sim(&s, number);
        /* Asked before the load, in the midst of it, and with all that is known in the end. */
        size_t moments[3] = { 1, random_next(&s.random) % (s.count + 1), s.count };
        while (moments[0] < s.count && s.exchanges[moments[0]].t2_ns < s.load_ns)
            moments[0]++;
        for (size_t k = 0; k < s.count; k++) {
            take(&s, &s.exchanges[k]);
            for (size_t m = 0; m < 3; m++)
                if (k + 1 == moments[m])
                    ask(&s);
        }
        struct err e = { 0 };
        if (!bounds_check(s.bounds, &e))
            fail_case(&s, "false alarm", &e);
        exchanges += s.count;
        asked += s.asked;
        empty += s.count == 0;
        bounds_destroy(&s.bounds);
    }
    print_message(
        "%lld cases (%zu without an exchange), %zu exchanges, %zu questions: truth in every bound, no false alarm\n",
        (long long)cases, empty, exchanges, asked);
}

/* Every pair of constraints, without hulls, memory or clever searches. Values count from node
 * reading `x`, so that long doubles are exact enough. */
struct brute {
    size_t count;
    long double lower_at[16], lower[16], upper_at[16], upper[16];
    long double wander;
};

static long double brute_high_for(const struct brute *u, long double b)
{
    long double least = INFINITY;
    for (size_t j = 0; j < u->count; j++)
        least = fminl(least, u->upper[j] - b * u->upper_at[j] + u->wander * fabsl(u->upper_at[j]));
    return least;
}

/* The highest D at 0; INFINITY x -1 when there is none. */
static long double brute_high(const struct brute *u)
{
    long double low = -0.5L - u->wander, high = 0.5L + u->wander;
    for (size_t i = 0; i < u->count; i++)
        for (size_t j = 0; j < u->count; j++) {
            long double dt = u->lower_at[i] - u->upper_at[j], gap = u->upper[j] - u->lower[i];
            if (dt > 0)
                low = fmaxl(low, -gap / dt - u->wander);
            if (dt < 0)
                high = fminl(high, gap / -dt + u->wander);
        }
    long double best = fmaxl(brute_high_for(u, low), brute_high_for(u, high));
    for (size_t i = 0; i < u->count; i++)
        for (size_t j = 0; j < u->count; j++) {
            long double dt = u->upper_at[i] - u->upper_at[j];
            long double b =
                (u->upper[i] - u->upper[j] + u->wander * (fabsl(u->upper_at[i]) - fabsl(u->upper_at[j]))) / dt;
            if (dt != 0 && b > low && b < high)
                best = fmaxl(best, brute_high_for(u, b));
        }
    return best;
}

static void bounds_equal_those_of_brute_force(void **unused)
{
    (void)unused;
    static struct sim s;
    int64_t first = setting("TARE_SIM_FIRST", 0), cases = setting("TARE_SIM_CASES", CASES), compared = 0;
    long double worst = 0;
    for (int64_t number = first; number < first + cases; number++) {
        make_sim(&s, number);
        struct random *r = &s.random;
        struct brute up = { 0 }, down = { 0 };
        int64_t x = random_int(r, s.start_ns - S, s.end_ns + S);
        up.wander = down.wander = (long double)s.wander_ppm * 1e-6L;
        int64_t ahead = s.count > 0 ? s.exchanges[0].t4_ns - s.exchanges[0].t3_ns : 0;
        while (s.count > 0 && up.count < 16 && !random_chance(r, 0.1)) {
            const struct virtual_exchange *k = &s.exchanges[random_next(r) % s.count];
            take(&s, k);
            /* As bounds.c: stamps are cut to whole nanoseconds. */
            up.lower_at[up.count] = (long double)(k->t2_ns - x);
            up.lower[up.count] = (long double)(k->t1_ns - k->t2_ns - ahead - 2);
            up.upper_at[up.count] = (long double)(k->t3_ns - x);
            up.upper[up.count] = (long double)(k->t4_ns - k->t3_ns - ahead + 1);
            down.lower_at[up.count] = up.upper_at[up.count];
            down.lower[up.count] = -up.upper[up.count];
            down.upper_at[up.count] = up.lower_at[up.count];
            down.upper[up.count] = -up.lower[up.count];
            down.count = ++up.count;
        }
        struct bounds_interval c;
        struct err e = { 0 };
        if (up.count > 0) {
            if (!bounds_at(s.bounds, x, &c, &e))
                fail_case(&s, "at", &e);
            long double above = (long double)(c.high_ns - x - ahead) - brute_high(&up);
            long double below = -(long double)(c.low_ns - x - ahead) - brute_high(&down);
            if (above < -0.01L || below < -0.01L || above > 3.2L || below > 3.2L)
                fail_msg("case %lld: above by %.3Lf, below by %.3Lf ns", (long long)number, above, below);
            worst = fmaxl(worst, fmaxl(above, below));
            compared++;
        }
        bounds_destroy(&s.bounds);
    }
    print_message("%lld of %lld cases compared: never inside, at most %.2Lf ns outside\n", (long long)compared,
                  (long long)cases, worst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_lies_in_every_bound),
        cmocka_unit_test(bounds_equal_those_of_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
