/* The kernel's stamps on virtual clocks: REALTIME slewed and stepped while packets are stamped by it. In
 * every case in which a stamp is taken as a time of RAW, that time must be the true one.
 *
 * TARE_SIM_CASES=N runs N cases (5000 where nothing is said), TARE_SIM_FIRST=K begins with case K.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stamp/wall.h"
#include "virtual_clock.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

enum {
    CASES = 5000,
    ROUNDS = 200,
    PPM = 1000 * 1000 /* in 1e-12 */,
    GAP_MOST = 20 * 1000,
    WIDTH_MOST = 3 * (GAP_MOST + 20)
};

static int64_t setting(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 10) : fallback;
}

/* RAW is the true time. MONOTONIC and REALTIME are slewed alike; only REALTIME is stepped. */
struct machine {
    struct random random;
    struct virtual_clock mono, real;
    wide now_ps;
    struct wall wall;
    uint32_t moves; /* that must be seen at the next reading */
    size_t taken, refused;
};

static int64_t read_ns(const struct virtual_clock *c, wide x_ps)
{
    return floor_div(clock_at_ps(c, x_ps), FINE_PER_NS);
}

static int64_t slope(struct random *r, int64_t most_ppm) { return random_int(r, -most_ppm * PPM, most_ppm * PPM); }

/* Both clocks go on at another slope, REALTIME after a step. */
static void turn(struct machine *m, int64_t step_ns, int64_t new_slope)
{
    int64_t at_ns = (int64_t)(m->now_ps / 1000) + 1;
    m->now_ps = (wide)at_ns * 1000;
    clock_turn(&m->mono, at_ns, 0, new_slope);
    clock_turn(&m->real, at_ns, step_ns, new_slope);
}

static int64_t slope_now(const struct machine *m) { return m->mono.pieces[m->mono.count - 1].slope; }

static void pass(struct machine *m, int64_t ns) { m->now_ps += (wide)ns * 1000 + random_int(&m->random, 0, 999); }

/* As clock_read_all does it, now and then interrupted. */
static void read_clocks(struct machine *m)
{
    struct clock_reading r;
    int64_t gap = random_chance(&m->random, 0.02) ? random_log(&m->random, 100, GAP_MOST) : 20;
    r.mono_before_ns = read_ns(&m->mono, m->now_ps);
    pass(m, random_int(&m->random, 10, gap + 10));
    r.real_ns = read_ns(&m->real, m->now_ps);
    pass(m, random_int(&m->random, 10, gap + 10));
    r.raw_ns = (int64_t)(m->now_ps / 1000);
    pass(m, random_int(&m->random, 10, gap + 10));
    r.mono_after_ns = read_ns(&m->mono, m->now_ps);
    wall_read(&m->wall, &r);
}

static void try_stamp(struct machine *m, int64_t number, wide stamped_ps)
{
    int64_t low, high;
    if (!wall_to_raw(&m->wall, read_ns(&m->real, stamped_ps), &low, &high)) {
        m->refused++;
        return;
    }
    m->taken++;
    if ((wide)low * 1000 > stamped_ps || (wide)high * 1000 < stamped_ps)
        fail_msg("case %lld: true RAW %.3f is not in [%lld, %lld]", (long long)number, (double)stamped_ps / 1e3,
                 (long long)low, (long long)high);
    int64_t ago = (int64_t)((m->now_ps - stamped_ps) / 1000);
    if (high - low > 2 * ago / 1000 + 4 * WIDTH_MOST)
        fail_msg("case %lld: a stamp of %lld ns ago is told to +-%lld ns", (long long)number, (long long)ago,
                 (long long)(high - low) / 2);
}

/* What may happen to the wall clock between two readings: at most one step, which is large, or small
 * enough to be overlooked; slewing within the declaration at any time, faster slewing from one reading to another. */
