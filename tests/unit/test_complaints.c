#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "run/complaints.h"

static const int64_t START = INT64_C(1000000000000), EVERY = COMPLAINTS_EVERY_S * (int64_t)CLOCK_NS_PER_S;

struct told {
    int count;
    char note[96]; /* the last one that was told */
};

/* `times` faults at one moment. */
static struct told fault(struct complaints *c, const char *who, int64_t now, int times)
{
    struct told told = { 0 };
    for (int i = 0; i < times; i++) {
        char note[96];
        if (!complaints_may_tell(c, who, now, note, sizeof note))
            continue;
        told.count++;
        for (size_t j = 0; j < sizeof note; j++)
            told.note[j] = note[j];
    }
    return told;
}

static void a_few_are_told_and_the_last_of_them_says_that_more_are_not(void **unused)
{
    (void)unused;
    struct complaints *c = complaints_new();
    struct told told = fault(c, "a", START, COMPLAINTS_AT_ONCE - 1);
    assert_int_equal(told.count, COMPLAINTS_AT_ONCE - 1);
    assert_string_equal(told.note, "");
    told = fault(c, "a", START, 1000);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.note, " (its next ones are told every 10 s at most)");
    complaints_destroy(&c);
    assert_null(c);
    complaints_destroy(&c);
}

static void what_was_not_told_is_counted(void **unused)
{
    (void)unused;
    struct complaints *c = complaints_new();
    (void)fault(c, "a", START, COMPLAINTS_AT_ONCE + 41);
    assert_int_equal(fault(c, "a", START + EVERY - 1, 1).count, 0);
    struct told told = fault(c, "a", START + EVERY, 9);
    assert_int_equal(told.count, 1);
    assert_string_equal(told.note, " (42 before it were not told)");
    told = fault(c, "a", START + 2 * EVERY, 1);
    assert_string_equal(told.note, " (8 before it were not told)");
    complaints_destroy(&c);
}

static void who_rested_has_its_whole_allowance_and_no_more(void **unused)
{
    (void)unused;
    struct complaints *c = complaints_new();
    (void)fault(c, "a", START, COMPLAINTS_AT_ONCE);
    assert_int_equal(fault(c, "a", START + 3 * EVERY, 1000).count, 3);
    assert_int_equal(fault(c, "a", START + 1000 * EVERY, 1000).count, COMPLAINTS_AT_ONCE);
    complaints_destroy(&c);
}

static void one_sender_does_not_silence_another(void **unused)
{
    (void)unused;
    struct complaints *c = complaints_new();
    (void)fault(c, "a", START, 1000);
    assert_int_equal(fault(c, "b", START, 1000).count, COMPLAINTS_AT_ONCE);
    complaints_destroy(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_are_told_and_the_last_of_them_says_that_more_are_not),
        cmocka_unit_test(what_was_not_told_is_counted),
        cmocka_unit_test(who_rested_has_its_whole_allowance_and_no_more),
        cmocka_unit_test(one_sender_does_not_silence_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
