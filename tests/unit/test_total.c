#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "result/summary.h"
#include "result/total.h"
#include "sample_run.h"

static struct trial *trial_of(struct run *run, int step, const double *rates, int count)
{
    static const char *const NODES[] = { "a", "b", "c", "d" };
    struct trial *t = new_trial(run, step, 0, 0);
    for (int i = 0; i < count; i++)
        add_load(t, NODES[i], "send", rates[i], 0);
    return t;
}

static void the_index_is_jain_s(void **unused)
{
    (void)unused;
    static const struct {
        double rates[4];
        int count;
        double sum, least, most, jain;
    } CASES[] = {
        { { 5, 5, 5, 5 }, 4, 20, 5, 5, 1 },     /* all alike */
        { { 8, 0, 0, 0 }, 4, 8, 0, 8, 0.25 },   /* one got everything: 1/n */
        { { 1, 2, 3 }, 3, 6, 1, 3, 36.0 / 42 }, /* by hand */
        { { 4e9, 6e9 }, 2, 1e10, 4e9, 6e9, 100.0 / 104 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct run *run = new_run();
        struct total total;
        assert_true(total_of(trial_of(run, 0, CASES[i].rates, CASES[i].count), "send", WINDOW_WHOLE, &total));
        assert_int_equal(total.streams, CASES[i].count);
        assert_float_equal(total.sum, CASES[i].sum, 1e-6);
        assert_float_equal(total.least, CASES[i].least, 1e-6);
        assert_float_equal(total.most, CASES[i].most, 1e-6);
        assert_float_equal(total.jain, CASES[i].jain, 1e-6);
        run_destroy(&run);
    }
}

static void one_stream_or_a_missing_figure_makes_no_total(void **unused)
{
    (void)unused;
    static const double RATES[] = { 1, 2 };
    struct run *run = new_run();
    struct total total = { .streams = 77 };
    struct trial *t = trial_of(run, 0, RATES, 1);
    add_witness(t, "a"); /* the other end of the same bytes */
    add_load(t, "a", "receive", 3, 0);
    assert_false(total_of(t, "send", WINDOW_WHOLE, &total));
    assert_false(total_of(t, "receive", WINDOW_WHOLE, &total));
    t = trial_of(run, 0, RATES, 2);
    text_copy(trial_add_stream(t)->direction, 16, "send"); /* ended before it had a figure */
    assert_false(total_of(t, "send", WINDOW_WHOLE, &total));
    assert_int_equal(total.streams, 77);
    static const double NOTHING[] = { 0, 0 };
    assert_true(total_of(trial_of(run, 0, NOTHING, 2), "send", WINDOW_WHOLE, &total));
    assert_true(isnan(total.jain));
    run_destroy(&run);
}

static void what_ran_at_once_is_summed_over_the_same_time(void **unused)
{
    (void)unused;
    static const double RATES[] = { 40, 50 }, NOTHING[] = { 0, 0 };
    struct run *run = new_run();
    struct total total = { 0 };
    struct trial *t = trial_of(run, 0, RATES, 2);
    assert_true(total_at_once(t, "send", &total));
    assert_float_equal(total.sum, 90.0F * 1.001F, 1e-3);
    for (size_t i = 0; i < t->streams[1].figure_count; i++)
        if (t->streams[1].figures[i].window == WINDOW_COMMON) /* they never ran at the same time */
            t->streams[1].figures[i].value = NAN;
    assert_true(total_at_once(t, "send", &total));
    assert_float_equal(total.sum, 90, 1e-9);
    total.streams = 77;
    assert_false(total_at_once(trial_of(run, 0, NOTHING, 2), "send", &total));
    assert_false(total_at_once(trial_of(run, 0, RATES, 1), "send", &total));
    assert_int_equal(total.streams, 77);
    run_destroy(&run);
}

static void a_summary_has_the_medians_of_what_counts(void **unused)
{
    (void)unused;
    static const double ROUNDS[][2] = { { 40, 50 }, { 45, 45 }, { 10, 90 }, { 1000, 1000 } };
    struct run *run = new_run();
    struct summary *summary = NULL;
    struct err e = { 0 };
    trial_of(run, 0, ROUNDS[0], 1); /* alone: no total of step 0 */
    for (size_t i = 0; i < ARRAY_SIZE(ROUNDS); i++)
        trial_of(run, 1, ROUNDS[i], 2)->block = 100 + (int)i;
    run->trials[4].partial = true;
    assert_true(summary_of(run, &summary, &e));
    assert_int_equal(summary->total_count, 1);
    const struct summary_total *total = &summary->totals[0];
    assert_int_equal(total->step, 1);
    assert_string_equal(total->direction, "send");
    assert_int_equal(total->streams, 2);
    assert_int_equal(total->sum.count, 3);
    /* of the window in which both ran, which sample_run.h makes by 1.001 faster than the whole one */
    assert_float_equal(total->sum.median, 90.0F * 1.001F, 1e-3);
    assert_float_equal(total->least.median, 40.0F * 1.001F, 1e-3);
    assert_float_equal(total->most.median, 50.0F * 1.001F, 1e-3);
    assert_float_equal(total->jain.most, 1, 1e-9);
    assert_float_equal(total->jain.least, 10000.0 / (2 * 8200), 1e-9);
    summary_destroy(&summary);
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_index_is_jain_s),
        cmocka_unit_test(one_stream_or_a_missing_figure_makes_no_total),
        cmocka_unit_test(what_ran_at_once_is_summed_over_the_same_time),
        cmocka_unit_test(a_summary_has_the_medians_of_what_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