static void disturb(struct machine *m)
{
    struct random *r = &m->random;
    if (random_chance(r, 0.5))
        turn(m, 0, slope(r, WALL_SLEW_PPM));
    if (random_chance(r, 0.006)) {
        int64_t size = random_log(r, 1, 3600 * S) * (random_chance(r, 0.5) ? 1 : -1);
        turn(m, size, slope_now(m));
        m->moves += llabs(size) > 2 * WIDTH_MOST;
    }
}

static void run_case(struct machine *m, int64_t number, bool is_disturbed)
{
    *m = (struct machine){ .random.state = (uint64_t)number * 7727 + 5 };
    struct random *r = &m->random;
    m->now_ps = (wide)random_int(r, 0, 100000 * S) * 1000;
    int64_t start_ns = (int64_t)(m->now_ps / 1000), first = slope(r, WALL_SLEW_PPM);
    clock_start(&m->mono, start_ns, random_int(r, 0, 1000 * S), first);
    clock_start(&m->real, start_ns, 1700000000 * S + random_int(r, 0, S), first);
    wide waiting_ps = 0; /* stamped before the last reading, and still in a queue */
    for (int round = 0; round < ROUNDS; round++) {
        read_clocks(m);
        pass(m, random_log(r, 10 * US, S));
        wide early_ps = m->now_ps;
        pass(m, random_log(r, 10 * US, 20 * MS));
        if (is_disturbed)
            disturb(m);
        wide late_ps = m->now_ps;
        pass(m, random_log(r, US / 10, 50 * MS));
        read_clocks(m);
        try_stamp(m, number, early_ps);
        try_stamp(m, number, late_ps);
        if (waiting_ps)
            try_stamp(m, number, waiting_ps);
        waiting_ps = random_chance(r, 0.3) ? late_ps : 0;
    }
    assert_true(m->wall.moves >= m->moves);
}

static void what_is_told_of_a_stamp_is_true_whatever_is_done_to_the_wall_clock(void **unused)
{
    (void)unused;
    static struct machine m;
    int64_t first = setting("TARE_SIM_FIRST", 0), cases = setting("TARE_SIM_CASES", CASES);
    size_t taken = 0, refused = 0, moves = 0;
    for (int64_t number = first; number < first + cases; number++) {
        run_case(&m, number, true);
        taken += m.taken;
        refused += m.refused;
        moves += m.wall.moves;
    }
    print_message("%lld cases, %zu moves of the wall clock seen, %zu stamps taken and true, %zu refused\n",
                  (long long)cases, moves, taken, refused);
    assert_true(taken > refused);
    assert_true(moves > 0);
}

static void a_wall_clock_that_is_only_slewed_is_never_said_to_be_moved(void **unused)
{
    (void)unused;
    static struct machine m;
    int64_t cases = setting("TARE_SIM_CASES", CASES) / 5 + 1;
    for (int64_t number = 0; number < cases; number++) {
        run_case(&m, number, false);
        if (m.wall.moves > 0 || m.refused > 0)
            fail_msg("case %lld: %u moves, %zu stamps refused", (long long)number, m.wall.moves, m.refused);
    }
}

/* chrony slews by 8 % where it is told to. The stamps of that time are not believed. */
static void fast_slewing_is_seen_and_its_stamps_are_refused(void **unused)
{
    (void)unused;
    static struct machine m;
    for (int64_t number = 0; number < 1000; number++) {
        run_case(&m, number, false);
        size_t taken = m.taken;
        read_clocks(&m);
        turn(&m, 0, 83333 * INT64_C(1000000) * (number % 2 ? 1 : -1));
        for (int k = 0; k < 10; k++) {
            pass(&m, 10 * MS);
            wide at_ps = m.now_ps;
            pass(&m, 20 * US);
            read_clocks(&m);
            try_stamp(&m, number, at_ps);
        }
        assert_int_equal(m.taken, taken);
        assert_true(m.wall.moves > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_of_a_stamp_is_true_whatever_is_done_to_the_wall_clock),
        cmocka_unit_test(a_wall_clock_that_is_only_slewed_is_never_said_to_be_moved),
        cmocka_unit_test(fast_slewing_is_seen_and_its_stamps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
