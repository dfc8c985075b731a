#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scenario/scenario.h"

/* What `tare check` would show of a text in memory; the caller frees it. */
static char *mistakes_of(const char *text)
{
    struct scenario *scenario = NULL;
    struct diags *diags = diags_new("lab.yaml");
    char *shown = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&shown, &size);
    bool good = scenario_parse(text, strlen(text), &scenario, diags);
    assert_int_equal(good, diags_count(diags) == 0);
    assert_int_equal(good, scenario != NULL);
    diags_print(diags, to);
    fclose(to);
    scenario_destroy(&scenario);
    diags_destroy(&diags);
    return shown;
}

static struct scenario *load(const char *path)
{
    struct scenario *scenario = NULL;
    struct diags *diags = diags_new(path);
    if (!scenario_load(path, &scenario, diags)) {
        diags_print(diags, stderr);
        fail_msg("%s is refused", path);
    }
    diags_destroy(&diags);
    return scenario;
}

static void a_full_scenario_is_read_as_it_stands(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_full.yaml");
    assert_string_equal(s->name, "lab");
    assert_int_equal(s->node_count, 3);
    assert_string_equal(s->nodes[1].name, "guest");
    assert_int_equal(s->nodes[0].role, ROLE_HOST);
    assert_int_equal(s->nodes[1].role, ROLE_GUEST);
    assert_int_equal(s->nodes[2].role, ROLE_PEER);
    assert_int_equal(s->nodes[0].on, -1);
    assert_int_equal(s->nodes[1].on, 0);
    assert_int_equal(s->start.tolerance_ns, 1500000);
    assert_int_equal(s->start.on_bad, ON_BAD_REPEAT);
    assert_int_equal(s->start.repeat, 2);
    assert_true(s->start.wander_ppm == 5 && s->limits.clock_ppm == 50);
    assert_int_equal(s->repeats, 5);
    assert_int_equal(s->compare.base, 0);
    assert_int_equal(s->compare.with_count, 1);
    assert_int_equal(s->compare.with[0], 1);
    assert_int_equal(s->step_count, 2);
    const struct scenario_step *stream = &s->steps[0];
    assert_string_equal(stream->name, "stream");
    assert_string_equal(stream->workload->name, "net_stream");
    assert_int_equal(stream->to, 2);
    assert_int_equal(stream->when, WHEN_PAIRED);
    assert_int_equal(stream->on_count, 2);
    assert_int_equal(stream->on[0], 0);
    assert_int_equal(stream->on[1], 1);
    const struct net_stream_options *options = stream->options;
    assert_int_equal(options->times.length_ns, INT64_C(5000000000));
    assert_int_equal(options->times.warmup_ns, 500000000);
    assert_int_equal(options->net.direction, NET_BOTH);
    assert_int_equal(options->message_bytes, 65536);
    assert_int_equal(options->net.send_buffer_bytes, 1048576);
    assert_string_equal(options->net.congestion, "cubic");
    assert_true(options->net.nodelay);
    assert_int_equal(s->steps[1].when, WHEN_TOGETHER);
    assert_non_null(strstr(s->text, "tolerance: 1.5ms"));
    scenario_destroy(&s);
    assert_null(s);
    scenario_destroy(&s);
}

static void how_trials_are_repeated_ordered_and_compared_is_read(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_method.yaml");
    assert_int_equal(s->repeats, 30);
    assert_int_equal(s->repeats_least, 5);
    assert_true(s->until == 0.025);
    assert_int_equal(s->order, ORDER_ABBA);
    assert_int_equal(s->seed, 42);
    assert_int_equal(s->compare.base, 1);
    scenario_destroy(&s);
    s = load(TESTS_DIR "/golden/scenario/good_full.yaml");
    assert_int_equal(s->repeats_least, 5); /* a number is both */
    assert_true(s->until == 0);
    assert_int_equal(s->order, ORDER_WRITTEN);
    scenario_destroy(&s);
}

static void what_is_left_out_has_its_default(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_small.yaml");
    assert_int_equal(s->start.tolerance_ns, 100000);
    assert_int_equal(s->start.on_bad, ON_BAD_KEEP);
    assert_int_equal(s->repeats, 1);
    assert_int_equal(s->compare.base, -1);
    assert_int_equal(s->compare.with_count, 0);
    assert_int_equal(s->steps[0].when, WHEN_PAIRED);
    assert_int_equal(s->steps[0].on_count, 1);
    const struct net_stream_options *options = s->steps[0].options;
    assert_int_equal(options->times.length_ns, INT64_C(10000000000));
    assert_int_equal(options->message_bytes, 16384);
    scenario_destroy(&s);
}

static void an_alias_stands_for_its_value(void **unused)
{
    (void)unused;
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_aliases.yaml");
    assert_int_equal(s->steps[1].on_count, 2);
    assert_int_equal(s->steps[1].on[1], 1);
    const struct net_stream_options *options = s->steps[1].options;
    assert_int_equal(options->times.length_ns, INT64_C(5000000000));
    scenario_destroy(&s);
}

