/* What a node does by itself, compared: which figures, what they are together, and what is no row. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "catalogue/catalogue.h"
#include "compared_run.h"
#include "result/compare.h"

static const struct comparison *find(const struct comparisons *all, const char *figure)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].figure, figure) == 0)
            return &all->list[i];
    return NULL;
}

static const struct comparison *need(const struct comparisons *all, const char *figure)
{
    const struct comparison *c = find(all, figure);
    if (!c)
        fail_msg("'%s' is not compared", figure);
    return c;
}

static struct comparisons *compared(const struct run *run)
{
    struct comparisons *all = NULL;
    struct err e = { 0 };
    if (!compare_run(run, &all, &e))
        fail_msg("%s", e.text);
    return all;
}

struct value {
    const char *name, *unit;
    double host, guest;
};

/* A run of one workload, paired, in so many rounds: each of the figures a little higher from round to round. */
static struct run *run_of(const char *workload, const struct value *values, size_t count, int rounds)
{
    struct run *run = lab_run();
    text_copy(run->steps[0].workload, sizeof run->steps[0].workload, workload);
    run->steps[0].to[0] = '\0';
    for (int i = 0; i < 2 * rounds; i++) {
        struct trial *t = new_trial(run, 0, i / 2, i % 2);
        for (int thread = 0; thread < 2; thread++) {
            struct stream *s = trial_add_stream(t);
            text_copy(s->node, sizeof s->node, i % 2 ? "guest" : "host");
            text_copy(s->direction, sizeof s->direction, "work");
            s->operates = true;
            for (size_t f = 0; thread == 0 && f < count; f++) {
                double value = (i % 2 ? values[f].guest : values[f].host) * (1 + 0.01 * (i / 2));
                stream_add_figure(s, values[f].name, values[f].unit, value, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
                stream_add_figure(s, values[f].name, values[f].unit, value, WINDOW_WHOLE, FIGURE_ON_OWN);
            }
        }
        add_use(t, i % 2 ? "guest" : "host", 2, 0.5, 0.5);
    }
    return run;
}

static void ratio_is(const struct comparison *c, double wanted)
{
    if (!(fabs(c->ratio.ratio - wanted) <= 1e-9 * wanted))
        fail_msg("%s: %.12g instead of %.12g", c->figure, c->ratio.ratio, wanted);
}

/* Reads are half and an eighth, so a quarter together; the count of passes says nothing of a guest. */
static void files_are_compared_each_and_by_the_mean_of_their_ratios(void **unused)
{
    (void)unused;
    static const struct value VALUES[] = {
        { "write", "B/s", 4e8, 1e8 },           { "write_passes", "1", 3, 1 }, { "write_cpu", "s/GB", 0.2, 2 },
        { "read/64KiB/4KiB", "B/s", 8e9, 4e9 }, { "reread", "B/s", 8e8, 1e8 },
    };
    struct run *run = run_of("file_io", VALUES, 5, 3);
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 5);
    assert_null(find(all, "write_passes"));
    assert_null(find(all, "writes")); /* one is no set */
    ratio_is(need(all, "write"), 0.25);
    ratio_is(need(all, "read/64KiB/4KiB"), 0.5);
    ratio_is(need(all, "reread"), 0.125);
    ratio_is(need(all, "write_cpu"), 10);
    ratio_is(need(all, "reads"), 0.25);
    assert_int_equal(need(all, "reads")->members, 2);
    assert_string_equal(need(all, "reread")->member_of, "reads");
    assert_null(need(all, "reads")->member_of);
    assert_null(need(all, "write_cpu")->member_of);
    assert_true(need(all, "reads")->is_headline && need(all, "reads")->is_higher_better);
    assert_string_equal(need(all, "reads")->unit, "B/s");
    assert_true(need(all, "reread")->is_row && !need(all, "reread")->is_headline);
    assert_true(!need(all, "write_cpu")->is_row && !need(all, "write_cpu")->is_higher_better);
    assert_int_equal(need(all, "reads")->ratio.count, 3);
    assert_int_equal(need(all, "reads")->verdict, COMPARE_DIFFERENT);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void a_single_figure_is_what_its_step_is_run_for(void **unused)
{
    (void)unused;
    static const struct value ONE[] = { { "random_write", "B/s", 4e8, 4e8 } };
    struct run *run = run_of("file_io", ONE, 1, 3);
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 1);
    assert_true(need(all, "random_write")->is_headline);
    assert_int_equal(need(all, "random_write")->verdict, COMPARE_WITHIN);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void of_the_cpu_the_indexes_lead_and_the_tests_stand_beside(void **unused)
{
    (void)unused;
    static const struct value VALUES[] = { { "mem_k6", "1", 30, 3 },       { "int_k6", "1", 30, 6 },
                                           { "fp_k6", "1", 60, 30 },       { "mem_p90", "1", 110, 11 },
                                           { "idea", "loops/s", 900, 90 }, { "idea_half_width", "1", 0.01, 0.02 } };
    struct run *run = run_of("cpu", VALUES, 6, 4);
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 5);
    assert_true(need(all, "mem_k6")->is_headline && need(all, "fp_k6")->is_headline);
    assert_true(need(all, "idea")->is_row && !need(all, "idea")->is_headline);
    assert_false(need(all, "mem_p90")->is_row); /* says what mem_k6 says */
    ratio_is(need(all, "mem_p90"), need(all, "mem_k6")->ratio.ratio);
    ratio_is(need(all, "int_k6"), 0.2);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void of_times_less_is_better(void **unused)
{
    (void)unused;
    static const struct value CALLS[] = { { "syscall_p50", "s", 1e-7, 4e-7 },
                                          { "syscall_p99", "s", 2e-7, 4e-7 },
                                          { "syscall_samples", "1", 1000, 500 },
                                          { "fsync_p50", "s", 1e-3, 1e-3 } };
    static const struct value BUILD[] = {
        { "real", "s", 8, 16 }, { "user", "s", 14, 15 }, { "sys", "s", 2, 6 }, { "jobs", "1", 2, 2 }
    };
    struct run *run = run_of("micro", CALLS, 4, 3);
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 4);
    ratio_is(need(all, "operations"), 2);
    assert_false(need(all, "operations")->is_higher_better || need(all, "syscall_p99")->is_row);
    comparisons_destroy(&all);
    run_destroy(&run);
    run = run_of("compile", BUILD, 4, 3);
    if (catalogue_find("compile")) {
        all = compared(run);
        assert_int_equal(all->count, 3);
        assert_true(need(all, "real")->is_headline && need(all, "sys")->is_row);
        ratio_is(need(all, "sys"), 3);
        comparisons_destroy(&all);
    }
    run_destroy(&run);
}

