#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sync/bounds.h"
#include "sync/ceiling.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define S INT64_C(1000000000)
#define HOUR (INT64_C(3600) * S)
#define YEAR (INT64_C(31557600) * S)

#define PPM INT64_C(1000) /* in ppb */

/* What stamps that are cut to whole nanoseconds, and rounding outwards, may add to a bound. */
static const int64_t CUT = 2, ROUND = 3;

static const int64_t CAP = CEILING_CAP;

/* A node whose clock differs by C(x) - x = ahead + ppb x / 1e9; exact for whole results. */
struct line {
    int64_t ahead, ppb;
};

static int64_t coordinator_at(struct line line, int64_t x)
{
    __extension__ typedef __int128 wide;
    return x + line.ahead + (int64_t)((wide)x * line.ppb / 1000000000);
}

static void exchange(struct bounds *b, struct line line, int64_t node_ns, int64_t there, int64_t back)
{
    struct err e = { 0 };
    int64_t at = coordinator_at(line, node_ns);
    if (!bounds_add(b, at - there, node_ns, node_ns, at + back, &e))
        fail_msg("%s", e.text);
}

static struct bounds_interval at(const struct bounds *b, int64_t node_ns)
{
    struct bounds_interval i = { 0, 0 };
    struct err e = { 0 };
    if (!bounds_at(b, node_ns, &i, &e))
        fail_msg("%s", e.text);
    return i;
}

/* [low, high] is as narrow as expected, but for cuts and rounding, and not narrower. */
static void assert_interval(struct bounds_interval i, int64_t low, int64_t high)
{
    assert_in_range(low - i.low_ns, 0, CUT + ROUND);
    assert_in_range(i.high_ns - high, 0, CUT + ROUND);
}

static void one_exchange_bounds_its_own_moment(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(BOUNDS_WANDER_PPM);
    exchange(b, (struct line){ 5 * S, 0 }, 100 * S, 10 * US, 10 * US);
    assert_interval(at(b, 100 * S), 105 * S - 10 * US, 105 * S + 10 * US);
    assert_in_range(bounds_mid(at(b, 100 * S)) - 105 * S + CUT, 0, 2 * CUT);
    /* A second later the rate, known to a half and its wander, is all that holds it. */
    assert_interval(at(b, 101 * S), 106 * S - 10 * US - S / 2 - 2 * US, 106 * S + 10 * US + S / 2 + 2 * US);
    assert_int_equal(bounds_count(b), 1);
    bounds_destroy(&b);
    assert_null(b);
    bounds_destroy(&b);
}

static void an_asymmetric_path_moves_the_middle_but_not_the_truth(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(0);
    exchange(b, (struct line){ -3 * S, 0 }, 10 * S, 1 * US, 900 * US);
    assert_interval(at(b, 10 * S), 7 * S - 1 * US, 7 * S + 900 * US);
    /* The next one is slow the other way: each direction keeps the side that it is good at. */
    exchange(b, (struct line){ -3 * S, 0 }, 10 * S, 700 * US, 2 * US);
    assert_interval(at(b, 10 * S), 7 * S - 1 * US, 7 * S + 2 * US);
    bounds_destroy(&b);
}

/* The kernel's stamp of a departure comes later than the answer: it is worth what it would have been at once. */
static void a_departure_told_later_is_worth_as_much(void **unused)
{
    (void)unused;
    struct bounds *early = bounds_new(1), *late = bounds_new(1);
    const int64_t x = 5000 * S, ahead = 7 * S;
    struct err e = { 0 };
    for (int64_t k = 0; k < 20; k++) {
        /* Sent and received within 2 us of the wire; between t3 as it was read and the departure lie 9 us. */
        int64_t t2 = x + k * 10 * MS, t3 = t2 + 3 * US, left = t3 + 9 * US;
        assert_true(bounds_add(early, t2 + ahead - 2 * US, t2, left, left + ahead + 2 * US, &e));
        assert_true(bounds_add(late, t2 + ahead - 2 * US, t2, t3, left + ahead + 2 * US, &e));
        struct bounds_interval before = at(late, t2);
        assert_true(bounds_tighten(late, left, left + ahead + 2 * US, &e));
        assert_true(bounds_half(at(late, t2)) < bounds_half(before));
    }
    assert_int_equal(bounds_count(late), 20);
    for (int64_t k = -5; k < 30; k++) {
        struct bounds_interval a = at(early, x + k * 10 * MS), b = at(late, x + k * 10 * MS);
        assert_in_range(a.low_ns - b.low_ns + ROUND, 0, 2 * ROUND);
        assert_in_range(b.high_ns - a.high_ns + ROUND, 0, 2 * ROUND);
    }
    assert_false(bounds_tighten(late, INT64_MAX, 0, &e));
    assert_true(strstr(e.text, "36 years") != NULL);
    bounds_destroy(&early);
    bounds_destroy(&late);
}

