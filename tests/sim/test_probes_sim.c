/* Everything between two clocks and a bound that is pure, at work together: the kernels' wall-clock stamps
 * (wall.h) of both machines, the window of probes, departures that are told one answer late, and the
 * bounds, over a network that loses, delays and reorders, while both wall clocks are slewed and stepped.
 * The truth must lie in every bound, and no clock may be called faulty for what happened to a wall clock.
 *
 * TARE_SIM_CASES=N runs N / 10 cases, for a case here is a whole run (500 where nothing is said);
 * TARE_SIM_FIRST=K begins with case K.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stamp/wall.h"
#include "sync/bounds.h"
#include "virtual_clock.h"
#include "wire/probe_window.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

enum { CASES = 500, PROBES = 400, PPM = 1000 * 1000 /* in 1e-12 */ };

static int64_t setting(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 10) : fallback;
}

/* A machine: its RAW, a function of the true time, which is the node's RAW; and MONOTONIC and REALTIME as
 * functions of that RAW. */
struct machine {
    struct virtual_clock raw, mono, real;
    struct wall wall;
};

struct sim {
    int64_t number;
    struct random random;
    wide now_ps; /* the true time */
    struct machine coordinator, node;
    struct virtual_network network;
    struct probe_window window;
    struct bounds *bounds;
    uint64_t left; /* the node's: the last answer whose departure is known, and when that was at the earliest */
    int64_t left_ns;
    int kernel_stamps, user_stamps, tightened;
};

static int64_t read_ns(const struct virtual_clock *c, wide x_ps)
{
    return floor_div(clock_at_ps(c, x_ps), FINE_PER_NS);
}

/* RAW in picoseconds, for the clocks that are made from it. */
static wide raw_ps(const struct machine *m, wide at_ps)
{
    wide fine = clock_at_ps(&m->raw, at_ps), under = FINE_PER_NS / 1000;
    return fine / under - (fine % under < 0);
}

static int64_t raw_ns(const struct machine *m, wide at_ps) { return read_ns(&m->raw, at_ps); }
static int64_t real_ns(const struct machine *m, wide at_ps) { return read_ns(&m->real, raw_ps(m, at_ps)); }

static void pass(struct sim *s, int64_t least, int64_t most)
{
    s->now_ps += (wide)random_log(&s->random, least, most) * 1000 + random_int(&s->random, 0, 999);
}

static void read_clocks(struct sim *s, struct machine *m)
{
    struct clock_reading r;
    r.mono_before_ns = read_ns(&m->mono, raw_ps(m, s->now_ps));
    pass(s, 15, 40);
    r.real_ns = real_ns(m, s->now_ps);
    pass(s, 15, 40);
    r.raw_ns = raw_ns(m, s->now_ps);
    pass(s, 15, random_chance(&s->random, 0.02) ? 8000 : 40);
    r.mono_after_ns = read_ns(&m->mono, raw_ps(m, s->now_ps));
    wall_read(&m->wall, &r);
}

/* Slewed as NTP does; stepped now and then, by anything: at the worst moment, between a packet's stamp and
 * the reading that is to make a time of it. */
static void disturb(struct sim *s, struct machine *m)
{
    struct random *r = &s->random;
    if (random_chance(r, 0.9))
        return;
    int64_t slope = random_int(r, -WALL_SLEW_PPM * PPM, WALL_SLEW_PPM * PPM), step = 0;
    if (random_chance(r, 0.05))
        step = random_log(r, 1, 3600 * S) * (random_chance(r, 0.5) ? 1 : -1);
    int64_t at_ns = raw_ns(m, s->now_ps) + 1;
    clock_turn(&m->mono, at_ns, 0, slope);
    clock_turn(&m->real, at_ns, step, slope);
    pass(s, 10, 100);
}

static void make_machine(struct sim *s, struct machine *m, int64_t ahead_ns, int64_t slope)
{
    struct random *r = &s->random;
    clock_start(&m->raw, (int64_t)(s->now_ps / 1000), ahead_ns, slope);
    int64_t from_ns = raw_ns(m, s->now_ps);
    clock_start(&m->mono, from_ns, random_int(r, 0, 1000 * S), 0);
    clock_start(&m->real, from_ns, 1700000000 * S + random_int(r, 0, S), 0);
    read_clocks(s, m);
}

static void make_sim(struct sim *s, int64_t number)
{
    *s = (struct sim){ .number = number, .random.state = (uint64_t)number * 50021 + 11 };
    struct random *r = &s->random;
    s->now_ps = (wide)random_int(r, S, 100000 * S) * 1000;
    /* The node's RAW is the true time; the coordinator's runs at any rate to it. */
    make_machine(s, &s->node, 0, 0);
    make_machine(s, &s->coordinator, random_int(r, -20000 * S, 20000 * S), random_int(r, -10000, 10000) * PPM);
    struct virtual_path *paths[] = { &s->network.there, &s->network.back };
    for (size_t i = 0; i < 2; i++) {
        paths[i]->least = (double)random_log(r, 500, 100 * US);
        paths[i]->jitter = (double)random_log(r, 10, 50 * US);
        paths[i]->queue = random_chance(r, 0.5) ? (double)random_log(r, 100 * US, 10 * MS) : 0;
        paths[i]->phase = 6.3 * random_unit(r);
    }
    s->network.loss = random_chance(r, 0.5) ? 0 : 0.4 * random_unit(r);
    s->bounds = bounds_new(BOUNDS_WANDER_PPM);
}

static void fail_case(const struct sim *s, const char *what, const struct err *e)
{
    fail_msg("case %lld: %s: %s", (long long)s->number, what, e->text);
}

/* The moment of a packet's departure, not later than it was; as stamps_send and stamps_departure have it.
 * Its stamp may be lost, or not to be believed. */
