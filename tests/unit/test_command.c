/* What a table of options makes of arguments, and of itself: --help and the manual page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <getopt.h>

#include "base/text.h"
#include "command/command.h"
#include "commands.h"
#include "golden.h"
#include "scenario/override.h"
#include "scenario/plan_show.h"

static const struct command_option OPTIONS[] = {
    { .name = "file", .kind = ARGUMENT_FILE, .argument = "FILE", .letter = 'f', .doc = "read it" },
    { .name = "color", .kind = ARGUMENT_WORD, .argument = "auto|always", .doc = "colours" },
    { .name = "lab", .kind = ARGUMENT_TEXT, .argument = "NAME", .is_optional = true, .doc = "in a lab" },
    { .name = "set", .kind = ARGUMENT_TEXT, .argument = "A=B", .is_repeatable = true, .doc = ".dot, 'quote' \\ -" },
    { .name = "quick", .doc = "without a wait, and with a text that is so long that it has to go on in one more line" },
    { .name = "secret", .is_hidden = true, .doc = "for the tests" },
};
static const struct command SAMPLE = {
    .name = "tare sample",
    .doc = "a sample",
    .text = "One paragraph.\n\n.Another one that begins with a dot; it's `quoted`, ~ and ^ and C:\\.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .operands = { { "in|out", ARGUMENT_WORD, 1, 1 }, { "FILE", ARGUMENT_FILE, 0, 2 } },
    .notes = "Notes.",
    .example = "tare sample in a.yaml",
};
static const struct command RUNS = {
    .name = "tare runs",
    .doc = "runs another program",
    .options = OPTIONS,
    .option_count = 1,
    .operands = { { "MACHINE", ARGUMENT_TEXT, 1, 1 }, { "COMMAND", ARGUMENT_COMMAND, 1, -1 } },
};

/* What was taken, as "file=a,quick,". */
static bool take(void *to, int option, const char *value, struct err *e)
{
    if (value && strcmp(value, "bad") == 0)
        return err_set(e, ERR_USAGE, "a bad value");
    text_append(to, 256, "%s%s%s,", OPTIONS[option].name, value ? "=" : "", value ? value : "");
    return true;
}

