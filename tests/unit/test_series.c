#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "stats/series.h"

static void nearly(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.9g instead of %.9g", value, expected);
}

/* NIST/SEMATECH e-Handbook, table 1.3.6.7.2, and the normal quantile in the end. */
static void quantiles_are_those_of_the_tables(void **unused)
{
    (void)unused;
    nearly(series_student(1), 12.706, 0.0005);
    nearly(series_student(4), 2.776, 0.0005);
    nearly(series_student(29), 2.045, 0.0005);
    nearly(series_student(30), 2.042, 0.0005);
    nearly(series_student(31), 2.040, 0.0006);
    nearly(series_student(50), 2.009, 0.0006);
    nearly(series_student(100), 1.984, 0.0006);
    nearly(series_student(1000000), 1.960, 0.0005);
    for (size_t n = 1; n < 200; n++)
        assert_true(series_student(n) > series_student(n + 1));
}

/* NIST StRD, 'NumAcc4': the digits that a sum of squares loses. */
static void far_from_zero_no_digit_is_lost(void **unused)
{
    (void)unused;
    struct series s = { 0 };
    series_add(&s, 10000000.2);
    for (int i = 0; i < 500; i++) {
        series_add(&s, 10000000.1);
        series_add(&s, 10000000.3);
    }
    assert_int_equal(s.count, 1001);
    nearly(s.mean, 10000000.2, 1e-7);
    nearly(series_deviation(&s), 0.1, 1e-8);
}

static void one_value_bounds_nothing(void **unused)
{
    (void)unused;
    struct series s = { 0 };
    assert_true(isinf(series_half_width(&s)));
    series_add(&s, 5);
    assert_true(isinf(series_half_width(&s)));
    assert_true(series_deviation(&s) == 0);
    assert_false(series_is_within(&s, 0.05));
    series_add(&s, 5);
    assert_true(series_is_within(&s, 0));
}

/* Mean 10, deviation 1: +-2.776 / sqrt(5) = 1.2415. */
static void half_width_is_students(void **unused)
{
    (void)unused;
    static const double VALUES[] = { 10 - 1.26491106406735, 10 - 0.632455532033676, 10, 10 + 0.632455532033676,
                                     10 + 1.26491106406735 };
    struct series s = { 0 };
    for (size_t i = 0; i < 5; i++)
        series_add(&s, VALUES[i]);
    nearly(series_deviation(&s), 1, 1e-12);
    nearly(series_half_width(&s), 1.2415, 0.0005);
    assert_true(series_is_within(&s, 0.125));
    assert_false(series_is_within(&s, 0.124));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_tables),
        cmocka_unit_test(far_from_zero_no_digit_is_lost),
        cmocka_unit_test(one_value_bounds_nothing),
        cmocka_unit_test(half_width_is_students),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
