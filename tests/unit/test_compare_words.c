/* Every sentence that a comparison can say, and the tables at 80 and 120 columns. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

#include "compared_run.h"
#include "golden.h"
#include "report/compare_words.h"
#include "report/report_compare.h"

/* Host and guest, five blocks; each test changes what it is about. */
static struct run *shown;

static struct comparison sample(enum compare_verdict verdict, double ratio, double low, double high)
{
    shown = shown ? shown : lab_run();
    shown->design.until = 0;
    struct comparison c = { .direction = "send",
                            .figure = "throughput",
                            .unit = "bit/s",
                            .is_higher_better = true,
                            .is_headline = true,
                            .verdict = verdict,
                            .margin = 0.03 };
    c.base = (struct compare_side){ .run = shown, .node = "host", .limited_by = LIMIT_UNKNOWN };
    c.with = (struct compare_side){ .run = shown, .node = "guest", .limited_by = LIMIT_UNKNOWN };
    c.ratio = (struct ratio){ .count = 5,
                              .ratio = ratio,
                              .low = low,
                              .high = high,
                              .width = high / ratio - 1,
                              .smallest = 0.041,
                              .drift_p = NAN };
    c.within = fmax(1 - low, high - 1);
    return c;
}

static void says(const struct comparison *c, const char *wanted)
{
    char text[COMPARE_WORDS];
    assert_string_equal(compare_words(c, text), wanted);
}

static void a_difference_is_told_with_its_size_and_certainty(void **unused)
{
    (void)unused;
    struct comparison c = sample(COMPARE_DIFFERENT, 0.966, 0.951, 0.982);
    says(&c, "guest: 3.4 % less throughput than host (1.8 to 4.9 % with 95 % confidence, 5 blocks)");
    c = sample(COMPARE_DIFFERENT, 1.25, 1.2, 1.3);
    says(&c, "guest: 25 % more throughput than host (20 to 30 % with 95 % confidence, 5 blocks)");
    c = sample(COMPARE_DIFFERENT, 0.5, 0.49, 0.51);
    says(&c, "guest: 0.5 times the throughput of host (0.49 to 0.51 times with 95 % confidence, 5 blocks)");
    c.figure = "latency_p50";
    says(&c, "guest: 0.5 times the median latency of host (0.49 to 0.51 times with 95 % confidence, 5 blocks)");
}

static void no_difference_found_is_not_shown_to_be_small(void **unused)
{
    (void)unused;
    struct comparison c = sample(COMPARE_WITHIN, 1.001, 0.996, 1.004);
    says(&c, "guest is shown to be within 0.4 % of host in throughput (95 % confidence, 5 blocks)");
    c = sample(COMPARE_NOT_FOUND, 1.01, 0.9, 1.1);
    says(&c,
         "no difference in throughput found between host and guest, which does not show that there is none: 5 blocks "
         "find one of 4.1 % 8 times of 10");
    c.ratio.smallest = 1.3;
    says(&c,
         "no difference in throughput found between host and guest, which does not show that there is none: 5 blocks "
         "find one of 130 % 8 times of 10");
}

static void without_an_interval_none_is_made_up(void **unused)
{
    (void)unused;
    struct comparison c = sample(COMPARE_TOO_FEW, 0.9, NAN, NAN);
    c.ratio.count = 2;
    says(&c, "guest: 0.9 times the throughput of host in 2 blocks; an interval needs 3");
    c.ratio.count = 1;
    says(&c, "guest: 0.9 times the throughput of host in 1 block; an interval needs 3");
    c.ratio.count = 0;
    says(&c, "host and guest: no block can be compared");
}

static void at_the_same_limit_the_ratio_says_nothing(void **unused)
{
    (void)unused;
    struct comparison c = sample(COMPARE_SAME_LIMIT, 1, 0.999, 1.001);
    c.base.limits.of[LIMIT_WIRE] = (struct limit){
        .is_known = true, .value = 94.1e6, .ceiling = 94.15e6, .unit = "bit/s", .what = "host's eth0, 100.0 Mbit/s"
    };
    says(&c, "host and guest both fill the same wire: their ratio says nothing of guest; its price and its latency do; "
             "wire 99.9 % (94.10 Mbit/s of 94.15 Mbit/s, host's eth0, 100.0 Mbit/s)");
}