static enum command_read read_line(const struct command *command, const char *line, char *taken, struct err *e)
{
    static char words[256];
    char *argv[16] = { 0 }, *rest = NULL;
    int argc = 0;
    text_copy(words, sizeof words, line);
    *taken = '\0';
    for (char *word = strtok_r(words, " ", &rest); word && argc < 15; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    enum command_read result = command_read(command, argc, argv, take, taken, e);
    for (int i = optind; result == COMMAND_READ && i < argc; i++)
        text_append(taken, 256, " %s", argv[i]);
    return result;
}

static void arguments_are_read_by_the_table(void **unused)
{
    (void)unused;
    static const struct {
        const struct command *command;
        const char *line, *taken;
    } CASES[] = {
        { &SAMPLE, "sample in", " in" },
        { &SAMPLE, "sample --file a -f b -fc in", "file=a,file=b,file=c, in" },
        { &SAMPLE, "sample in --quick a --color always b", "quick,color=always, in a b" },
        { &SAMPLE, "sample --lab --lab=x out x", "lab,lab=x, out x" },
        { &SAMPLE, "sample --set=a=b --set c=d in", "set=a=b,set=c=d, in" },
        { &SAMPLE, "sample --secret in -- --quick", "secret, in --quick" },
        { &SAMPLE, "sample --qui in", "quick, in" },
        { &RUNS, "runs -f a host -- ls --help -x", "file=a, host -- ls --help -x" },
        { &RUNS, "runs host ls -h", " host ls -h" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char taken[256];
        struct err e = { 0 };
        enum command_read result = read_line(CASES[i].command, CASES[i].line, taken, &e);
        if (result != COMMAND_READ || strcmp(taken, CASES[i].taken) != 0)
            fail_msg("%s: %d, '%s', %s", CASES[i].line, (int)result, taken, e.text);
    }
}

static void what_is_wrong_is_told_in_one_line(void **unused)
{
    (void)unused;
    static const struct {
        const char *line, *says;
    } CASES[] = {
        { "sample", "in|out is missing, as in `tare sample in a.yaml`" },
        { "sample up", "'up' is none of in|out; see `tare sample --help`" },
        { "sample in a b c", "what is 'c'? see `tare sample --help`" },
        { "sample in --colour always", "unknown option '--colour': did you mean '--color'? see `tare sample --help`" },
        { "sample in --flie=a", "unknown option '--flie=a': did you mean '--file'? see `tare sample --help`" },
        { "sample in --nonsense", "unknown option '--nonsense'; see `tare sample --help`" },
        { "sample in -x", "unknown option '-x'; see `tare sample --help`" },
        { "sample in --secrte", "unknown option '--secrte'; see `tare sample --help`" },
        { "sample in --file", "--file needs a value; see `tare sample --help`" },
        { "sample in -f", "-f needs a value; see `tare sample --help`" },
        { "sample in --quick=3", "--quick=3 takes no value; see `tare sample --help`" },
        { "sample in --color some", "--color 'some' is none of auto|always" },
        { "sample in --file bad", "a bad value" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char taken[256];
        struct err e = { 0 };
        assert_int_equal(read_line(&SAMPLE, CASES[i].line, taken, &e), COMMAND_REFUSED);
        assert_int_equal(e.exit, ERR_USAGE);
        assert_string_equal(e.text, CASES[i].says);
    }
}

static void help_counts_before_all_that_follows_it(void **unused)
{
    (void)unused;
    char taken[256];
    struct err e = { 0 };
    assert_int_equal(read_line(&SAMPLE, "sample --help --nonsense", taken, &e), COMMAND_HELP);
    assert_int_equal(read_line(&SAMPLE, "sample -h", taken, &e), COMMAND_HELP);
    assert_int_equal(read_line(&RUNS, "runs -h", taken, &e), COMMAND_HELP);
}

static void it_tells_of_itself_as_agreed(void **unused)
{
    (void)unused;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    command_help(&SAMPLE, to);
    fputs("----\n", to);
    command_help(&RUNS, to);
    fclose(to);
    golden_check("cli/help.txt", text);
    free(text);
    to = open_memstream(&text, &size);
    command_man(&SAMPLE, "tare(1)", to);
    fclose(to);
    char *version = strstr(text, TARE_VERSION); /* which is another one soon */
    assert_non_null(version);
    memmove(version, version + strlen(TARE_VERSION), strlen(version + strlen(TARE_VERSION)) + 1);
    golden_check("cli/sample.1", text);
    free(text);
}

/* What help, manual page and completion show of every command has to be there. */
static void check_command(const struct command *c)
{
    assert_non_null(c->doc);
    assert_true(c->subs || c->run);
    for (size_t i = 0; i < c->option_count; i++) {
        const struct command_option *o = &c->options[i];
        if (!o->name || !o->doc || (o->argument != NULL) != (o->kind != ARGUMENT_NONE))
            fail_msg("%s: option %zu (%s) is not whole", c->name, i, o->name ? o->name : "?");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(o->name, c->options[k].name);
    }
    for (size_t i = 0; c->subs && c->subs[i]; i++) {
        const char *name = c->subs[i]->name;
        assert_int_equal(strncmp(name, c->name, strlen(c->name)), 0);
        check_command(c->subs[i]);
    }
}

static void every_command_is_whole(void **unused)
{
    (void)unused;
    check_command(&tare_root);
}

static void a_plan_looks_as_agreed(void **unused)
{
    (void)unused;
    static const char *const SET[] = { "repeats=2", "steps.hosts.warmup=500ms", "steps.hosts.length=1m", NULL };
    struct scenario *s = NULL;
    char *text = NULL;
    size_t size = 0;
    struct diags *diags = diags_new("lab.yaml");
    assert_true(scenario_load_with(TESTS_DIR "/golden/scenario/good_groups.yaml", SET, &s, diags));
    FILE *to = open_memstream(&text, &size);
    struct pace *pace = pace_new(s, INT64_C(1000000000), PACE_UNKNOWN);
    assert_true(plan_show(s, pace, to));
    pace_destroy(&pace);
    fclose(to);
    golden_check("cli/plan.txt", text);
    free(text);
    scenario_destroy(&s);
    diags_destroy(&diags);
}

static void there_is_an_end_to_what_can_be_set(void **unused)
{
    (void)unused;
    struct overrides overrides = { 0 };
    struct err e = { 0 };
    for (int i = 0; i < OVERRIDES_MAX; i++)
        assert_true(overrides_add(&overrides, "repeats=1", &e));
    assert_false(overrides_add(&overrides, "repeats=1", &e));
    assert_null(overrides.list[OVERRIDES_MAX]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_read_by_the_table),
        cmocka_unit_test(what_is_wrong_is_told_in_one_line),
        cmocka_unit_test(help_counts_before_all_that_follows_it),
        cmocka_unit_test(it_tells_of_itself_as_agreed),
        cmocka_unit_test(every_command_is_whole),
        cmocka_unit_test(a_plan_looks_as_agreed),
        cmocka_unit_test(there_is_an_end_to_what_can_be_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