static void a_group_stands_for_its_nodes(void **unused)
{
    (void)unused;
    static const char *const NAMES[] = { "host1", "host2", "host3", "guest9", "guest10", "guest11", "spare", "peer1" };
    struct scenario *s = load(TESTS_DIR "/golden/scenario/good_groups.yaml");
    assert_int_equal(s->node_count, 8);
    for (int i = 0; i < 8; i++)
        assert_string_equal(s->nodes[i].name, NAMES[i]);
    assert_int_equal(s->nodes[2].role, ROLE_HOST);
    assert_int_equal(s->nodes[3].on, 0); /* a guest for each host */
    assert_int_equal(s->nodes[5].on, 2);
    assert_int_equal(s->nodes[6].on, 1);
    assert_int_equal(s->group_count, 3);
    assert_string_equal(s->groups[1].name, "guest[9-11]");
    assert_int_equal(s->compare.with_count, 4);
    assert_int_equal(s->compare.with[1], 3);
    assert_int_equal(s->steps[0].to, 7); /* a group of one is one node */
    assert_int_equal(s->steps[0].on_count, 3);
    assert_int_equal(s->steps[1].on_count, 7);
    assert_int_equal(s->steps[1].on[6], 6);
    scenario_destroy(&s);
}

static void what_is_set_replaces_what_the_file_says(void **unused)
{
    (void)unused;
    static const char TEXT[] =
        "tare: 1\nname: lab\nnodes: {host: {role: host}, g.1: {role: guest}, peer: {role: peer}}\n"
        "steps:\n  - &s {name: send, run: net_stream, to: peer, on: [host], length: 9s}\n"
        "  - {name: send.more, run: net_stream, to: peer, on: [host], congestion: cubic}\n";
    static const char *const SET[] = { "repeats=4",
                                       "repeats=5",
                                       "start.tolerance=50us",
                                       "start.on_bad={repeat: 2}",
                                       "steps.send.length=2s",
                                       "steps.send.more.length=3s",
                                       "steps.send.more.congestion=",
                                       "steps.send.more.on=[host, g.1]",
                                       "nodes.g.1.on=host",
                                       "nodes.extra={role: host}",
                                       "compare={base: host, with: g.1}",
                                       NULL };
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    bool good = scenario_parse_with(TEXT, strlen(TEXT), SET, &s, diags);
    diags_print(diags, stderr);
    assert_true(good);
    assert_int_equal(s->repeats, 5);
    assert_int_equal(s->start.tolerance_ns, 50000);
    assert_int_equal(s->start.repeat, 2);
    assert_int_equal(s->node_count, 4);
    assert_int_equal(s->nodes[1].on, 0);
    assert_string_equal(s->nodes[3].name, "extra");
    assert_int_equal(s->steps[1].on_count, 2);
    const struct net_stream_options *send = s->steps[0].options, *more = s->steps[1].options;
    assert_int_equal(send->times.length_ns, INT64_C(2000000000));
    assert_int_equal(more->times.length_ns, INT64_C(3000000000));
    assert_string_equal(more->net.congestion, "");
    assert_string_equal(s->text, TEXT);
    assert_ptr_equal(strstr(s->overrides, "repeats=4\nrepeats=5\nstart.tolerance=50us\n"), s->overrides);
    scenario_destroy(&s);
    diags_destroy(&diags);
}

static void what_is_set_below_an_alias_is_set_there_alone(void **unused)
{
    (void)unused;
    static const char TEXT[] = "tare: 1\nname: lab\nnodes: {host: &h {role: host}, other: *h, peer: {role: peer}}\n"
                               "steps: [{name: send, run: net_stream, to: peer, on: host}]\n";
    static const char *const SET[] = { "nodes.other.role=guest", NULL };
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    assert_true(scenario_parse_with(TEXT, strlen(TEXT), SET, &s, diags));
    assert_int_equal(s->nodes[0].role, ROLE_HOST);
    assert_int_equal(s->nodes[1].role, ROLE_GUEST);
    scenario_destroy(&s);
    diags_destroy(&diags);
}

static void the_scenarios_that_we_ship_are_good(void **unused)
{
    (void)unused;
    glob_t found;
    assert_int_equal(glob(SOURCE_DIR "/scenarios/*.yaml", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 5);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct scenario *s = load(found.gl_pathv[i]);
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;
        assert_int_equal(strncmp(file, s->name, strlen(s->name)), 0); /* named as its file */
        assert_string_equal(file + strlen(s->name), ".yaml");
        scenario_destroy(&s);
    }
    globfree(&found);
}

static void what_only_a_lab_can_do_is_left_out_elsewhere(void **unused)
{
    (void)unused;
    char names[64];
    struct err e = { .text = "" };
    struct scenario *s = load(SOURCE_DIR "/scenarios/quickstart.yaml");
    assert_true(s->steps[4].is_unshaped && !s->steps[5].is_unshaped);
    assert_true(scenario_drop_lab_steps(s, names, sizeof names, &e));
    assert_string_equal(names, "ceiling");
    assert_int_equal(s->step_count, 8);
    assert_string_equal(s->steps[4].name, "files");
    assert_true(scenario_drop_lab_steps(s, names, sizeof names, &e));
    assert_string_equal(names, "");
    for (size_t i = 0; i < s->step_count; i++)
        s->steps[i].is_unshaped = true;
    assert_false(scenario_drop_lab_steps(s, names, sizeof names, &e));
    assert_non_null(strstr(e.text, "--lab"));
    scenario_destroy(&s);
}