/* IOzone's matrix has some thousand figures: what they are together is read, the rest is for programs. */
static void of_very_many_the_sets_alone_are_rows(void **unused)
{
    (void)unused;
    static char names[30][48];
    struct value values[30];
    for (int i = 0; i < 30; i++) {
        snprintf(names[i], sizeof names[i], "%s/64KiB/%dKiB", i % 2 ? "read" : "write", i);
        values[i] = (struct value){ names[i], "B/s", 1e9, 5e8 };
    }
    struct run *run = run_of("file_io", values, 30, 3);
    struct comparisons *all = compared(run);
    size_t rows = 0;
    for (size_t i = 0; i < all->count; i++)
        rows += all->list[i].is_row;
    assert_int_equal(all->count, 32);
    assert_int_equal(rows, 2);
    assert_int_equal(need(all, "reads")->members, 15);
    comparisons_destroy(&all);
    run_destroy(&run);
}

/* What a guest that was cut short has not told is in no mean. */
static void a_set_that_lacks_a_member_is_left_out_and_told(void **unused)
{
    (void)unused;
    static const struct value VALUES[] = { { "read", "B/s", 8e9, 4e9 }, { "reread", "B/s", 8e8, 1e8 } };
    struct run *run = run_of("file_io", VALUES, 2, 3);
    struct stream *lost = &run->trials[3].streams[0];
    assert_string_equal(lost->node, "guest");
    lost->figure_count = 2; /* `read` by both clocks */
    struct comparisons *all = compared(run);
    assert_int_equal(need(all, "reads")->ratio.count, 2);
    assert_string_equal(need(all, "reads")->left[0].why, "without the figure");
    assert_int_equal(need(all, "read")->ratio.count, 3);
    lost->figure_count = 4;
    comparisons_destroy(&all);
    run_destroy(&run);
}

/* What a node does by itself lies between its own first and last operation, whenever that is. */
static void a_late_start_of_a_node_alone_is_left_out_of_nothing(void **unused)
{
    (void)unused;
    static const struct value VALUES[] = { { "read", "B/s", 8e9, 4e9 } };
    struct run *run = run_of("file_io", VALUES, 1, 3);
    for (size_t i = 0; i < run->trial_count; i++)
        run->trials[i].verdict = VERDICT_LATE;
    struct comparisons *all = compared(run);
    assert_int_equal(need(all, "read")->ratio.count, 3);
    assert_int_equal(need(all, "read")->left_count, 0);
    assert_int_equal(need(all, "read")->with.start, VERDICT_LATE);
    comparisons_destroy(&all);
    text_copy(run->steps[0].when, sizeof run->steps[0].when, "together");
    all = compared(run);
    assert_int_equal(need(all, "read")->ratio.count, 0);
    comparisons_destroy(&all);
    run_destroy(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_compared_each_and_by_the_mean_of_their_ratios),
        cmocka_unit_test(a_single_figure_is_what_its_step_is_run_for),
        cmocka_unit_test(of_the_cpu_the_indexes_lead_and_the_tests_stand_beside),
        cmocka_unit_test(of_times_less_is_better),
        cmocka_unit_test(of_very_many_the_sets_alone_are_rows),
        cmocka_unit_test(a_late_start_of_a_node_alone_is_left_out_of_nothing),
        cmocka_unit_test(a_set_that_lacks_a_member_is_left_out_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
