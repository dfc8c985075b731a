/* Lists of CPUs as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cpu_list.h"
#include "base/text.h"

static void cpus_are_counted_and_what_is_no_list_counts_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int count;
    } CASES[] = {
        { "0", 1 },
        { "0-3", 4 },
        { "0-3,8", 5 },
        { "1,2,3", 3 },
        { "7-7", 1 },
        { "0-65535", 65536 },
        { "", 0 },
        { "a", 0 },
        { "1-", 0 },
        { "-1", 0 },
        { "3-1", 0 },
        { "1,,2", 0 },
        { "1,", 0 },
        { ",1", 0 },
        { "0-65536", 0 },
        { "1 ", 0 },
        { "1;2", 0 },
        { "1-2-3", 0 },
        { "999999999999999999999", 0 },
        { "0-65535,0", 0 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        if (cpu_list_count(CASES[i].list) != CASES[i].count)
            fail_msg("'%s': %d, not %d", CASES[i].list, cpu_list_count(CASES[i].list), CASES[i].count);
}

static void ranges_come_one_after_the_other(void **state)
{
    (void)state;
    const char *list = "2-4,9";
    int first = 0, last = 0;
    assert_true(cpu_list_next(&list, &first, &last));
    assert_int_equal(first, 2);
    assert_int_equal(last, 4);
    assert_true(cpu_list_next(&list, &first, &last));
    assert_int_equal(first, 9);
    assert_int_equal(last, 9);
    assert_false(cpu_list_next(&list, &first, &last));
    assert_int_equal(*list, '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpus_are_counted_and_what_is_no_list_counts_nothing),
        cmocka_unit_test(ranges_come_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
