#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "result/ratio.h"

static const double AT[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const double ONES[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

static void near_to(double is, double wanted)
{
    if (!(fabs(is - wanted) <= 1e-9 * fmax(1, fabs(wanted))))
        fail_msg("%.12g instead of %.12g", is, wanted);
}

static struct ratio ratio(const double *base, const double *with, size_t count)
{
    struct ratio r;
    struct err e = { 0 };
    if (!ratio_of(base, with, AT, count, &r, &e))
        fail_msg("%s", e.text);
    return r;
}

static void the_estimate_is_the_geometric_mean_of_the_pairs_ratios(void **unused)
{
    (void)unused;
    const double base[] = { 100, 200 }, with[] = { 50, 400 }; /* 1/2 and 2 */
    near_to(ratio(base, with, 2).ratio, 1);
    near_to(ratio(base, with, 1).ratio, 0.5);
    assert_true(isnan(ratio(base, with, 0).ratio));
}

/* By hand: logarithms -a, 0, a have the standard deviation a; t(0.975, 2) = 4.30265272975. */
static void the_interval_is_students_of_the_logarithms(void **unused)
{
    (void)unused;
    const double a = 0.01, with[] = { 0.9 * exp(-0.01), 0.9, 0.9 * exp(0.01) };
    struct ratio r = ratio(ONES, with, 3);
    const double half = 4.30265272975 * a / sqrt(3);
    near_to(r.ratio, 0.9);
    near_to(r.low, 0.9 * exp(-half));
    near_to(r.high, 0.9 * exp(half));
    near_to(r.width, expm1(half));
    near_to(r.smallest, expm1((4.30265272975 + 1.06066017178) * a / sqrt(3))); /* t(0.8, 2) = 3 / sqrt 8 */
    assert_true(r.boot_low >= 0.9 * exp(-a) - 1e-12 && r.boot_high <= 0.9 * exp(a) + 1e-12 && r.boot_low < r.boot_high);
}

static void two_pairs_have_no_interval(void **unused)
{
    (void)unused;
    const double with[] = { 0.9, 0.95 };
    struct ratio r = ratio(ONES, with, 2);
    assert_true(isnan(r.low) && isnan(r.high) && isnan(r.width) && isnan(r.smallest) && isnan(r.boot_low));
    assert_true(isnan(r.drift_p));
}

static void what_changes_both_sides_alike_drops_out(void **unused)
{
    (void)unused;
    const double base[] = { 100, 50, 10, 80 }, with[] = { 98, 49, 9.8, 78.4 };
    struct ratio r = ratio(base, with, 4);
    near_to(r.ratio, 0.98);
    near_to(r.low, 0.98);
    near_to(r.high, 0.98);
    assert_true(r.drift_p > 0.05); /* rounding is no drift */
}

static void equal_pairs_are_certain(void **unused)
{
    (void)unused;
    struct ratio r = ratio(ONES, ONES, 5);
    near_to(r.ratio, 1);
    near_to(r.width, 0);
    near_to(r.smallest, 0);
    near_to(r.drift_p, 1);
}

static void a_ratio_that_moves_is_found_out(void **unused)
{
    (void)unused;
    const double moving[] = { 1.001, 1.019, 1.041, 1.060, 1.079, 1.102 };
    struct ratio r = ratio(ONES, moving, 6);
    assert_true(r.drift_p < 0.001);
    assert_true(r.drift > 0.015 && r.drift < 0.025);
    const double straight[] = { 1, 2, 4, 8 };
    near_to(ratio(ONES, straight, 4).drift, 1); /* doubles each time */
    near_to(ratio(ONES, straight, 4).drift_p, 0);
    const double still[] = { 1.02, 0.99, 1.01, 0.98, 1.03, 1.00 };
    assert_true(ratio(ONES, still, 6).drift_p > 0.05);
}

static void one_that_stands_apart_is_marked(void **unused)
{
    (void)unused;
    const double with[] = { 1.00, 1.01, 0.99, 1.02, 0.5, 1.00, 0.98 };
    bool marks[7];
    size_t count = 9;
    struct err e = { 0 };
    assert_true(ratio_mark_outliers(ONES, with, 7, marks, &count, &e));
    assert_int_equal(count, 1);
    assert_true(marks[4]);
    assert_true(ratio_mark_outliers(ONES, ONES, 7, marks, &count, &e));
    assert_int_equal(count, 0);
    assert_true(ratio_mark_outliers(ONES, ONES, 0, marks, &count, &e));
    assert_int_equal(count, 0);
}

static void the_same_pairs_give_the_same_numbers(void **unused)
{
    (void)unused;
    const double with[] = { 0.97, 0.95, 0.99, 0.96, 0.98 };
    struct ratio a = ratio(ONES, with, 5), b = ratio(ONES, with, 5);
    assert_memory_equal(&a, &b, sizeof a);
}

/* 60 km/h there and 30 back make 40, and 1 h and 2 h make 1.5. */
static void rates_are_averaged_over_the_work_and_times_over_the_trials(void **unused)
{
    (void)unused;
    near_to(ratio_mean_of_rates((const double[]){ 60, 30 }, 2), 40);
    near_to(ratio_mean_of_times((const double[]){ 1, 2 }, 2), 1.5);
    assert_true(isnan(ratio_mean_of_rates(ONES, 0)) && isnan(ratio_mean_of_times(ONES, 0)));
}

static void the_median_is_not_moved_by_one(void **unused)
{
    (void)unused;
    double odd[] = { 5, 1, 1000, 3, 4 }, even[] = { 4, 1, 3, 2 }, median, mad;
    ratio_median(odd, 5, &median, &mad);
    near_to(median, 4);
    near_to(mad, 1);
    ratio_median(even, 4, &median, &mad);
    near_to(median, 2.5);
    near_to(mad, 1);
    ratio_median(even, 0, &median, &mad);
    assert_true(isnan(median) && isnan(mad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_estimate_is_the_geometric_mean_of_the_pairs_ratios),
        cmocka_unit_test(the_interval_is_students_of_the_logarithms),
        cmocka_unit_test(two_pairs_have_no_interval),
        cmocka_unit_test(what_changes_both_sides_alike_drops_out),
        cmocka_unit_test(equal_pairs_are_certain),
        cmocka_unit_test(a_ratio_that_moves_is_found_out),
        cmocka_unit_test(one_that_stands_apart_is_marked),
        cmocka_unit_test(the_same_pairs_give_the_same_numbers),
        cmocka_unit_test(rates_are_averaged_over_the_work_and_times_over_the_trials),
        cmocka_unit_test(the_median_is_not_moved_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