static void what_bears_on_a_verdict_follows_it(void **unused)
{
    (void)unused;
#define VERDICT "guest: 3.4 % less throughput than host (1.8 to 4.9 % with 95 % confidence, 5 blocks)"
    struct comparison c = sample(COMPARE_DIFFERENT, 0.966, 0.951, 0.982);
    c.base.limited_by = LIMIT_WIRE;
    says(&c, VERDICT "; host fills the wire, without which the difference may be larger");
    c.base.limited_by = LIMIT_UNKNOWN;
    c.is_together = true;
    says(&c, VERDICT "; at the same time: how they share, not what one costs");
    c.is_together = false;
    c.left[0] = (struct compare_left){ "noisy", 2 }, c.left[1] = (struct compare_left){ "late start", 1 };
    c.left_count = 2;
    says(&c, VERDICT "; left out of it, blocks: 2: noisy, 1: late start");
    c.left_count = 0;
    c.outliers[0] = 3, c.outliers[1] = 6, c.outlier_count = 2;
    says(&c, VERDICT "; stands apart, and is in it: round 4, 7");
    c.outliers[0] = 0, c.outlier_count = 1;
    says(&c, VERDICT "; stands apart, and is in it: round 1 (the first: is a warm-up missing?)");
    c.outlier_count = 0;
    c.ratio.drift = -0.012, c.ratio.drift_p = 0.003;
    says(&c, VERDICT "; the ratio drifts by -1.2 % a round (p = 0.003)");
    c.ratio.drift_p = 0.06;
    says(&c, VERDICT);
    c.label.one_boot = true;
    says(&c, VERDICT "; holds for this boot of the guest");
}

static void what_was_asked_for_and_not_reached_is_loud(void **unused)
{
    (void)unused;
    char text[COMPARE_WORDS];
    struct comparison c = sample(COMPARE_DIFFERENT, 0.9, 0.85, 0.945);
    assert_string_equal(compare_words_until(&c, text), "");
    shown->design.until = 0.03;
    assert_string_equal(compare_words_until(&c, text), "NOT REACHED: +-3 % was asked for, +-5 % is what 5 blocks gave");
    c.ratio.width = NAN;
    assert_string_equal(compare_words_until(&c, text), "NOT REACHED: +-3 % was asked for, 5 blocks make no interval");
    c.ratio.width = 0.03;
    assert_string_equal(compare_words_until(&c, text), "");
    shown->design.until = 0;
}

static void emulation_is_never_the_cost_of_kvm(void **unused)
{
    (void)unused;
    char text[COMPARE_WORDS];
    struct comparison c = sample(COMPARE_DIFFERENT, 0.5, 0.49, 0.51);
    assert_string_equal(compare_words_label(&c, text), "like for like");
    c.label.emulation = true;
    c.label.differences[0] = (struct difference){ .words = "CPUs", .base = "2", .with = "1" };
    c.label.differences[1] = (struct difference){ .words = "kernel", .base = "6.1\x1b[31m", .with = "6.12" };
    c.label.count = 2;
    assert_string_equal(compare_words_label(&c, text),
                        "emulation, 2 differences (emulated: not the cost of KVM): CPUs 2 / 1; "
                        "kernel 6.1?[31m / 6.12");
}

static void two_runs_are_told_apart(void **unused)
{
    (void)unused;
    struct comparison c = sample(COMPARE_WITHIN, 1, 0.99, 1.01);
    struct run other = { .no = 13 };
    c.with.run = &other;
    c.with.node = "host";
    says(&c, "host in run 13 is shown to be within 1 % of host in run 12 in throughput (95 % confidence, 5 blocks)");
}

/* ---- tables ---- */

