#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>

#include "base/text.h"
#include "golden.h"
#include "report/print.h"
#include "report/report_csv.h"
#include "report/report_json.h"
#include "report/report_list.h"
#include "report/report_terminal.h"
#include "result/summary.h"
#include "sample_run.h"

static char *shown(bool (*report)(const struct run *, FILE *, int, bool, struct err *), const struct run *run,
                   int width, bool color)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (!report(run, out, width, color, &e))
        fail_msg("%s", e.text);
    fclose(out);
    return text;
}

static int widest(const char *text)
{
    int most = 0;
    for (const char *line = text; *line;) {
        char copy[1024];
        size_t length = strcspn(line, "\n");
        text_copy(copy, length + 1, line);
        most = print_width(copy) > most ? print_width(copy) : most;
        line += length + (line[length] != '\0');
    }
    return most;
}

static void the_table_looks_as_agreed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width;
        bool color;
    } CASES[] = { { "report/table-80.txt", 80, false },
                  { "report/table-120.txt", 120, false },
                  { "report/table-120-color.txt", 120, true } };
    struct run *run = rich_run();
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char *text = shown(report_table, run, CASES[i].width, CASES[i].color);
        golden_check(CASES[i].name, text);
        assert_true(CASES[i].color || !strchr(text, '\x1b'));
        free(text);
    }
    run_destroy(&run);
}

static void no_line_is_wider_than_asked(void **state)
{
    (void)state;
    struct run *run = rich_run();
    memset(run->nodes[1].name, 'g', 63);
    memset(run->trials[1].streams[0].node, 'g', 63);
    memset(run->trials[1].streams[0].direction, 'd', 15);
    memset(run->trials[0].flags[0].text, 'w', MODEL_TEXT - 1);
    for (int width = 40; width <= 200; width++) {
        char *text = shown(report_table, run, width, false);
        if (widest(text) > width)
            fail_msg("%d columns asked, %d used:\n%s", width, widest(text), text);
        free(text);
    }
    run_destroy(&run);
}

static void runs_without_anything_are_reported_too(void **state)
{
    (void)state;
    struct run *run = new_run();
    run->status = RUN_ABORTED;
    run->ended_real_ns = 0;
    text_copy(run->why, sizeof run->why, "its coordinator ended without a word");
    char *text = shown(report_table, run, 80, false);
    golden_check("report/table-empty.txt", text);
    free(text);
    run_destroy(&run);
}

static json_t *json_of(const struct run *run)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (!report_json(run, out, &e))
        fail_msg("%s", e.text);
    fclose(out);
    json_error_t why;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root)
        fail_msg("%s at line %d", why.text, why.line);
    free(text);
    return root;
}