static void two_groups_fix_the_rate(void **unused)
{
    (void)unused;
    const struct line line = { 7 * S, 5000 * PPM };
    struct bounds *b = bounds_new(0);
    exchange(b, line, 0, 5 * US, 5 * US);
    exchange(b, line, 10 * S, 5 * US, 5 * US);
    /* Half way the two lines that touch (+5, -5) and (-5, +5) us cross; between the groups each
     * bound is the chord; after the second it opens at 10 us in 10 s. */
    assert_interval(at(b, 5 * S), coordinator_at(line, 5 * S) - 5 * US, coordinator_at(line, 5 * S) + 5 * US);
    struct bounds_interval after = at(b, 20 * S);
    assert_true(after.low_ns <= coordinator_at(line, 20 * S) - 15 * US &&
                after.low_ns > coordinator_at(line, 20 * S) - 15 * US - 10);
    assert_true(after.high_ns >= coordinator_at(line, 20 * S) + 15 * US &&
                after.high_ns < coordinator_at(line, 20 * S) + 15 * US + 10);
    double low, high;
    struct err e = { 0 };
    assert_true(bounds_rate(b, 0, 10 * S, &low, &high, &e));
    double truth = (1 / 1.005 - 1) * 1e6;
    assert_true(low <= truth && truth <= high);
    assert_true(low > truth - 1.01 && high < truth + 1.01); /* +-10 us in 10 s */
    bounds_destroy(&b);
}

static void wander_widens_between_and_beyond_exchanges(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(1.0);
    exchange(b, (struct line){ 0, 0 }, 0, 5 * US, 5 * US);
    exchange(b, (struct line){ 0, 0 }, 10 * S, 5 * US, 5 * US);
    /* 2 w s u / (s + u) between: 2 x 1e-6 x 5 s x 5 s / 10 s. */
    assert_interval(at(b, 5 * S), 5 * S - 10 * US, 5 * S + 10 * US);
    /* Beyond: the chord's 1 ppm, 1 ppm between b and the chord, 1 ppm between the rate and b. */
    assert_interval(at(b, 11 * S), 11 * S - 8 * US, 11 * S + 8 * US);
    bounds_destroy(&b);
}

static void clocks_years_apart_lose_no_nanosecond(void **unused)
{
    (void)unused;
    const int64_t ahead[] = { 3 * HOUR, 3 * YEAR, -3 * YEAR, 10 * YEAR };
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        const struct line line = { ahead[i], 20 * PPM };
        struct bounds *b = bounds_new(0);
        int64_t start = 11 * YEAR;
        for (int64_t k = 0; k < 100; k++)
            exchange(b, line, start + k * 10 * MS, 100 + k % 3, 100 + k % 5);
        struct bounds_interval in = at(b, start + 500 * MS);
        assert_interval(in, coordinator_at(line, start + 500 * MS) - 100, coordinator_at(line, start + 500 * MS) + 100);
        struct bounds_interval node;
        struct err e = { 0 };
        assert_true(bounds_node_at(b, coordinator_at(line, start + 2 * S), &node, &e));
        assert_true(node.low_ns <= start + 2 * S && start + 2 * S <= node.high_ns);
        assert_true(node.high_ns - node.low_ns < 1200);
        bounds_destroy(&b);
    }
}

