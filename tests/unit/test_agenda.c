#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "run/agenda.h"

static void nobody_is_due_on_an_empty_one(void **unused)
{
    (void)unused;
    struct agenda a = { 0 };
    struct agenda_entry e = { 0 };
    assert_null(agenda_first(&a));
    agenda_remove(&a, &e);
    assert_null(agenda_first(&a));
    agenda_clear(&a);
}

static void who_is_moved_comes_when_it_is_due_now(void **unused)
{
    (void)unused;
    struct agenda a = { 0 };
    struct agenda_entry x = { 0 }, y = { 0 };
    assert_true(agenda_reserve(&a, 2, NULL));
    agenda_set(&a, &x, 10);
    agenda_set(&a, &y, 20);
    assert_ptr_equal(agenda_first(&a), &x);
    agenda_set(&a, &x, 30);
    assert_ptr_equal(agenda_first(&a), &y);
    agenda_set(&a, &x, INT64_MIN);
    assert_ptr_equal(agenda_first(&a), &x);
    assert_int_equal(a.count, 2);
    agenda_remove(&a, &x);
    agenda_remove(&a, &x);
    assert_ptr_equal(agenda_first(&a), &y);
    agenda_clear(&a);
}

/* Against a plain list, with many at one time. */
static void the_first_is_the_first_of_all_whatever_was_moved(void **unused)
{
    (void)unused;
    enum { MANY = 50, STEPS = 50000, TIMES = 40 };
    struct random r = { 7 };
    struct agenda a = { 0 };
    struct agenda_entry all[MANY] = { 0 };
    bool is_on[MANY] = { false };
    size_t count = 0;
    assert_true(agenda_reserve(&a, MANY, NULL));
    for (int step = 0; step < STEPS; step++) {
        size_t i = random_below(&r, MANY);
        bool is_on_now = random_below(&r, 3) != 0;
        if (is_on_now)
            agenda_set(&a, &all[i], (int64_t)random_below(&r, TIMES));
        else
            agenda_remove(&a, &all[i]);
        count += (size_t)is_on_now - (size_t)is_on[i];
        is_on[i] = is_on_now;
        const struct agenda_entry *first = NULL;
        for (size_t j = 0; j < MANY; j++)
            if (is_on[j] && (!first || all[j].due_ns < first->due_ns))
                first = &all[j];
        assert_int_equal(a.count, count);
        assert_true((agenda_first(&a) == NULL) == (first == NULL));
        if (first)
            assert_int_equal(agenda_first(&a)->due_ns, first->due_ns);
    }
    int64_t last = -1;
    for (struct agenda_entry *e; (e = agenda_first(&a)); agenda_remove(&a, e)) {
        assert_true(e->due_ns >= last);
        last = e->due_ns;
        count--;
    }
    assert_int_equal(count, 0);
    agenda_clear(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_due_on_an_empty_one),
        cmocka_unit_test(who_is_moved_comes_when_it_is_due_now),
        cmocka_unit_test(the_first_is_the_first_of_all_whatever_was_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