/* A full wire in one step, a slower guest in another, both at once in a third. */
static struct run *run_to_show(void)
{
    static const double CHANCE[] = { 1.002, 0.997, 1.001, 0.999, 1.003 };
    struct run *run = lab_run();
    name_step(run, "slow", "paired");
    for (int i = 0; i < 5; i++) {
        add_pair(run, i, 0.999 * FULL_WIRE, 0.998 * FULL_WIRE * CHANCE[i] / 1.003);
        add_pair(run, i, 50e6, 45e6 * CHANCE[i]);
        for (int k = 0; k < 2; k++) {
            struct trial *t = &run->trials[run->trial_count - 1 - (size_t)k];
            t->step = 2;
            t->block += 100;
        }
        struct trial *t = new_trial(run, 1, i, 0);
        t->block += 200;
        add_flow(t, "host", "send", 0.5 * FULL_WIRE);
        add_flow(t, "guest", "send", 0.49 * FULL_WIRE * CHANCE[i] / 1.003);
        t->verdict = VERDICT_TOGETHER;
    }
    set_facts(run, GUEST,
              "{\"accelerator\": \"tcg\", \"cpus_allowed\": \"0\", \"kernel\": \"6.1.0-28-cloud-amd64\", "
              "\"arch\": \"x86_64\", \"links\": [{\"name\": \"eth0\", \"mtu\": 1500}], "
              "\"routes\": [\"10.77.0.0/24 eth0 0\"]}");
    trial_add_flag(&run->trials[0], -1, "noisy", 3, 1, "steal");
    return run;
}

static char *table_of(const struct comparisons *all, int width)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    assert_true(report_compare_table(&(const struct page){ out, width, false }, all, &e));
    fclose(out);
    return text;
}

static void the_tables_look_as_agreed(void **unused)
{
    (void)unused;
    struct run *run = run_to_show();
    struct comparisons *all = NULL;
    struct err e = { 0 };
    assert_true(compare_run(run, &all, &e));
    static const struct {
        int width;
        const char *golden;
    } TABLES[] = { { 80, "report/compare-80.txt" }, { 120, "report/compare-120.txt" } };
    for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
        char *text = table_of(all, TABLES[i].width);
        golden_check(TABLES[i].golden, text);
        for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
            assert_true(end - line <= TABLES[i].width);
            assert_true(end == line || end[-1] != ' ');
        }
        free(text);
    }
    comparisons_destroy(&all);
    run_destroy(&run);
}

static void the_json_is_as_agreed(void **unused)
{
    (void)unused;
    struct run *run = run_to_show();
    struct comparisons *all = NULL;
    struct err e = { 0 };
    assert_true(compare_run(run, &all, &e));
    json_t *list = report_compare_json(all), *first = json_array_get(list, all->count - 1);
    static const char *const KEYS[] = { "step",    "figure", "base",       "with",  "blocks",      "ratio",
                                        "low",     "high",   "limited_by", "label", "differences", "text",
                                        "verdict", "sides",  "left_out",   "drift" };
    assert_int_equal(json_array_size(list), all->count);
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++)
        if (!json_object_get(first, KEYS[i]))
            fail_msg("no key '%s'", KEYS[i]);
    assert_true(json_is_string(json_object_get(first, "limited_by")));
    assert_true(json_array_size(json_object_get(first, "differences")) > 0);
    json_decref(list);
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    report_compare_csv(all, out);
    fclose(out);
    for (const char *at = text; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, all->count + 1);
    free(text);
    comparisons_destroy(&all);
    run_destroy(&run);
}

static int forget(void **unused)
{
    (void)unused;
    run_destroy(&shown);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_is_told_with_its_size_and_certainty),
        cmocka_unit_test(no_difference_found_is_not_shown_to_be_small),
        cmocka_unit_test(without_an_interval_none_is_made_up),
        cmocka_unit_test(at_the_same_limit_the_ratio_says_nothing),
        cmocka_unit_test(what_bears_on_a_verdict_follows_it),
        cmocka_unit_test(what_was_asked_for_and_not_reached_is_loud),
        cmocka_unit_test(emulation_is_never_the_cost_of_kvm),
        cmocka_unit_test(two_runs_are_told_apart),
        cmocka_unit_test(the_tables_look_as_agreed),
        cmocka_unit_test(the_json_is_as_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