static void the_node_reads_at_most_what_the_coordinator_bounds(void **unused)
{
    (void)unused;
    const struct line line = { -40 * S, -300 * PPM };
    struct bounds *b = bounds_new(1.0);
    for (int64_t k = 0; k < 50; k++)
        exchange(b, line, 100 * S + k * 100 * MS, 4 * US + k % 7 * US, 4 * US + k % 11 * US);
    for (int64_t x = 90 * S; x < 120 * S; x += 3 * S) {
        struct bounds_interval node, coordinator;
        struct err e = { 0 };
        assert_true(bounds_node_at(b, coordinator_at(line, x), &node, &e));
        assert_true(node.low_ns <= x && x <= node.high_ns);
        /* And no wider than the bound at that moment, but for the rate and rounding. */
        coordinator = at(b, x);
        assert_true(node.high_ns - node.low_ns <= (coordinator.high_ns - coordinator.low_ns) * 1001 / 1000 + 4 * ROUND);
    }
    bounds_destroy(&b);
}

/* Probes through a queue that gets shorter by 20 ns each: one after the other is better than all
 * before it, and then makes them superfluous. After some ordinary ones. */
static void exchange_in_shrinking_queue(struct bounds *b, int64_t k)
{
    const struct line line = { S, 1000 * PPM };
    int64_t queue = k < 1000 ? 0 : 100 * US - (k - 1000) * 20;
    exchange(b, line, k * MS + (k < 1000 ? 0 : S), 5 * US + k * 7919 % 311 + queue, 5 * US + k * 6007 % 331 + queue);
}

/* Nor does memory, as long as what tells anything fits: one order fills it up, the other never, and
 * both are left with the same bounds. */
static void order_of_arrival_does_not_matter(void **unused)
{
    (void)unused;
    struct bounds *forth = bounds_new(1.0), *back = bounds_new(1.0);
    const int64_t count = 1000 + 4 * CAP;
    for (int64_t k = 0; k < count; k++) {
        exchange_in_shrinking_queue(forth, k);
        exchange_in_shrinking_queue(back, count - 1 - k);
    }
    for (int64_t x = -S; x < 6 * S; x += 3 * MS) {
        struct bounds_interval one = at(forth, x), two = at(back, x);
        assert_in_range(one.low_ns - two.low_ns + ROUND, 0, 2 * ROUND);
        assert_in_range(one.high_ns - two.high_ns + ROUND, 0, 2 * ROUND);
    }
    bounds_destroy(&forth);
    bounds_destroy(&back);
}

static void a_step_is_named_with_moment_and_size(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(1.0);
    struct err e = { 0 };
    for (int64_t k = 0; k < 10; k++)
        exchange(b, (struct line){ 0, 0 }, k * S, 2 * US, 2 * US);
    assert_true(bounds_check(b, &e));
    exchange(b, (struct line){ -10 * US, 0 }, 10 * S, 2 * US, 2 * US);
    assert_false(bounds_check(b, &e));
    assert_int_equal(e.exit, ERR_PARTIAL);
    /* 10 us, less 2 x 2 us of delays, 4 us in 9 s of rate, and twice the wander. */
    if (!strstr(e.text, "when it read 10.000000 s, 3.5"))
        fail_msg("%s", e.text);
    struct bounds_interval untouched = { 1, 2 };
    struct err again = { 0 };
    assert_false(bounds_at(b, 5 * S, &untouched, &again));
    assert_string_equal(e.text, again.text);
    assert_int_equal(untouched.low_ns, 1);
    assert_false(bounds_node_at(b, 5 * S, &untouched, &again));
    int64_t fault_at = 0, fault_size = 0;
    assert_true(bounds_fault(b, &fault_at, &fault_size));
    assert_int_equal(fault_at, 10 * S);
    assert_in_range(fault_size, 3500, 3600);
    double low = 3, high = 4;
    assert_false(bounds_rate(b, 0, S, &low, &high, &again));
    assert_true(low == 3 && high == 4);
    bounds_reset(b, 1);
    assert_true(bounds_check(b, &e));
    assert_false(bounds_fault(b, &fault_at, &fault_size));
    assert_int_equal(bounds_count(b), 0);
    bounds_destroy(&b);
}

/* The middle of the estimate is within `by` of the truth, and leads back to the reading. */
static void assert_guess(const struct bounds *b, struct line line, int64_t node_ns, int64_t by)
{
    struct bounds_interval c = { 0, 0 }, back = { 0, 0 };
    struct err e = { 0 };
    if (!bounds_guess(b, node_ns, &c, &e) || !bounds_node_guess(b, bounds_mid(c), &back, &e))
        fail_msg("%s", e.text);
    assert_in_range(llabs(bounds_mid(c) - coordinator_at(line, node_ns)), 0, by);
    assert_in_range(llabs(bounds_mid(back) - node_ns), 0, by);
}

