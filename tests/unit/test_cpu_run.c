#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "workloads/cpu/cpu_run.h"

/* A kernel whose work takes as long as it is told, with a check that takes twice as long. */
struct slow {
    int loaded, worked, checked, wrong_at;
};

static void busy(int64_t ns)
{
    int64_t until = clock_raw_ns() + ns;
    while (clock_raw_ns() < until)
        ;
}

static void slow_make(void *state) { ((struct slow *)state)->wrong_at = -1; }
static void slow_load(void *state) { ((struct slow *)state)->loaded++; }

static uint64_t slow_work(void *state)
{
    busy(100 * 1000);
    ((struct slow *)state)->worked++;
    return 7;
}

static bool slow_check(const void *state, struct err *e)
{
    struct slow *s = (struct slow *)(uintptr_t)state;
    busy(200 * 1000);
    s->checked++;
    return s->checked != s->wrong_at || err_set(e, ERR_INTERNAL, "wrong on purpose");
}

static const struct kernel SLOW = { sizeof(struct slow), slow_make, slow_load, slow_work, slow_check };

static void a_run_lasts_by_its_work_alone_and_checks_each_unit(void **unused)
{
    (void)unused;
    struct slow *s = cpu_run_make(&SLOW);
    struct meter meter = { 0 };
    _Atomic bool stop = false;
    struct cpu_run run;
    struct err e = { 0 };
    assert_non_null(s);
    assert_int_equal((uintptr_t)s % KERNEL_ALIGNMENT, 0);
    assert_true(cpu_run_do(&SLOW, s, 1000 * 1000, &meter, &stop, &run, &e));
    assert_true(run.is_whole);
    assert_true(run.elapsed_ns >= 1000 * 1000);
    assert_true(s->worked >= 1 && s->worked <= 10);
    assert_true(s->loaded == s->worked + 1 && s->checked == s->worked);
    assert_int_equal(run.amount, 7 * s->worked);
    assert_int_equal(meter_read(&meter).operations, s->worked);
    assert_int_equal(meter_read(&meter).bytes, run.amount);
    /* the checks lie between the first unit and the last, and not in the time of the work */
    assert_true(run.last_ns - run.first_ns >= run.elapsed_ns + (s->worked - 1) * INT64_C(200000));
    assert_true(run.cpu_ns > 0 && run.cpu_ns <= run.elapsed_ns + s->worked * INT64_C(100000));
    free(s);
}

static void a_wrong_result_is_an_error_and_no_rate(void **unused)
{
    (void)unused;
    struct slow *s = cpu_run_make(&SLOW);
    struct meter meter = { 0 };
    _Atomic bool stop = false;
    struct cpu_run run = { .amount = -5 };
    struct err e = { 0 };
    s->wrong_at = 3;
    assert_false(cpu_run_do(&SLOW, s, INT64_MAX, &meter, &stop, &run, &e));
    assert_string_equal(e.text, "wrong on purpose");
    assert_int_equal(run.amount, -5);
    assert_int_equal(meter_read(&meter).operations, 2);
    free(s);
}

static void a_run_that_is_stopped_says_so(void **unused)
{
    (void)unused;
    struct slow *s = cpu_run_make(&SLOW);
    struct meter meter = { 0 };
    _Atomic bool stop = true;
    struct cpu_run run;
    struct err e = { 0 };
    assert_true(cpu_run_do(&SLOW, s, INT64_MAX, &meter, &stop, &run, &e));
    assert_false(run.is_whole);
    assert_int_equal(s->worked, 1);
    free(s);
}

static void runs_go_on_until_their_mean_is_known_well_enough(void **unused)
{
    (void)unused;
    const struct cpu_course nbench = { 5, 30, 0.05 };
    struct series steady = { 0 }, wild = { 0 };
    struct random r = { 1 };
    int count = 0;
    while (cpu_course_goes_on(&nbench, &steady))
        series_add(&steady, 100 + (double)(count++ % 2));
    assert_int_equal(steady.count, 5);
    while (cpu_course_goes_on(&nbench, &wild))
        series_add(&wild, wild.count % 2 ? 1 : 1000);
    assert_int_equal(wild.count, 30);
    assert_false(series_is_within(&wild, 0.05));
    for (int i = 0; i < 100; i++) { /* whatever ends it in between, ends it well */
        struct series some = { 0 };
        while (cpu_course_goes_on(&nbench, &some))
            series_add(&some, 100 + (double)random_below(&r, 30));
        assert_true(some.count >= 5 && some.count <= 30);
        assert_true(some.count == 30 || series_is_within(&some, 0.05));
        assert_true(some.count > 5 || series_is_within(&some, 0.05));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_lasts_by_its_work_alone_and_checks_each_unit),
        cmocka_unit_test(a_wrong_result_is_an_error_and_no_rate),
        cmocka_unit_test(a_run_that_is_stopped_says_so),
        cmocka_unit_test(runs_go_on_until_their_mean_is_known_well_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
