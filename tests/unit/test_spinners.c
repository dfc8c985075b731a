#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/spinners.h"

static void each_spinner_of_a_machine_has_a_cpu_or_nobody_there_spins(void **unused)
{
    (void)unused;
    const struct spinner enough[] = { { "a", "a", 2, 2, 1 }, { "a", "a", 2, 2, 1 }, { "b", "b", 1, 1, 1 } };
    const struct spinner many[] = { { "a", "a", 2, 2, 1 }, { "a", "a", 2, 2, 2 }, { "b", "b", 1, 1, 1 } };
    for (size_t i = 0; i < 3; i++) {
        assert_true(spinners_may_spin(enough, 3, i));
        assert_int_equal(spinners_may_spin(many, 3, i), i == 2);
    }
    assert_int_equal(spinners_slot(enough, 0), 0);
    assert_int_equal(spinners_slot(enough, 1), 1);
    assert_int_equal(spinners_slot(enough, 2), 0); /* of a kernel of its own */
}

static void a_guest_spins_on_a_cpu_of_its_host(void **unused)
{
    (void)unused;
    /* The guest has one vCPU for its one starter; whether the host has CPUs for both is what counts. */
    const struct spinner two[] = { { "host", "host", 2, 2, 1 }, { "guest", "host", 1, 2, 1 } };
    const struct spinner one[] = { { "host", "host", 1, 1, 1 }, { "guest", "host", 1, 1, 1 } };
    for (size_t i = 0; i < 2; i++) {
        assert_true(spinners_may_spin(two, 2, i));
        assert_false(spinners_may_spin(one, 2, i));
    }
    assert_int_equal(spinners_slot(two, 1), 0);
    /* More starters than vCPUs, on a host with enough for all. */
    const struct spinner small[] = { { "host", "host", 8, 8, 1 }, { "guest", "host", 1, 8, 2 } };
    assert_true(spinners_may_spin(small, 2, 0));
    assert_false(spinners_may_spin(small, 2, 1));
}

static void who_has_no_first_operation_takes_no_cpu(void **unused)
{
    (void)unused;
    const struct spinner nodes[] = { { "a", "a", 1, 1, 1 }, { "a", "a", 1, 1, 0 } };
    assert_true(spinners_may_spin(nodes, 2, 0));
    assert_true(spinners_may_spin(nodes, 2, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_spinner_of_a_machine_has_a_cpu_or_nobody_there_spins),
        cmocka_unit_test(a_guest_spins_on_a_cpu_of_its_host),
        cmocka_unit_test(who_has_no_first_operation_takes_no_cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
