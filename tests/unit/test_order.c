/* The order of numbered messages, against a plain memory of all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "stats/order.h"

static void late_and_twice_are_counted_as_by_one_who_remembers_all(void **unused)
{
    (void)unused;
    enum { NUMBERS = 400000 };
    struct random r = { 5 };
    unsigned char *came = calloc(NUMBERS, 1);
    struct order *o = calloc(1, sizeof *o);
    assert_true(came && o);
    uint64_t next = 0, late = 0, duplicates = 0;
    while (next < NUMBERS - 70000) {
        uint64_t number = next;
        switch (random_below(&r, 50)) {
        case 0: number += random_below(&r, 200); break; /* some were lost */
        case 1:
        case 2: number = next > 1000 ? next - 1 - random_below(&r, 1000) : next; break;
        default: break;
        }
        if (random_below(&r, 5000) == 0)
            number += 1000 + random_below(&r, 66000);
        duplicates += came[number];
        late += number < next && !came[number];
        came[number] = 1;
        next = number >= next ? number + 1 : next;
        assert_true(order_add(o, number));
    }
    assert_int_equal(o->next, next);
    assert_int_equal(o->late, late);
    assert_int_equal(o->duplicates, duplicates);
    assert_true(late > 100 && duplicates > 100);
    free(came);
    free(o);
}

static void what_is_too_old_is_late_and_what_jumps_far_is_a_strangers(void **unused)
{
    (void)unused;
    struct order *o = calloc(1, sizeof *o);
    assert_non_null(o);
    assert_true(order_add(o, 0) && order_add(o, 3 * ORDER_WINDOW) && order_add(o, 0));
    assert_int_equal(o->late, 1);
    assert_int_equal(o->duplicates, 0);
    assert_false(order_add(o, 3 * ORDER_WINDOW + 1 + ORDER_JUMP_MOST));
    assert_false(order_add(o, UINT64_MAX));
    assert_int_equal(o->next, 3 * ORDER_WINDOW + 1);
    assert_true(order_add(o, 3 * ORDER_WINDOW + ORDER_JUMP_MOST));
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_and_twice_are_counted_as_by_one_who_remembers_all),
        cmocka_unit_test(what_is_too_old_is_late_and_what_jumps_far_is_a_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