static void a_file_that_cannot_be_read_is_told(void **unused)
{
    (void)unused;
    static const char *const PATHS[] = { "/nowhere/lab.yaml", TESTS_DIR };
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        struct scenario *s = NULL;
        struct diags *diags = diags_new("lab.yaml");
        assert_false(scenario_load(PATHS[i], &s, diags));
        assert_null(s);
        assert_int_equal(diags_count(diags), 1);
        diags_destroy(&diags);
    }
}

static void a_dash_is_standard_input(void **unused)
{
    (void)unused;
    int keep = dup(STDIN_FILENO);
    assert_non_null(freopen(TESTS_DIR "/golden/scenario/good_small.yaml", "r", stdin));
    struct scenario *s = load("-");
    assert_string_equal(s->name, "lab");
    scenario_destroy(&s);
    dup2(keep, STDIN_FILENO);
    close(keep);
}

static void a_text_of_more_than_a_mebibyte_is_refused(void **unused)
{
    (void)unused;
    enum { SIZE = 1024 * 1024 + 1 };
    char *text = malloc(SIZE);
    memset(text, '#', SIZE);
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    assert_false(scenario_parse(text, SIZE, &s, diags));
    assert_int_equal(diags_count(diags), 1);
    diags_destroy(&diags);
    diags = diags_new("lab.yaml");
    text[SIZE - 2] = '\n';
    assert_false(scenario_parse(text, SIZE - 1, &s, diags)); /* small enough, but a comment only */
    assert_int_equal(diags_count(diags), 1);
    diags_destroy(&diags);
    free(text);
}

/* `before`, then `count` times `each` with its number, then `after`; the caller frees it. */
static char *repeat(const char *before, const char *each, int count, const char *after)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    fputs(before, to);
    for (int i = 0; i < count; i++) {
        const char *number = strchr(each, '@');
        fprintf(to, "%.*s%d%s", (int)(number - each), each, i, number + 1);
    }
    fputs(after, to);
    fclose(to);
    return text;
}

static void as_many_nodes_and_steps_as_there_may_be(void **unused)
{
    (void)unused;
    static const char HEAD[] = "tare: 1\nname: lab\nnodes:\n  host: {role: host}\n  peer: {role: peer}\n";
    static const char STEP[] = "  - {name: s@, run: net_stream, to: peer, on: host}\n";
    static const char ONE[] = "steps: [{name: a, run: net_stream, to: peer, on: host}]\n";
    static const struct {
        const char *each;
        int count;
        const char *says; /* NULL: all is well */
    } CASES[] = {
        { "  h@: {role: host}\n", SCENARIO_NODES_MAX - 2, NULL },
        { "  h@: {role: host}\n", SCENARIO_NODES_MAX - 1, "lab.yaml:260:3: error: more than 256 nodes" },
        { STEP, SCENARIO_STEPS_MAX, NULL },
        { STEP, SCENARIO_STEPS_MAX + 1, "lab.yaml:1031:5: error: more than 1024 steps" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        bool is_step = CASES[i].each == STEP;
        char *head = repeat(HEAD, is_step ? "steps: #@\n" : "#@\n", 1, "");
        char *text = repeat(is_step ? head : HEAD, CASES[i].each, CASES[i].count, is_step ? "" : ONE);
        char *shown = mistakes_of(text);
        if (CASES[i].says ? !strstr(shown, CASES[i].says) : *shown != '\0')
            fail_msg("case %zu: %s", i, shown);
        free(shown);
        free(text);
        free(head);
    }
}

static void more_than_a_hundred_mistakes_are_counted(void **unused)
{
    (void)unused;
    char *text = repeat("", "colour@: blue\n", 120, "");
    char *shown = mistakes_of(text);
    assert_non_null(strstr(shown, "\n124 mistakes in lab.yaml; the first 100 that were found are shown\n"));
    assert_non_null(strstr(shown, "lab.yaml:100:1:"));
    assert_null(strstr(shown, "lab.yaml:101:1:"));
    free(shown);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_scenario_is_read_as_it_stands),
        cmocka_unit_test(how_trials_are_repeated_ordered_and_compared_is_read),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(an_alias_stands_for_its_value),
        cmocka_unit_test(a_group_stands_for_its_nodes),
        cmocka_unit_test(what_is_set_replaces_what_the_file_says),
        cmocka_unit_test(what_is_set_below_an_alias_is_set_there_alone),
        cmocka_unit_test(the_scenarios_that_we_ship_are_good),
        cmocka_unit_test(what_only_a_lab_can_do_is_left_out_elsewhere),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(a_dash_is_standard_input),
        cmocka_unit_test(a_text_of_more_than_a_mebibyte_is_refused),
        cmocka_unit_test(as_many_nodes_and_steps_as_there_may_be),
        cmocka_unit_test(more_than_a_hundred_mistakes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
