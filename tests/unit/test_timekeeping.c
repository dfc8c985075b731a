/* What a kernel does to its clocks: how it is read, and what is told of a change. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/timex.h>

#include "base/clock.h"
#include "base/text.h"
#include "observe/timekeeping.h"
#include "result/kernel_clocks.h"
#include "tempdir.h"

static void the_machines_own_is_read_without_any_right(void **unused)
{
    (void)unused;
    struct timekeeping now;
    struct err e = { 0 };
    const int64_t before = clock_raw_ns();
    if (!timekeeping_read("", &now, &e)) {
        print_message("[  SKIPPED ] %s: a filter of this machine's\n", e.text);
        skip();
    }
    assert_true(now.raw_ns >= before && now.raw_ns <= clock_raw_ns());
    struct timex t = { .modes = 0 };
    assert_int_equal(adjtimex(&t) != TIME_ERROR, now.is_synchronized);
    assert_int_equal(now.tick_us, t.tick);
    assert_true(llabs(now.frequency) <= 512 << 16); /* the kernel takes no more */
}

static void the_clock_source_is_sysfss_word(void **state)
{
    const char *root = *state;
    struct timekeeping now;
    struct err e = { 0 };
    char path[256] = "";
    assert_true(text_append(path, sizeof path, "%s", root));
    for (const char *part = "/sys\0/devices\0/system\0/clocksource\0/clocksource0\0"; *part; part += strlen(part) + 1) {
        assert_true(text_append(path, sizeof path, "%s", part));
        assert_int_equal(mkdir(path, 0700), 0);
    }
    if (!timekeeping_read(root, &now, &e))
        skip();
    assert_string_equal(now.clocksource, ""); /* sysfs does not tell */
    assert_true(text_append(path, sizeof path, "/current_clocksource"));
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("kvm-clock\n", file);
    fclose(file);
    assert_true(timekeeping_read(root, &now, &e));
    assert_string_equal(now.clocksource, "kvm-clock");
}

/* ---- what a trial tells ---- */

static const struct message_timekeeping QUIET = { .raw_ns = 7,
                                                  .frequency = 12 << 16,
                                                  .tick_us = 10000,
                                                  .ticks_s = 100,
                                                  .status = STA_PLL | STA_NANO,
                                                  .is_synchronized = 1,
                                                  .clocksource = "tsc" };

/* The flag's text, "" for none, of a node that told these. */
static const char *told(const struct message_timekeeping *before, const struct message_timekeeping *after,
                        struct trial *t)
{
    static char text[MODEL_TEXT];
    struct raw_node n = { .name = "guest" };
    *t = (struct trial){ 0 };
    for (int i = 0; i < MOMENT_COUNT; i++) {
        const struct message_timekeeping *m = i == MOMENT_BEFORE ? before : after;
        n.has_timekeeping[i] = m != NULL;
        if (m)
            n.timekeeping[i] = *m;
    }
    assert_true(kernel_clocks_add(&n, t));
    assert_true(t->flag_count <= 1);
    if (t->flag_count == 1)
        assert_string_equal(t->flags[0].kind, "kernel_clock");
    text_copy(text, sizeof text, t->flag_count == 1 ? t->flags[0].text : "");
    return text;
}

static void is_told(const struct message_timekeeping *after, const char *text)
{
    struct trial t;
    assert_string_equal(told(&QUIET, after, &t), text);
    assert_int_equal(t.kernel_clock_count, 2);
    trial_clear(&t);
}