static void the_json_has_its_stable_keys(void **state)
{
    (void)state;
    struct run *run = rich_run();
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    assert_true(report_json(run, out, &e));
    fclose(out);
    golden_check("report/run.json", text);
    free(text);

    json_t *root = json_of(run);
    int schema, no, block, attempt;
    const char *uuid, *scenario, *status, *name, *role, *product, *step, *workload, *when, *verdict, *node, *peer;
    const char *unit, *window, *kind, *flag_text, *a, *b;
    json_t *fingerprint, *nodes, *trials, *streams, *comparisons;
    double value, ppm, ppm_bound, host_cpu_s;
    json_int_t skew, bound;
    /* The stable keys of data-model.md, each of its type. */
    assert_int_equal(json_unpack(root, "{s:i s:s s:i s:s s:s s:o s:o s:o}", "schema", &schema, "run", &uuid, "no", &no,
                                 "scenario", &scenario, "status", &status, "nodes", &nodes, "trials", &trials,
                                 "comparisons", &comparisons),
                     0);
    assert_int_equal(schema, 1);
    assert_int_equal(no, 12);
    assert_string_equal(status, "complete");
    assert_true(json_array_size(comparisons) > 0); /* host and guest */
    assert_int_equal(json_unpack(json_array_get(nodes, 1), "{s:s s:s s:s s:o}", "name", &name, "role", &role, "product",
                                 &product, "fingerprint", &fingerprint),
                     0);
    assert_string_equal(role, "guest");
    assert_string_equal(json_string_value(json_object_get(fingerprint, "kernel")), "6.1.0-28-amd64");
    assert_int_equal(json_unpack(json_array_get(trials, 2), "{s:s s:s s:i s:i s:s s:{s:s s:[{s:s s:s s:I s:I}]} s:o}",
                                 "step", &step, "workload", &workload, "block", &block, "attempt", &attempt, "when",
                                 &when, "start", "verdict", &verdict, "pairs", "a", &a, "b", &b, "skew_ns", &skew,
                                 "bound_ns", &bound, "streams", &streams),
                     0);
    assert_string_equal(verdict, "together");
    assert_int_equal(skew, -1240);
    assert_int_equal(json_array_size(streams), 2);
    assert_int_equal(
        json_unpack(json_array_get(trials, 2), "{s:[{s:s s:s}]}", "flags", "kind", &kind, "text", &flag_text), 0);
    assert_string_equal(kind, "noisy");
    assert_null(strchr(flag_text, '\x1b'));
    json_t *first = json_array_get(json_object_get(json_array_get(trials, 0), "streams"), 0);
    assert_int_equal(json_unpack(first, "{s:s s:s s:{s:{s:F s:s s:s}} s:{s:F s:F} s:{s:F}}", "node", &node, "peer",
                                 &peer, "figures", "throughput", "value", &value, "unit", &unit, "window", &window,
                                 "clock", "dilation_ppm", &ppm, "bound_ppm", &ppm_bound, "cost", "host_cpu_s",
                                 &host_cpu_s),
                     0);
    assert_string_equal(window, "whole");
    assert_float_equal(value, 94.15e6, 1e-3);
    assert_float_equal(host_cpu_s, 0.25, 1e-9); /* its processes': the machine is shared with the peer */
    json_decref(root);
    run_destroy(&run);
}

/* Whatever a struct holds, the JSON parses: no NaN, no broken UTF-8, no endless number. */
static void strange_values_do_not_break_the_json(void **state)
{
    (void)state;
    struct run *run = rich_run();
    struct trial *t = &run->trials[0];
    t->clocks[0].ppm = NAN;
    t->clocks[0].ppm_bound = INFINITY;
    t->flags[0].value = -INFINITY;
    t->streams[0].figures[0].value = NAN;
    t->streams[0].first_op_ns = INT64_MIN;
    memset(t->streams[0].node, 0xff, sizeof t->streams[0].node - 1);
    memset(run->scenario, 0x80, sizeof run->scenario - 1);
    free(run->nodes[0].fingerprint);
    run->nodes[0].fingerprint = strdup("[[[[ no JSON");
    free(run->nodes[1].fingerprint);
    run->nodes[1].fingerprint = NULL;
    json_t *root = json_of(run);
    json_t *trial = json_array_get(json_object_get(root, "trials"), 0);
    json_t *stream = json_array_get(json_object_get(trial, "streams"), 0);
    json_t *throughput = json_object_get(json_object_get(stream, "figures"), "throughput");
    json_t *flag = json_array_get(json_object_get(trial, "flags"), 0);
    json_t *node = json_array_get(json_object_get(root, "nodes"), 0);
    assert_true(json_is_null(json_object_get(throughput, "value")));
    assert_true(json_is_null(json_object_get(flag, "value")));
    assert_int_equal(json_object_size(json_object_get(node, "fingerprint")), 0);
    json_decref(root);
    char *text = shown(report_table, run, 80, true);
    assert_non_null(strstr(text, "????"));
    free(text);
    run_destroy(&run);
}