static void behind_a_fault_each_side_is_estimated_by_its_own_exchanges(void **unused)
{
    (void)unused;
    static const struct line FIRST = { 0, 0 }, SECOND = { -5 * MS, 20 * PPM }, THIRD = { 7 * MS, 0 };
    struct bounds *b = bounds_new(1.0);
    struct err e = { 0 };
    struct bounds_interval untouched = { 1, 2 };
    assert_false(bounds_guess(b, S, &untouched, &e)); /* no exchange yet */
    for (int64_t k = 0; k < 10; k++)
        exchange(b, FIRST, k * S, 2 * US, 2 * US);
    struct bounds_interval sound = at(b, 5 * S), same = { 0, 0 };
    assert_true(bounds_guess(b, 5 * S, &same, &e)); /* without a fault it is the bound */
    assert_true(same.low_ns == sound.low_ns && same.high_ns == sound.high_ns);
    exchange(b, SECOND, 10 * S, 2 * US, 2 * US);
    assert_false(bounds_at(b, 10 * S, &untouched, &e));
    assert_guess(b, SECOND, 10 * S, 10); /* by the one exchange that showed it */
    for (int64_t k = 11; k < 20; k++)
        exchange(b, SECOND, k * S, 2 * US, 2 * US);
    assert_guess(b, FIRST, 5 * S, 10);
    assert_guess(b, SECOND, 15 * S, 10);
    exchange(b, FIRST, 9 * S + 1, 2 * US, 2 * US); /* a late one from before it */
    assert_guess(b, SECOND, 15 * S, 10);
    for (int64_t k = 20; k < 30; k++) /* another one */
        exchange(b, THIRD, k * S, 2 * US, 2 * US);
    assert_guess(b, FIRST, 5 * S, 10);
    assert_guess(b, THIRD, 25 * S, 10);
    assert_false(bounds_at(b, 25 * S, &untouched, &e)); /* nothing of it is proven */
    assert_int_equal(untouched.low_ns, 1);
    bounds_reset(b, 1);
    assert_false(bounds_guess(b, 25 * S, &untouched, &e));
    /* One that contradicts itself: no clock runs at a third of the other's rate. There is nothing to go by. */
    assert_true(bounds_add(b, 0, 0, 3 * S, S, &e));
    assert_true(bounds_add(b, 10 * S, 10 * S, 13 * S, 11 * S, &e));
    assert_false(bounds_check(b, &e));
    assert_false(bounds_guess(b, S, &untouched, &e));
    assert_false(bounds_node_guess(b, S, &untouched, &e));
    bounds_destroy(&b);
}

static void a_jump_at_one_reading_of_the_clock_is_a_step(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(1.0);
    struct err e = { 0 };
    exchange(b, (struct line){ 0, 0 }, S, 2 * US, 2 * US);
    exchange(b, (struct line){ 10 * US, 0 }, S, 2 * US, 2 * US);
    assert_false(bounds_check(b, &e));
    bounds_destroy(&b);
}

static void a_clock_at_the_edge_of_its_declaration_is_not_called_faulty(void **unused)
{
    (void)unused;
    /* +w for an hour, then -w, with delays of nothing at all; then a rate a little beyond. */
    for (int beyond = 0; beyond <= 1; beyond++) {
        struct bounds *b = bounds_new(1.0);
        struct err e = { 0 };
        for (int64_t k = 0; k <= 7200; k++) {
            int64_t ahead = k <= 3600 ? k * 1000 : 3600 * US - (k - 3600) * 1000;
            exchange(b, (struct line){ ahead - (beyond && k > 3600 ? (k - 3600) : 0), 0 }, k * S, 0, 0);
        }
        assert_int_equal(bounds_check(b, &e), !beyond);
        bounds_destroy(&b);
    }
}

