#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalogue/file_options.h"
#include "scenario/leave.h"
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
    struct err e = { .text = "" };
    struct scenario *s = load(SOURCE_DIR "/scenarios/quickstart.yaml");
    const size_t steps = s->step_count;
    assert_true(s->steps[4].is_unshaped && !s->steps[5].is_unshaped);
    assert_true(scenario_leave_out_lab_steps(s, &e));
    assert_int_equal(strncmp(s->left_out, "ceiling: ", 9), 0);
    assert_int_equal(s->step_count, steps - 1);
    assert_string_equal(s->steps[4].name, "files");
    assert_true(scenario_leave_out_lab_steps(s, &e));
    assert_null(strchr(s->left_out, '\n')); /* nothing more */
    for (size_t i = 0; i < s->step_count; i++)
        s->steps[i].is_unshaped = true;
    assert_false(scenario_leave_out_lab_steps(s, &e));
    assert_non_null(strstr(e.text, "--lab"));
    scenario_destroy(&s);
}

static const char BUILDS[] = "tare: 1\nname: lab\nnodes:\n  host: {role: host}\n"
                             "  guest: {role: guest, on: host, built_in: {compiler: true, disk: 64MiB}}\nsteps:\n"
                             "  - {name: cpu, run: cpu, on: host}\n"
                             "  - {name: a, run: compile, source: one, optional: true, on: [host, guest]}\n"
                             "  - {name: b, run: compile, source: two, optional: true, on: host}\n";

static struct scenario *load_builds(const char *set)
{
    const char *const overrides[] = { set, NULL };
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    assert_true(scenario_parse_with(BUILDS, strlen(BUILDS), set ? overrides : NULL, &s, diags));
    diags_destroy(&diags);
    return s;
}

static void what_cannot_be_built_here_is_left_out_where_it_is_optional(void **unused)
{
    (void)unused;
    struct err e = { .text = "" };
    struct scenario *s = load_builds(NULL);
    assert_true(s->steps[1].is_optional && !s->steps[0].is_optional);
    assert_true(scenario_leave_out_builds(s, "two", "it is not here", &e));
    assert_int_equal(s->step_count, 2);
    assert_true(s->nodes[1].built_in->compiler); /* `a` is built there */
    assert_true(scenario_leave_out_builds(s, NULL, "no compiler", &e));
    assert_int_equal(s->step_count, 1);
    assert_string_equal(s->left_out, "b: it is not here\na: no compiler");
    assert_false(s->nodes[1].built_in->compiler); /* it starts without */
    scenario_destroy(&s);
}

static void what_must_be_built_is_an_error_where_it_cannot(void **unused)
{
    (void)unused;
    struct err e = { .text = "" };
    struct scenario *s = load_builds("steps.b.optional=false");
    assert_false(scenario_leave_out_builds(s, NULL, "no compiler", &e));
    assert_string_equal(e.text, "step 'b': no compiler");
    assert_int_equal(s->step_count, 3);
    assert_string_equal(s->left_out, "");
    scenario_destroy(&s);
}

/* A scenario of one step with these words; NULL, and what is said of it, where it is refused. */
static struct scenario *load_sizes(const char *words, const char *on, char *said, size_t size)
{
    char text[1024];
    struct scenario *s = NULL;
    struct diags *diags = diags_new("lab.yaml");
    snprintf(text, sizeof text,
             "tare: 1\nname: lab\nnodes:\n  host: {role: host}\n  other: {role: guest, on: host}\n"
             "  small: {role: guest, on: host, built_in: {memory: 256MiB, disk: 64MiB}}\n"
             "  large: {role: guest, on: host, built_in: {memory: 1GiB, disk: 64MiB}}\nsteps:\n"
             "  - {name: files, run: file_io, %s, on: %s}\n",
             words, on);
    FILE *to = fmemopen(said, size, "w");
    if (!scenario_parse(text, strlen(text), &s, diags))
        diags_print(diags, to);
    fclose(to);
    diags_destroy(&diags);
    return s;
}

static void a_size_is_so_many_times_the_memory_of_the_largest_guest(void **unused)
{
    (void)unused;
    static const struct {
        const char *words, *on;
        int64_t mib;
    } CASES[] = {
        { "file: 2x memory", "[host, small, large]", 2048 },
        { "file: 2x memory", "[host, small]", 512 },
        { "file: 2.25x memory", "small", 576 },
        { "file: 0.501x memory, record: 1MiB", "small", 129 }, /* whole ones */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char said[512] = "";
        struct scenario *s = load_sizes(CASES[i].words, CASES[i].on, said, sizeof said);
        assert_string_equal(said, "");
        assert_int_equal(((const struct file_options *)s->steps[0].options)->file_bytes, CASES[i].mib << 20);
        scenario_destroy(&s);
    }
}

static void a_matrix_may_hold_sizes_in_memories(void **unused)
{
    (void)unused;
    char said[512] = "";
    struct scenario *s = load_sizes("matrix: {file: [64MiB, 2x memory]}", "[host, small]", said, sizeof said);
    assert_string_equal(said, "");
    assert_int_equal(s->step_count, 2);
    assert_string_equal(s->steps[1].name, "files[file=512MiB]");
    scenario_destroy(&s);
}

static void a_memory_that_nobody_knows_is_told(void **unused)
{
    (void)unused;
    static const struct {
        const char *words, *on, *said;
    } CASES[] = {
        { "file: 2x memory", "host", "'2x memory': the step has no built-in guest" },
        { "file: 2x memory", "[small, other]", "what memory 'other' has is not known" },
        { "file: 0x memory", "small", "more than 0x and at most 1000x" },
        { "file: x memory", "small", "file: 'x memory'" },
        { "record: 9999999x memory", "small", "at most 1000x" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char said[1024] = "";
        assert_null(load_sizes(CASES[i].words, CASES[i].on, said, sizeof said));
        assert_non_null(strstr(said, CASES[i].said));
        assert_null(strstr(strstr(said, "lab.yaml") + 1, "lab.yaml")); /* once */
    }
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
        cmocka_unit_test(a_size_is_so_many_times_the_memory_of_the_largest_guest),
        cmocka_unit_test(a_matrix_may_hold_sizes_in_memories),
        cmocka_unit_test(a_memory_that_nobody_knows_is_told),
        cmocka_unit_test(what_only_a_lab_can_do_is_left_out_elsewhere),
        cmocka_unit_test(what_cannot_be_built_here_is_left_out_where_it_is_optional),
        cmocka_unit_test(what_must_be_built_is_an_error_where_it_cannot),
        cmocka_unit_test(a_file_that_cannot_be_read_is_told),
        cmocka_unit_test(a_dash_is_standard_input),
        cmocka_unit_test(a_text_of_more_than_a_mebibyte_is_refused),
        cmocka_unit_test(as_many_nodes_and_steps_as_there_may_be),
        cmocka_unit_test(more_than_a_hundred_mistakes_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