static char *csv_of(const struct run *run)
{
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &size);
    if (!report_csv(run, out, &e))
        fail_msg("%s", e.text);
    fclose(out);
    return text;
}

static void the_csv_has_a_row_a_figure(void **state)
{
    (void)state;
    struct run *run = rich_run();
    size_t figures = 0, lines = 0;
    for (size_t t = 0; t < run->trial_count; t++)
        for (size_t s = 0; s < run->trials[t].stream_count; s++)
            figures += run->trials[t].streams[s].figure_count;
    text_copy(run->scenario, sizeof run->scenario, "=cmd(\"x\"), and more");
    char *text = csv_of(run);
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, figures + 1);
    assert_non_null(strstr(text,
                           "\n12,\"'=cmd(\"\"x\"\"), and more\",stream,net_stream,paired,1,0,0,0,1,measure,single,"
                           "host,peer,load,send,throughput,94150000,bit/s,whole,coordinator,\n"));
    free(text);
    run_destroy(&run);
}

/* A slow round of many and a fast one of few: no sum of rounds gives what is told of both; the third, which was cut
 * short, is in neither. */
static void exports_tell_the_percentiles_of_all_rounds(void **state)
{
    (void)state;
    struct run *run = new_run();
    struct hist *h = malloc(sizeof *h);
    assert_non_null(h);
    for (int round = 0; round < 3; round++) {
        struct trial *t = new_trial(run, 0, round, 0);
        struct stream *s = add_load(t, "host", "ask", 1e6, 0);
        *h = (struct hist){ 0 };
        for (int i = 0; i < (round == 0 ? 990 : 10); i++)
            hist_add(h, round == 0 ? 100 : round == 1 ? 50 : 10);
        s->latencies = malloc(HIST_PACKED_MAX);
        assert_non_null(s->latencies);
        s->latencies_size = hist_pack(h, s->latencies);
        t->partial = round == 2;
    }
    free(h);
    json_t *root = json_of(run), *all = json_object_get(root, "latencies");
    const char *step, *node, *direction, *unit;
    int trials, transactions;
    double least, mean, middle;
    assert_int_equal(json_array_size(all), 1);
    assert_int_equal(json_unpack(json_array_get(all, 0), "{s:s s:s s:s s:i s:i s:{s:{s:F s:s} s:{s:F} s:{s:F}}}",
                                 "step", &step, "node", &node, "direction", &direction, "trials", &trials,
                                 "transactions", &transactions, "figures", "latency_min", "value", &least, "unit",
                                 &unit, "latency_mean", "value", &mean, "latency_p50", "value", &middle),
                     0);
    assert_string_equal(step, "stream");
    assert_string_equal(direction, "ask");
    assert_string_equal(unit, "s");
    assert_int_equal(trials, 2);
    assert_int_equal(transactions, 1000);
    assert_float_equal(least, 50e-9, 1e-15);
    assert_float_equal(mean, 99.5e-9, 1e-15);
    assert_float_equal(middle, 100e-9, 1e-15);
    json_decref(root);
    char *text = csv_of(run);
    assert_non_null(strstr(text, "\n12,quickstart,stream,net_stream,paired,,,,,,rounds,,host,,load,ask,latency_p50,"
                                 "1e-07,s,whole,own,\n"));
    free(text);
    run_destroy(&run);
}

