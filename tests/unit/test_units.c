#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/units.h"

static void durations_and_sizes_read_exactly(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t value;
        bool (*parse)(const char *, int64_t *, struct err *);
    } CASES[] = {
        { "10s", INT64_C(10000000000), units_parse_duration },
        { "0.1s", 100000000, units_parse_duration },
        { "1.5 ms", 1500000, units_parse_duration },
        { "0", 0, units_parse_duration },
        { "2h", INT64_C(7200000000000), units_parse_duration },
        { "64KiB", 65536, units_parse_size },
        { "1.5KiB", 1536, units_parse_size },
        { "1MB", 1000000, units_parse_size },
        { "100Mbit/s", 100000000, units_parse_rate },
        { "3%", 30000, units_parse_percent },
        { "0.5%", 5000, units_parse_percent },
        { "0.0001 %", 1, units_parse_percent },
        { "-7", -7, units_parse_int },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        int64_t value = -1;
        struct err e = { 0 };
        if (!CASES[i].parse(CASES[i].text, &value, &e))
            fail_msg("%s: %s", CASES[i].text, e.text);
        assert_int_equal(value, CASES[i].value);
    }
}

static void what_is_no_quantity_is_refused_with_its_reason(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *because;
    } CASES[] = {
        { "10", "has no unit" },
        { "s", "is not a duration" },
        { "", "is not a duration" },
        { "-1s", "is not a duration" },
        { "10 parsecs", "unknown unit 'parsecs'" },
        { "1.s", "no digit after the point" },
        { "0.1ns", "is not a whole number of ns" },
        { "99999999999999999999s", "too large" },
        { "9999999999h", "too large" },
        { "1e3s", "unknown unit" },
        { "1.0000000000001s", "too many decimals" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        int64_t value = 42;
        struct err e = { 0 };
        assert_false(units_parse_duration(CASES[i].text, &value, &e));
        assert_int_equal(value, 42);
        if (!strstr(e.text, CASES[i].because))
            fail_msg("'%s' says: %s", CASES[i].text, e.text);
    }
    int64_t value = 0;
    struct err e = { 0 };
    assert_false(units_parse_int("12x", &value, &e));
    assert_false(units_parse_int("99999999999999999999", &value, &e));
    assert_false(units_parse_int(" 1", &value, &e));
}

static void what_is_printed_reads_back_to_the_same(void **unused)
{
    (void)unused;
    static const int64_t VALUES[] = { 0,        1,     999,     1000,      1024,
                                      1500,     65536, 1000000, 123456789, INT64_C(3600000000000),
                                      INT64_MAX };
    for (size_t i = 0; i < ARRAY_SIZE(VALUES); i++) {
        char text[40];
        int64_t back = -1;
        struct err e = { 0 };
        assert_true(units_parse_duration(units_print_duration(VALUES[i], text, sizeof text), &back, &e));
        assert_int_equal(back, VALUES[i]);
        assert_true(units_parse_size(units_print_size(VALUES[i], text, sizeof text), &back, &e));
        assert_int_equal(back, VALUES[i]);
        assert_true(units_parse_rate(units_print_rate(VALUES[i], text, sizeof text), &back, &e));
        assert_int_equal(back, VALUES[i]);
    }
    char text[40];
    assert_string_equal(units_print_duration(INT64_C(1500000000), text, sizeof text), "1500ms");
    assert_string_equal(units_print_size(65536, text, sizeof text), "64KiB");
    assert_string_equal(units_print_percent(30000, text, sizeof text), "3%");
    assert_string_equal(units_print_percent(5000, text, sizeof text), "0.5%");
    assert_string_equal(units_print_percent(1000001, text, sizeof text), "100.0001%");
    assert_string_equal(units_print_percent(0, text, sizeof text), "0%");
}

static void people_see_few_digits(void **unused)
{
    (void)unused;
    char text[40];
    assert_string_equal(units_show_rate(94149000.0, text, sizeof text), "94.15 Mbit/s");
    assert_string_equal(units_show_rate(941490000.0, text, sizeof text), "941.5 Mbit/s");
    assert_string_equal(units_show_frequency(23456.4, text, sizeof text), "23456 /s");
    assert_string_equal(units_show_frequency(9.96, text, sizeof text), "10.0 /s");
    assert_string_equal(units_show_ns(-12345, text, sizeof text), "-12.35 us");
    assert_string_equal(units_show_ns(7, text, sizeof text), "7 ns");
    assert_string_equal(units_show_ns_within(312, 2400, text, sizeof text), "0.31 +-2.40 us");
    assert_string_equal(units_show_ns_within(-4100000, 2400, text, sizeof text), "-4.10 +-0.00 ms");
    assert_string_equal(units_show_ns_within(0, 40, text, sizeof text), "0 +-40 ns");
}

static void a_wait_is_as_exact_as_a_person_needs_it(void **unused)
{
    (void)unused;
    static const struct {
        int64_t ms;
        const char *text;
    } CASES[] = {
        { -5, "0 s" },
        { 0, "0 s" },
        { 45400, "45 s" },
        { 59600, "1 min 0 s" },
        { 67500, "1 min 10 s" },
        { 3599000, "1 h 0 min" },
        { 7500000, "2 h 5 min" },
        { INT64_C(86399000), "1 d 0 h" },
        { INT64_C(273600000), "3 d 4 h" },
    };
    char text[40];
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++)
        assert_string_equal(units_show_wait(CASES[i].ms * 1000000, text, sizeof text), CASES[i].text);
    units_show_wait(INT64_MAX, text, sizeof text);
}

static void strings_stay_in_their_bounds(void **unused)
{
    (void)unused;
    char small[4] = "";
    assert_false(text_copy(small, sizeof small, "four"));
    assert_string_equal(small, "fou");
    assert_true(text_copy(small, sizeof small, "abc"));
    assert_false(text_append(small, sizeof small, "d"));
    assert_true(text_is_name("host-1.lab"));
    assert_false(text_is_name("-host"));
    assert_false(text_is_name("a b"));
    assert_false(text_is_name(""));
    assert_true(text_is_printable("gr\xc3\xbc\xc3\x9f", 6));
    assert_false(text_is_printable("\x1b[31m", 5));
    assert_false(text_is_printable("\xc0\x80", 2));     /* overlong */
    assert_false(text_is_printable("\xc2\x9b", 2));     /* C1: another escape */
    assert_false(text_is_printable("\xed\xa0\x80", 3)); /* surrogate */
    char words[] = "a\x1b[31m\nb\xc2\x9b"
                   "c\x7f gr\xc3\xbc\xc3\x9f";
    text_disarm(words);
    assert_string_equal(words, "a?[31m?b??c? gr\xc3\xbc\xc3\x9f");
    char cut[] = "\xe2\x82 \xff \xc3\xbc \xc3"; /* pieces of characters, and one that is whole */
    text_disarm(cut);
    assert_string_equal(cut, "?? ? \xc3\xbc ?");
    assert_int_equal(text_distance("lenght", "length"), 1);
    assert_int_equal(text_distance("warmup", "warm-up"), 1);
    assert_int_equal(text_distance("", "abc"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_and_sizes_read_exactly),
        cmocka_unit_test(what_is_no_quantity_is_refused_with_its_reason),
        cmocka_unit_test(what_is_printed_reads_back_to_the_same),
        cmocka_unit_test(people_see_few_digits),
        cmocka_unit_test(a_wait_is_as_exact_as_a_person_needs_it),
        cmocka_unit_test(strings_stay_in_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
