#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "catalogue/cpu_test.h"

static double index_of(const double rates[CPU_TEST_COUNT], int index, int base)
{
    return cpu_index_of(rates, (enum cpu_index)index, (enum cpu_base)base);
}

/* The machines that the baselines were measured on have 1.000 by definition. */
static void a_baselines_own_machine_has_index_1(void **unused)
{
    (void)unused;
    for (int base = 0; base < CPU_BASE_COUNT; base++) {
        double rates[CPU_TEST_COUNT];
        for (int i = 0; i < CPU_TEST_COUNT; i++)
            rates[i] = CPU_TEST_TABLE[i].base[base];
        for (int index = 0; index < CPU_INDEX_COUNT; index++)
            assert_true(fabs(index_of(rates, index, base) - 1) < 1e-12);
    }
}

/* A K6/233 had a memory index of 4.9, an integer one of 3.4 and a floating-point one of 1.8 Pentiums. */
static void an_index_is_the_geometric_mean_of_its_tests_alone(void **unused)
{
    (void)unused;
    double rates[CPU_TEST_COUNT];
    for (int i = 0; i < CPU_TEST_COUNT; i++)
        rates[i] = CPU_TEST_TABLE[i].base[CPU_BASE_K6];
    assert_true(fabs(index_of(rates, CPU_INDEX_MEM, CPU_BASE_P90) - cbrt(6.4607 * 4.7876 * 3.8554)) < 0.001);
    assert_true(fabs(index_of(rates, CPU_INDEX_INT, CPU_BASE_P90) - pow(3.0449 * 4.3337 * 3.3681 * 3.1316, 0.25)) <
                0.001);
    assert_true(fabs(index_of(rates, CPU_INDEX_FP, CPU_BASE_P90) - cbrt(1.7804 * 2.3773 * 1.3849)) < 0.001);
    rates[CPU_TEST_LU] *= 8;
    assert_true(fabs(index_of(rates, CPU_INDEX_FP, CPU_BASE_K6) - 2) < 1e-12);
    assert_true(fabs(index_of(rates, CPU_INDEX_INT, CPU_BASE_K6) - 1) < 1e-12);
}

static void without_a_rate_there_is_no_index(void **unused)
{
    (void)unused;
    static const double BAD[] = { 0, -1, NAN };
    for (size_t i = 0; i < 3; i++) {
        double rates[CPU_TEST_COUNT];
        for (int j = 0; j < CPU_TEST_COUNT; j++)
            rates[j] = 1;
        rates[CPU_TEST_IDEA] = BAD[i];
        assert_true(isnan(index_of(rates, CPU_INDEX_INT, CPU_BASE_P90)));
        assert_true(index_of(rates, CPU_INDEX_FP, CPU_BASE_P90) > 0);
    }
}

static void names_are_words_of_their_own(void **unused)
{
    (void)unused;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        const char *name = CPU_TEST_TABLE[i].name;
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_"), strlen(name));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, CPU_TEST_TABLE[j].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_baselines_own_machine_has_index_1),
        cmocka_unit_test(an_index_is_the_geometric_mean_of_its_tests_alone),
        cmocka_unit_test(without_a_rate_there_is_no_index),
        cmocka_unit_test(names_are_words_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
