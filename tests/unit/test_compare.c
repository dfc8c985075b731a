/* Runs whose truth is known, compared. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compared_run.h"
#include "result/compare.h"

static void near_to(double is, double wanted)
{
    if (!(fabs(is - wanted) <= 1e-6 * fmax(1, fabs(wanted))))
        fail_msg("%.9g instead of %.9g", is, wanted);
}

static struct comparisons *compared(const struct run *run)
{
    struct comparisons *all = NULL;
    struct err e = { 0 };
    if (!compare_run(run, &all, &e))
        fail_msg("%s", e.text);
    return all;
}

static const struct comparison *find(const struct comparisons *all, int step, const char *figure)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].step == step && strcmp(all->list[i].figure, figure) == 0)
            return &all->list[i];
    return NULL;
}

/* A tenth less in the guest, with some chance, of a host that is faster from round to round. */
static struct run *slower_guest(int rounds)
{
    static const double CHANCE[] = { 1.002, 0.997, 1.001, 0.999, 1.003, 0.998 };
    struct run *run = lab_run();
    for (int i = 0; i < rounds; i++)
        add_pair(run, i, 50e6 * (1 + i / 10.0), 45e6 * (1 + i / 10.0) * CHANCE[i % 6]);
    return run;
}

static void a_guest_that_is_slower_comes_out_so(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(5);
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput");
    assert_non_null(c);
    assert_string_equal(c->base.node, "host");
    assert_string_equal(c->with.node, "guest");
    assert_string_equal(c->direction, "send");
    assert_string_equal(c->unit, "bit/s");
    assert_true(c->is_headline && c->is_higher_better && !c->is_together);
    assert_int_equal(c->ratio.count, 5);
    assert_true(c->ratio.low < 0.9 && 0.9 < c->ratio.high && c->ratio.high - c->ratio.low < 0.01);
    assert_int_equal(c->verdict, COMPARE_DIFFERENT);
    assert_int_equal(c->left_count, 0);
    near_to(c->base.mean, 5 / (1 / 50e6 + 1 / 55e6 + 1 / 60e6 + 1 / 65e6 + 1 / 70e6)); /* harmonic */
    near_to(c->base.median, 60e6);
    near_to(c->base.mad, 5e6);
    near_to(c->with.ppm, -7.5);
    near_to(c->with.ppm_bound, 0.5);
    assert_int_equal(c->with.start, VERDICT_SINGLE);
    assert_int_equal(c->base.limited_by, LIMIT_UNKNOWN);
    near_to(c->with.limits.of[LIMIT_CPU].value, 0.5);
    comparisons_destroy(&all);
    assert_null(all);
    run_destroy(&run);
}