static void a_summary_counts_what_counts(void **state)
{
    (void)state;
    struct run *run = rich_run();
    struct summary *summary = NULL;
    struct err e = { 0 };
    assert_true(summary_of(run, &summary, &e));
    assert_int_equal(summary->row_count, 4); /* two steps, two nodes */
    const struct summary_row *host = &summary->rows[0], *guest = &summary->rows[1], *both = &summary->rows[2];
    assert_string_equal(host->node, "host");
    assert_string_equal(guest->node, "guest");
    assert_int_equal(host->trials, 3);
    assert_int_equal(host->used, 3);
    assert_float_equal(host->throughput.median, 94.19e6, 1);
    assert_float_equal(host->throughput.most, 94.23e6, 1);
    assert_true(host->has_start && host->start_ns == 312);
    assert_int_equal(guest->trials, 3);
    assert_int_equal(guest->used, 2); /* one ended early */
    assert_float_equal(guest->throughput.median, 90.02e6, 1);
    assert_int_equal(both->trials, 3); /* the late start was repeated */
    assert_int_equal(both->verdict, VERDICT_TOGETHER);
    assert_int_equal(both->used, 2); /* one was disturbed: kept and told of, but in no median */
    assert_float_equal(both->throughput.least, 47.1e6, 1);
    assert_true(both->start_ns == -1240 && both->has_start);
    summary_destroy(&summary);
    assert_null(summary);
    run_destroy(&run);
}

static void the_hosts_price_is_told_only_where_it_is_known(void **state)
{
    (void)state;
    struct run *run = new_run();
    double s = 0;
    struct trial *t = new_trial(run, 0, 0, 0);
    add_load(t, "guest", "send", 1e6, 0);
    add_facts(t, "guest", COST_MACHINE, 5);
    add_facts(t, "host", COST_MACHINE, 1.5);
    assert_false(summary_host_cpu_s(run, t, &t->streams[0], &s)); /* the host shares with the peer */
    text_copy(run->nodes[2].boot_id, sizeof run->nodes[2].boot_id, "boot-c");
    assert_true(summary_host_cpu_s(run, t, &t->streams[0], &s));
    assert_float_equal(s, 1.5, 1e-9);
    t->costs[1].idle_baseline_ns = CLOCK_NS_PER_S / 2;
    assert_true(summary_host_cpu_s(run, t, &t->streams[0], &s));
    assert_float_equal(s, 1.0, 1e-9);
    add_load(t, "host", "send", 1e6, 0); /* now the host works for itself too */
    assert_false(summary_host_cpu_s(run, t, &t->streams[0], &s));
    assert_true(summary_host_cpu_s(run, t, &t->streams[1], &s));
    run_destroy(&run);
}

static void lists_look_as_agreed(void **state)
{
    (void)state;
    struct run first = { .no = 1, .scenario = "quickstart", .uuid = "6f1c2f0e-6a56-4c0e-9d3b-0f6a3f1b2c4d" };
    struct run second = { .no = 12, .scenario = "paper", .uuid = "0b7e2f0e-6a56-4c0e-9d3b-0f6a3f1b2c4d" };
    first.status = RUN_COMPLETE, second.status = RUN_ABORTED;
    first.started_real_ns = INT64_C(1795447238000000000), second.started_real_ns = INT64_C(1795457238000000000);
    text_copy(second.why, sizeof second.why, "its coordinator ended without a word");
    const struct list_entry entries[] = { { &first, 9 }, { &second, 0 } };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct err e = { 0 };
    report_list_table(entries, 2, out, 80, false);
    fputs("----\n", out);
    report_list_table(entries, 2, out, 40, true);
    fputs("----\n", out);
    assert_true(report_list_json(entries, 2, out, &e));
    assert_true(report_list_json(NULL, 0, out, &e));
    fclose(out);
    golden_check("report/list.txt", text);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_looks_as_agreed),
        cmocka_unit_test(no_line_is_wider_than_asked),
        cmocka_unit_test(runs_without_anything_are_reported_too),
        cmocka_unit_test(the_json_has_its_stable_keys),
        cmocka_unit_test(strange_values_do_not_break_the_json),
        cmocka_unit_test(the_csv_has_a_row_a_figure),
        cmocka_unit_test(exports_tell_the_percentiles_of_all_rounds),
        cmocka_unit_test(a_summary_counts_what_counts),
        cmocka_unit_test(the_hosts_price_is_told_only_where_it_is_known),
        cmocka_unit_test(lists_look_as_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