static void more_exchanges_than_memory_only_widen(void **unused)
{
    (void)unused;
    /* On a parabola inside of the declaration, no point follows from the others. */
    struct bounds *b = bounds_new(100.0);
    const int64_t count = 8 * CAP;
    for (int64_t k = 0; k < count; k++)
        exchange(b, (struct line){ k * k / 100, 0 }, k * MS, US, US);
    assert_int_equal(bounds_count(b), count);
    for (int64_t k = 0; k < count; k += 7) {
        int64_t truth = k * MS + k * k / 100;
        struct bounds_interval i = at(b, k * MS);
        assert_true(i.low_ns <= truth && truth <= i.high_ns);
        assert_true(i.high_ns - i.low_ns <
                    2 * US + INT64_C(8) * 400); /* 8 ms of 200 ppm on each side, thinned evenly */
    }
    bounds_destroy(&b);
}

static void what_is_damaged_is_refused(void **unused)
{
    (void)unused;
    struct bounds *b = bounds_new(1.0);
    struct bounds_interval i;
    struct err e = { 0 };
    assert_false(bounds_at(b, 0, &i, &e));
    assert_non_null(strstr(e.text, "no clock exchange yet"));
    assert_false(bounds_add(b, 0, 10, 9, 100, &e));
    assert_non_null(strstr(e.text, "answered 1 ns before"));
    assert_false(bounds_add(b, 10, 0, 0, 9, &e));
    assert_non_null(strstr(e.text, "received 1 ns before"));
    assert_false(bounds_add(b, 0, INT64_MIN, INT64_MAX, 1, &e));
    assert_non_null(strstr(e.text, "beyond 36 years"));
    assert_int_equal(bounds_count(b), 0);
    exchange(b, (struct line){ 0, 0 }, 0, 5, 5);
    assert_false(bounds_at(b, INT64_MAX, &i, &e));
    double low, high;
    assert_false(bounds_rate(b, 5, 5, &low, &high, &e));
    bounds_destroy(&b);
    assert_null(bounds_new(-1));
    assert_null(bounds_new(NAN));
    assert_null(bounds_new(1e6));
}

/* A hostile node may name any instants: nothing may overflow or hang. */
static void the_ends_of_time_are_safe(void **unused)
{
    (void)unused;
    static const int64_t ENDS[] = { -CEILING_TIME_MAX, -1, 0, 1, CEILING_TIME_MAX };
    const size_t n = sizeof ENDS / sizeof *ENDS;
    for (size_t k = 0; k < n * n * n * n; k++) {
        struct bounds *b = bounds_new(BOUNDS_WANDER_PPM_MAX);
        int64_t coordinator[2] = { ENDS[k % n], ENDS[k / n % n] };
        int64_t node[2] = { ENDS[k / n / n % n], ENDS[k / n / n / n] };
        bool ok = bounds_add(b, coordinator[0], node[0], node[1], coordinator[1], NULL);
        ok = bounds_add(b, coordinator[0], node[0], node[0], coordinator[0], NULL) && ok;
        for (size_t q = 0; q < n; q++) {
            struct bounds_interval i;
            double low, high;
            if (bounds_at(b, ENDS[q], &i, NULL))
                assert_true(i.low_ns <= i.high_ns);
            if (bounds_node_at(b, ENDS[q], &i, NULL))
                assert_true(i.low_ns <= i.high_ns);
            if (bounds_rate(b, ENDS[0], ENDS[q], &low, &high, NULL))
                assert_true(low <= high);
        }
        bounds_destroy(&b);
        (void)ok;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_exchange_bounds_its_own_moment),
        cmocka_unit_test(an_asymmetric_path_moves_the_middle_but_not_the_truth),
        cmocka_unit_test(a_departure_told_later_is_worth_as_much),
        cmocka_unit_test(two_groups_fix_the_rate),
        cmocka_unit_test(wander_widens_between_and_beyond_exchanges),
        cmocka_unit_test(clocks_years_apart_lose_no_nanosecond),
        cmocka_unit_test(the_node_reads_at_most_what_the_coordinator_bounds),
        cmocka_unit_test(order_of_arrival_does_not_matter),
        cmocka_unit_test(a_step_is_named_with_moment_and_size),
        cmocka_unit_test(behind_a_fault_each_side_is_estimated_by_its_own_exchanges),
        cmocka_unit_test(a_jump_at_one_reading_of_the_clock_is_a_step),
        cmocka_unit_test(a_clock_at_the_edge_of_its_declaration_is_not_called_faulty),
        cmocka_unit_test(more_exchanges_than_memory_only_widen),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(the_ends_of_time_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