static bool departure(struct sim *s, struct machine *m, int64_t sent_ns, wide left_ps, int64_t *left_ns)
{
    int64_t low, high, stamp = real_ns(m, left_ps);
    disturb(s, m);
    read_clocks(s, m);
    if (random_chance(&s->random, 0.1) || !wall_to_raw(&m->wall, stamp, &low, &high) || high < sent_ns)
        return false;
    *left_ns = low > sent_ns ? low : sent_ns;
    return true;
}

/* Not earlier than it arrived; as stamps_receive has it. The process looks a while later. */
static int64_t arrival(struct sim *s, struct machine *m, wide at_ps)
{
    int64_t low, high, stamp = real_ns(m, at_ps);
    disturb(s, m);
    pass(s, 500, random_chance(&s->random, 0.05) ? 10 * MS : 30 * US);
    read_clocks(s, m);
    int64_t now_ns = raw_ns(m, s->now_ps);
    bool is_kernel = wall_to_raw(&m->wall, stamp, &low, &high) && low <= now_ns;
    *(is_kernel ? &s->kernel_stamps : &s->user_stamps) += 1;
    return is_kernel && high < now_ns ? high : now_ns;
}

static void exchange(struct sim *s, bool is_loaded)
{
    struct err e = { 0 };
    struct random *r = &s->random;
    double at_s = (double)(s->now_ps / 1000) * 1e-9;
    int64_t t1 = raw_ns(&s->coordinator, s->now_ps), left_ns;
    uint64_t sequence = probe_window_ask(&s->window, t1);
    pass(s, 500, 20 * US); /* from the program to the device */
    wide left_ps = s->now_ps;
    if (departure(s, &s->coordinator, t1, left_ps, &left_ns))
        (void)probe_window_stamp(&s->window, sequence, left_ns);
    wide arrives_ps = left_ps + path_delay_ps(&s->network.there, r, is_loaded, at_s);
    if (random_chance(r, s->network.loss))
        return;
    s->now_ps = arrives_ps > s->now_ps ? arrives_ps : s->now_ps;
    int64_t t2 = arrival(s, &s->node, arrives_ps);
    int64_t t3 = raw_ns(&s->node, s->now_ps);
    uint64_t earlier = s->left;
    int64_t earlier_t3 = s->left_ns;
    s->left = 0;
    pass(s, 500, 20 * US);
    left_ps = s->now_ps;
    if (departure(s, &s->node, t3, left_ps, &s->left_ns))
        s->left = sequence;
    arrives_ps = left_ps + path_delay_ps(&s->network.back, r, is_loaded, at_s);
    if (random_chance(r, s->network.loss))
        return;
    s->now_ps = arrives_ps > s->now_ps ? arrives_ps : s->now_ps;
    int64_t t4 = arrival(s, &s->coordinator, arrives_ps);
    const struct probe_slot *slot = earlier ? probe_window_again(&s->window, earlier) : NULL;
    if (slot) {
        s->tightened++;
        if (!bounds_tighten(s->bounds, earlier_t3, slot->t4_ns, &e))
            fail_case(s, "tighten", &e);
    }
    slot = probe_window_take(&s->window, sequence, t4, true);
    if (!slot || !bounds_add(s->bounds, slot->t1_ns, t2, t3, slot->t4_ns, &e))
        fail_case(s, "add", &e);
}

static void ask_at(const struct sim *s, int64_t node_ns)
{
    struct bounds_interval c;
    struct err e = { 0 };
    if (bounds_count(s->bounds) == 0)
        return;
    if (!bounds_at(s->bounds, node_ns, &c, &e))
        fail_case(s, "at", &e);
    wide truth = clock_at(&s->coordinator.raw, node_ns);
    if ((wide)c.low_ns * FINE_PER_NS > truth || (wide)c.high_ns * FINE_PER_NS < truth)
        fail_case(s, "the truth is outside", &e);
}

static void the_truth_lies_in_every_bound_whatever_is_done_to_both_wall_clocks(void **unused)
{
    (void)unused;
    static struct sim s;
    int64_t first = setting("TARE_SIM_FIRST", 0), cases = setting("TARE_SIM_CASES", 10 * CASES) / 10;
    int64_t kernel = 0, user = 0, tightened = 0, moves = 0;
    for (int64_t number = first; number < first + cases; number++) {
        make_sim(&s, number);
        int probes = (int)random_int(&s.random, 20, PROBES);
        int64_t gap = random_chance(&s.random, 0.7) ? 10 * MS : 250 * MS;
        for (int k = 0; k < probes; k++) {
            s.now_ps += (wide)gap * 1000;
            exchange(&s, k > probes / 3 && k < probes * 2 / 3);
            if (k % 16 == 15)
                ask_at(&s, raw_ns(&s.node, s.now_ps) + random_int(&s.random, -5 * S, S));
        }
        int64_t end_ns = raw_ns(&s.node, s.now_ps);
        for (int k = 0; k < 20; k++)
            ask_at(&s, random_int(&s.random, end_ns - probes * gap, end_ns + S));
        kernel += s.kernel_stamps;
        user += s.user_stamps;
        tightened += s.tightened;
        moves += s.node.wall.moves + s.coordinator.wall.moves;
        probe_window_clear(&s.window);
        bounds_destroy(&s.bounds);
    }
    print_message(
        "%lld cases: %lld arrivals by kernel's stamps, %lld by the process's own, %lld answers tightened, %lld "
        "moves of wall clocks: truth in every bound, no false alarm\n",
        (long long)cases, (long long)kernel, (long long)user, (long long)tightened, (long long)moves);
    assert_true(kernel > user && tightened > 0 && moves > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_truth_lies_in_every_bound_whatever_is_done_to_both_wall_clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