static void the_price_is_what_the_host_spent_for_each(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    for (int i = 0; i < 3; i++)
        add_pair(run, i, 80e6, 80e6); /* 50 MB in 5 s */
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput"), *cost = find(all, 0, "host_cpu");
    near_to(c->base.price, 0.30 * 5 / 0.05);
    near_to(c->with.price, 0.90 * 5 / 0.05);
    assert_string_equal(c->with.price_unit, "s/GB");
    assert_non_null(cost);
    assert_string_equal(cost->unit, "s/GB");
    assert_false(cost->is_headline || cost->is_higher_better);
    near_to(cost->ratio.ratio, 3);
    near_to(cost->base.mean, 30);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void at_the_same_limit_cost_and_latency_lead(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    for (int i = 0; i < 5; i++) {
        add_pair(run, i, 0.9990 * FULL_WIRE, 0.9985 * FULL_WIRE);
        struct trial *t = &run->trials[run->trial_count - 2];
        for (int side = 0; side < 2; side++)
            stream_add_figure(&t[side].streams[0], "rtt", "s", 0.001 * (1 + side), WINDOW_WHOLE, FIGURE_ON_OWN);
    }
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 3);
    assert_string_equal(all->list[0].figure, "host_cpu");
    assert_string_equal(all->list[1].figure, "rtt");
    assert_string_equal(all->list[2].figure, "throughput");
    assert_int_equal(all->list[2].verdict, COMPARE_SAME_LIMIT);
    assert_int_equal(all->list[2].base.limited_by, LIMIT_WIRE);
    assert_int_equal(all->list[1].verdict, COMPARE_DIFFERENT);
    near_to(all->list[1].ratio.ratio, 2);
    near_to(all->list[1].base.mean, 0.001);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void one_side_at_the_limit_is_compared_as_ever(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    for (int i = 0; i < 5; i++)
        add_pair(run, i, FULL_WIRE, 0.9 * FULL_WIRE);
    struct comparisons *all = compared(run);
    const struct comparison *c = &all->list[0];
    assert_string_equal(c->figure, "throughput");
    assert_int_equal(c->verdict, COMPARE_DIFFERENT);
    assert_int_equal(c->base.limited_by, LIMIT_WIRE);
    assert_int_equal(c->with.limited_by, LIMIT_UNKNOWN);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static enum compare_verdict verdict_of(const double *ratios, int count, double until)
{
    struct run *run = lab_run();
    run->design.until = until;
    for (int i = 0; i < count; i++)
        add_pair(run, i, 50e6, 50e6 * ratios[i]);
    struct comparisons *all = compared(run);
    enum compare_verdict verdict = find(all, 0, "throughput")->verdict;
    comparisons_destroy(&all);
    run_destroy(&run);
    return verdict;
}

static void no_difference_is_found_or_shown_to_be_small(void **unused)
{
    (void)unused;
    const double close[] = { 1.002, 0.998, 1.001, 0.999, 1 }, wide[] = { 1.10, 0.90, 1.05, 0.95, 1 };
    assert_int_equal(verdict_of(close, 5, 0), COMPARE_WITHIN);
    assert_int_equal(verdict_of(wide, 5, 0), COMPARE_NOT_FOUND);
    assert_int_equal(verdict_of(close, 5, 0.001), COMPARE_NOT_FOUND); /* within 0.2 %, but 0.1 % was asked */
    assert_int_equal(verdict_of(wide, 5, 0.5), COMPARE_WITHIN);
    assert_int_equal(verdict_of(close, 2, 0), COMPARE_TOO_FEW);
}

/* Spoil round 1 of five in some way; what is said of it, NULL for nothing. */
static void check_left(void (*spoil)(struct run *run, struct trial *host, struct trial *guest), const char *why)
{
    struct run *run = slower_guest(5);
    spoil(run, &run->trials[2], &run->trials[3]);
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput");
    assert_int_equal(c->ratio.count, why ? 4 : 5);
    assert_int_equal(c->left_count, why ? 1 : 0);
    if (why) {
        assert_string_equal(c->left[0].why, why);
        assert_int_equal(c->left[0].count, 1);
    }
    assert_true(fabs(c->ratio.ratio - 0.9) < 0.005);
    comparisons_destroy(&all);
    run_destroy(&run);
}

#define SPOIL(name, statement)                                                 \
    static void name(struct run *run, struct trial *host, struct trial *guest) \
    {                                                                          \
        (void)run, (void)host, (void)guest;                                    \
        statement;                                                             \
    }
SPOIL(noisy, trial_add_flag(host, -1, "noisy", 3, 1, "steal"))
SPOIL(link, trial_add_flag(guest, -1, "link", 2.5, 1, "a gap"))
SPOIL(clock, trial_add_flag(guest, -1, "clock", -900, 500, "the guest's clock runs 900 ppm slow"))
SPOIL(clock_fault, trial_add_flag(guest, -1, CLOCK_FAULT, 0.005, 0, "the guest's clock stepped"))
SPOIL(clock_news, trial_add_flag(guest, -1, "clock", 0, 0, "stamps over ZeroMQ"))
SPOIL(clock_within, trial_add_flag(guest, -1, "clock", -100, 500, "the guest's clock runs 100 ppm slow"))
SPOIL(late, guest->verdict = VERDICT_LATE)
SPOIL(unproven, guest->verdict = VERDICT_UNPROVEN)
SPOIL(partial, guest->partial = true)
SPOIL(no_figure, guest->streams[0].figures[0].name[0] = 'x')
SPOIL(gone, guest->streams[0].role = STREAM_WITNESS)
SPOIL(warmup, host->kind = guest->kind = TRIAL_WARMUP_KIND)

static void what_is_left_out_is_counted_and_said(void **unused)
{
    (void)unused;
    check_left(noisy, "noisy");
    check_left(link, "link");
    check_left(clock, "clock");
    check_left(clock_fault, "clock_fault");
    check_left(clock_news, NULL);
    check_left(clock_within, NULL);
    check_left(late, "late start");
    check_left(unproven, NULL); /* of a node alone */
    check_left(partial, "ended early");
    check_left(no_figure, "without the figure");
    check_left(gone, "one side is missing");
}

static void a_warm_up_is_no_block(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(5);
    warmup(run, &run->trials[0], &run->trials[1]);
    struct comparisons *all = compared(run);
    assert_int_equal(find(all, 0, "throughput")->ratio.count, 4);
    assert_int_equal(find(all, 0, "throughput")->left_count, 0);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void a_start_that_was_repeated_counts_once(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(3);
    struct trial *again = new_trial(run, 0, 1, 1);
    again->attempt = 1;
    add_flow(again, "guest", "send", 55e6 * 0.5);
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput");
    assert_int_equal(c->ratio.count, 3);
    near_to(c->with.median, 45e6 * 1.002); /* of 45.1, 27.5 and 54.1: the first attempt is not among them */
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void all_pairs_left_out_are_told_of(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(3);
    for (size_t i = 0; i < run->trial_count; i++)
        trial_add_flag(&run->trials[i], -1, "noisy", 3, 1, "steal");
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput");
    assert_non_null(c);
    assert_int_equal(c->verdict, COMPARE_TOO_FEW);
    assert_int_equal(c->ratio.count, 0);
    assert_int_equal(c->left[0].count, 3);
    assert_true(isnan(c->ratio.ratio) && isnan(c->base.mean));
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void one_that_stands_apart_is_marked_and_kept(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(6);
    run->trials[9].streams[0].figures[0].value /= 3; /* the guest in round 4 */
    struct comparisons *all = compared(run);
    const struct comparison *c = find(all, 0, "throughput");
    assert_int_equal(c->ratio.count, 6);
    assert_int_equal(c->outlier_count, 1);
    assert_int_equal(c->outliers[0], 4);
    assert_int_equal(c->verdict, COMPARE_NOT_FOUND);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void together_is_contention_and_no_limit(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    for (int i = 0; i < 4; i++) {
        struct trial *t = new_trial(run, 1, i, 0);
        add_flow(t, "host", "send", 0.5 * FULL_WIRE);
        add_flow(t, "guest", "send", 0.49 * FULL_WIRE);
        add_use(t, "host", 2, 1.2, 0.3);
        t->verdict = i == 3 ? VERDICT_UNPROVEN : VERDICT_TOGETHER;
    }
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 1); /* whose the host's CPU was nobody can say */
    const struct comparison *c = &all->list[0];
    assert_true(c->is_together && c->label.contention);
    assert_int_equal(c->base.limited_by, LIMIT_WIRE);
    assert_int_equal(c->verdict, COMPARE_DIFFERENT);
    near_to(c->ratio.ratio, 0.98);
    assert_int_equal(c->ratio.count, 3);
    assert_string_equal(c->left[0].why, "unproven start");
    assert_int_equal(c->with.start, VERDICT_UNPROVEN);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void parallel_streams_count_together(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    for (int i = 0; i < 3; i++) {
        struct trial *t = new_trial(run, 0, i, 0);
        add_flow(t, "host", "send", 20e6);
        add_flow(t, "host", "send", 30e6);
        t = new_trial(run, 0, i, 1);
        add_flow(t, "guest", "send", 25e6);
    }
    struct comparisons *all = compared(run);
    near_to(all->list[0].ratio.ratio, 0.5);
    near_to(all->list[0].base.mean, 50e6);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void both_directions_are_compared_and_their_price_once(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(3);
    for (size_t i = 0; i < run->trial_count; i++)
        add_flow(&run->trials[i], i % 2 ? "guest" : "host", "receive", 40e6);
    struct comparisons *all = compared(run);
    int throughputs = 0, prices = 0;
    for (size_t i = 0; i < all->count; i++) {
        throughputs += strcmp(all->list[i].figure, "throughput") == 0;
        prices += strcmp(all->list[i].figure, "host_cpu") == 0;
    }
    assert_int_equal(throughputs, 2);
    assert_int_equal(prices, 1);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void whom_to_compare_is_the_designs_or_plain(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(3);
    text_copy(run->nodes[GUEST].role, sizeof run->nodes[GUEST].role, "host");
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 0); /* two hosts: which one is the base? */
    comparisons_destroy(&all);
    text_copy(run->design.base, sizeof run->design.base, "guest");
    all = compared(run);
    assert_true(fabs(1 / find(all, 0, "throughput")->ratio.ratio - 0.9) < 0.001); /* the other way round */
    assert_string_equal(find(all, 0, "throughput")->with.node, "host");
    comparisons_destroy(&all);
    run->design.with = calloc(1, sizeof *run->design.with);
    run->design.with_count = 1;
    text_copy(run->design.with[0], sizeof run->design.with[0], "peer");
    all = compared(run);
    assert_int_equal(all->count, 0); /* which was never under test */
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void a_run_without_trials_has_no_comparison(void **unused)
{
    (void)unused;
    struct run *run = lab_run();
    struct comparisons *all = compared(run);
    assert_int_equal(all->count, 0);
    near_to(comparisons_width(all, 0), 0);
    comparisons_destroy(&all);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void the_width_is_that_of_the_widest_headline(void **unused)
{
    (void)unused;
    struct run *run = slower_guest(2);
    struct comparisons *all = compared(run);
    assert_true(isinf(comparisons_width(all, 0))); /* no interval yet */
    near_to(comparisons_width(all, 1), 0);
    comparisons_destroy(&all);
    run_destroy(&run);
    run = slower_guest(6);
    all = compared(run);
    near_to(comparisons_width(all, 0), find(all, 0, "throughput")->ratio.width);
    assert_true(comparisons_width(all, 0) > 0 && comparisons_width(all, 0) < 0.01);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void two_runs_are_compared_node_by_node(void **unused)
{
    (void)unused;
    struct run *before = slower_guest(5), *after = slower_guest(5);
    for (size_t i = 0; i < after->trial_count; i += 2)
        after->trials[i].streams[0].figures[0].value /= 2; /* the host is at half its speed */
    text_copy(after->version, sizeof after->version, "0.2.0");
    free(after->steps[0].options);
    after->steps[0].options = strdup("{\"length\": \"2s\", \"direction\": \"send\"}");
    struct comparisons *all = NULL;
    struct err e = { 0 };
    before->design.with = calloc(1, sizeof *before->design.with); /* who is compared within a run does not matter */
    before->design.with_count = 1;
    text_copy(before->design.with[0], sizeof before->design.with[0], "guest");
    assert_true(compare_runs(before, after, &all, &e));
    const struct comparison *host = find(all, 0, "throughput");
    assert_string_equal(host->base.node, "host");
    assert_string_equal(host->with.node, "host");
    assert_ptr_equal(host->base.run, before);
    assert_ptr_equal(host->with.run, after);
    near_to(host->ratio.ratio, 0.5);
    assert_int_equal(host->label.count, 2);
    assert_string_equal(host->label.differences[0].fact, "coordinator");
    assert_string_equal(host->label.differences[1].fact, "options");
    assert_string_equal(host->label.differences[1].base, "length 5s");
    assert_string_equal(host->label.differences[1].with, "length 2s");
    assert_string_equal(all->list[all->count - 1].base.node, "guest");
    comparisons_destroy(&all);
    text_copy(after->steps[0].name, sizeof after->steps[0].name, "another");
    text_copy(after->steps[1].workload, sizeof after->steps[1].workload, "another");
    assert_true(compare_runs(before, after, &all, &e));
    assert_int_equal(all->count, 0);
    comparisons_destroy(&all);
    run_destroy(&before);
    run_destroy(&after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_that_is_slower_comes_out_so),
        cmocka_unit_test(the_price_is_what_the_host_spent_for_each),
        cmocka_unit_test(at_the_same_limit_cost_and_latency_lead),
        cmocka_unit_test(one_side_at_the_limit_is_compared_as_ever),
        cmocka_unit_test(no_difference_is_found_or_shown_to_be_small),
        cmocka_unit_test(what_is_left_out_is_counted_and_said),
        cmocka_unit_test(a_warm_up_is_no_block),
        cmocka_unit_test(a_start_that_was_repeated_counts_once),
        cmocka_unit_test(all_pairs_left_out_are_told_of),
        cmocka_unit_test(one_that_stands_apart_is_marked_and_kept),
        cmocka_unit_test(together_is_contention_and_no_limit),
        cmocka_unit_test(parallel_streams_count_together),
        cmocka_unit_test(both_directions_are_compared_and_their_price_once),
        cmocka_unit_test(whom_to_compare_is_the_designs_or_plain),
        cmocka_unit_test(a_run_without_trials_has_no_comparison),
        cmocka_unit_test(the_width_is_that_of_the_widest_headline),
        cmocka_unit_test(two_runs_are_compared_node_by_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