static void both_moments_are_kept_and_a_trimmed_frequency_is_no_change(void **unused)
{
    (void)unused;
    struct trial t;
    struct message_timekeeping after = QUIET;
    after.frequency += 1 << 15; /* 0.5 ppm: within the wander that is assumed */
    after.offset_ns = -3000, after.error_ns = 1000, after.raw_ns = 9;
    assert_string_equal(told(&QUIET, &after, &t), "");
    assert_int_equal(t.kernel_clock_count, 2);
    assert_int_equal(t.kernel_clocks[0].moment, MOMENT_BEFORE);
    assert_int_equal(t.kernel_clocks[1].moment, MOMENT_AFTER);
    assert_true(t.kernel_clocks[0].ppm == 12 && t.kernel_clocks[1].ppm == 12.5);
    assert_int_equal(t.kernel_clocks[1].own_ns, 9);
    assert_int_equal(t.kernel_clocks[1].offset_ns, -3000);
    assert_string_equal(t.kernel_clocks[1].status, "pll nano");
    trial_clear(&t);
}

static void frequency_and_tick_add_up(void **unused)
{
    (void)unused;
    static const struct {
        int64_t frequency;
        uint32_t tick_us, ticks_s;
        double ppm;
    } CASES[] = { { 0, 10000, 100, 0 },
                  { 3 << 15, 10000, 100, 1.5 },
                  { -(1 << 16), 10001, 100, 99 }, /* chrony sets both */
                  { 0, 999, 1000, -1000 } };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct trial t;
        struct message_timekeeping m = QUIET;
        m.frequency = CASES[i].frequency, m.tick_us = CASES[i].tick_us, m.ticks_s = CASES[i].ticks_s;
        assert_string_equal(told(&m, &m, &t), "");
        assert_true(t.kernel_clocks[0].ppm == CASES[i].ppm);
        trial_clear(&t);
    }
}

static void a_change_is_flagged_with_node_before_and_after(void **unused)
{
    (void)unused;
#define BEFORE "guest: its kernel's clocks: before +12.000 ppm, synchronized (pll nano), tsc; after "
    struct message_timekeeping after = QUIET;
    after.frequency = -(488 << 16);
    is_told(&after, BEFORE "-488.000 ppm, synchronized (pll nano), tsc");
    after = QUIET;
    after.status |= STA_UNSYNC, after.is_synchronized = 0;
    is_told(&after, BEFORE "+12.000 ppm, not synchronized (pll unsync nano), tsc");
    after = QUIET;
    after.slew_ns = -2500000;
    is_told(&after, BEFORE "+12.000 ppm, synchronized (pll nano), slewing -2.50 ms, tsc");
    after = QUIET;
    text_copy(after.clocksource, sizeof after.clocksource, "hpet");
    is_told(&after, BEFORE "+12.000 ppm, synchronized (pll nano), hpet");
    after = QUIET;
    after.status |= STA_PPSJITTER; /* a pulse's quality comes and goes */
    is_told(&after, "");
}

static void what_a_kernel_does_not_tell_is_not_compared(void **unused)
{
    (void)unused;
    struct trial t;
    struct message_timekeeping after = { .unknown = "adjtimex: Operation not permitted" };
    assert_string_equal(told(&QUIET, &after, &t), "");
    assert_int_equal(t.kernel_clock_count, 2);
    assert_true(isnan(t.kernel_clocks[1].ppm));
    assert_string_equal(t.kernel_clocks[1].why, "adjtimex: Operation not permitted");
    trial_clear(&t);
    assert_string_equal(told(&QUIET, NULL, &t), ""); /* ended early */
    assert_int_equal(t.kernel_clock_count, 1);
    trial_clear(&t);
    assert_string_equal(told(NULL, NULL, &t), ""); /* a stock netserver */
    assert_int_equal(t.kernel_clock_count, 0);
    trial_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_machines_own_is_read_without_any_right),
        cmocka_unit_test_setup_teardown(the_clock_source_is_sysfss_word, tempdir_make, tempdir_remove),
        cmocka_unit_test(frequency_and_tick_add_up),
        cmocka_unit_test(both_moments_are_kept_and_a_trimmed_frequency_is_no_change),
        cmocka_unit_test(a_change_is_flagged_with_node_before_and_after),
        cmocka_unit_test(what_a_kernel_does_not_tell_is_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
