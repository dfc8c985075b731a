/* What `tare list` and `tare show` do with their arguments and their stdout, in a child each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/text.h"
#include "commands.h"

struct place {
    char directory[64], archive[96];
};

static void add_run(struct archive *archive, const char *uuid, const char *scenario)
{
    struct err e = { 0 };
    struct run run = { .status = RUN_RUNNING, .started_real_ns = INT64_C(1795447238000000000) };
    text_copy(run.uuid, sizeof run.uuid, uuid);
    text_copy(run.scenario, sizeof run.scenario, scenario);
    struct run_step *step = run_add_step(&run);
    text_copy(step->name, sizeof step->name, "stream");
    bool ok = archive_begin(archive, &run, &e);
    for (int i = 0; ok && i < 200; i++) { /* more than a pipe holds */
        struct trial *trial = run_add_trial(&run);
        trial->block = trial->order = i;
        trial->round = i;
        struct stream *stream = trial_add_stream(trial);
        text_copy(stream->node, sizeof stream->node, "host");
        stream_add_figure(stream, "throughput", "bit/s", 94e6, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
        ok = archive_trial(archive, &run, trial, &e);
    }
    run.status = RUN_COMPLETE;
    if (!ok || !archive_end(archive, &run, &e))
        fail_msg("%s", e.text);
    run_clear(&run);
}

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct archive *archive = NULL;
    struct err e = { 0 };
    text_copy(place->directory, sizeof place->directory, "/tmp/tare-view-XXXXXX");
    if (!mkdtemp(place->directory))
        return -1;
    text_append(place->archive, sizeof place->archive, "%s/tare/archive.db", place->directory);
    if (!archive_open(place->archive, &archive, &e))
        return -1;
    add_run(archive, "11112222-0000", "first");
    add_run(archive, "aaaabbbb-0000", "second");
    archive_close(&archive);
    setenv("XDG_DATA_HOME", place->directory, 1);
    unsetenv("COLUMNS");
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", place->directory);
    free(place);
    return system(command);
}

/* Runs a command with its output into `out` and `err_fd`, and gives its exit code, or minus the
 * signal that ended it. */
static int run_command(char **argv, int out, int err_fd)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int argc = 0;
        while (argv[argc])
            argc++;
        dup2(out, STDOUT_FILENO);
        dup2(err_fd, STDERR_FILENO);
        _exit(command_finish(strcmp(argv[0], "list") == 0 ? cmd_list(argc, argv) : cmd_show(argc, argv)));
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct said {
    int code;
    char out[1 << 21], err[4096];
};

static void read_all(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* `line` is "show last --format json". */
static void say(const struct place *place, const char *line, struct said *said)
{
    char words[256], out[96], err_path[96], *argv[16] = { 0 }, *rest = NULL;
    text_copy(words, sizeof words, line);
    size_t count = 0;
    for (char *word = strtok_r(words, " ", &rest); word && count < 15; word = strtok_r(NULL, " ", &rest))
        argv[count++] = word;
    snprintf(out, sizeof out, "%s/out", place->directory);
    snprintf(err_path, sizeof err_path, "%s/err", place->directory);
    int out_fd = open(out, O_RDWR | O_CREAT | O_TRUNC, 0600);
    int err_fd = open(err_path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    said->code = run_command(argv, out_fd, err_fd);
    close(out_fd);
    close(err_fd);
    read_all(out, said->out, sizeof said->out);
    read_all(err_path, said->err, sizeof said->err);
}

static void arguments_lead_where_they_should(void **state)
{
    static const struct {
        const char *line;
        int code;
        const char *out, *err; /* each must be found there; "" for nothing at all */
    } CASES[] = {
        { "show", 0, "run 2  second  complete", "" },
        { "show last", 0, "run 2  second  complete", "" },
        { "show 1", 0, "run 1  first  complete", "" },
        { "show 1111", 0, "run 1  first  complete", "" },
        { "show aaaabb --format json", 0, "\"no\": 2", "" },
        { "show --format csv 1", 0, "run,scenario,step,", "" },
        { "show --format=json --color=never 1", 0, "\"comparisons\": []", "" },
        { "show --color always", 0, "\033[1msecond\033[0m", "" },
        { "show --help", 0, "example: tare show", "" },
        { "list", 0, "first", "" },
        { "list --format json", 0, "\"run\": \"11112222-0000\"", "" },
        { "list -h", 0, "example: tare list", "" },
        { "show 3", 2, "", "no run '3' in archive" },
        { "show --bogus", 2, "", "unknown option '--bogus'" },
        { "show -x", 2, "", "unknown option '-x'" },
        { "show 1 --format", 2, "", "--format needs a value" },
        { "show --format yaml", 2, "", "'yaml' is none of table|json|csv" },
        { "list --format csv", 2, "", "'csv' is none of table|json" },
        { "list --format tab", 2, "", "'tab' is none of" },
        { "list --color some", 2, "", "'some' is none of" },
        { "show 1 2", 2, "", "what is '2'?" },
        { "list 1", 2, "", "what is '1'?" },
        { "list --archive /nowhere/archive.db", 2, "", "there is none" },
        { "show --archive /etc/passwd", 2, "", "not a tare archive" },
    };
    static struct said said;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        say(*state, CASES[i].line, &said);
        bool out_fits = CASES[i].out[0] ? strstr(said.out, CASES[i].out) != NULL : !said.out[0];
        bool err_fits = CASES[i].err[0] ? strstr(said.err, CASES[i].err) != NULL : !said.err[0];
        if (said.code != CASES[i].code || !out_fits || !err_fits)
            fail_msg("tare %s: exit %d\n%.400s\n%s", CASES[i].line, said.code, said.out, said.err);
        if (said.code != 0 && strchr(said.err, '\n') != said.err + strlen(said.err) - 1)
            fail_msg("tare %s: more than one line: %s", CASES[i].line, said.err);
    }
}

static void no_archive_yet_is_no_mistake_for_list(void **state)
{
    static struct said said;
    setenv("XDG_DATA_HOME", "/nowhere", 1);
    say(*state, "list --format json", &said);
    assert_int_equal(said.code, 0);
    assert_string_equal(said.out, "{\n  \"runs\": []\n}\n");
    assert_non_null(strstr(said.err, "no run yet"));
    say(*state, "show", &said);
    assert_int_equal(said.code, 2);
    assert_non_null(strstr(said.err, "there is none"));
}

static void the_width_follows_columns(void **state)
{
    static struct said narrow, wide;
    setenv("COLUMNS", "60", 1);
    say(*state, "show", &narrow);
    setenv("COLUMNS", "nonsense", 1); /* then 100: stdout is no terminal */
    say(*state, "show", &wide);
    assert_null(strstr(narrow.out, "peer s/GB"));
    assert_non_null(strstr(wide.out, "peer s/GB"));
}

static void a_reader_who_has_seen_enough_is_no_failure(void **state)
{
    (void)state;
    int ends[2], null = open("/dev/null", O_RDWR), error[2];
    char *argv[] = { "show", "--format", "json", NULL }, said[256] = "";
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(error), 0);
    close(ends[0]);
    assert_int_equal(run_command(argv, ends[1], error[1]), 0);
    close(error[1]);
    assert_int_equal(read(error[0], said, sizeof said), 0); /* not a word */
    close(ends[1]);
    close(error[0]);

    int full = open("/dev/full", O_WRONLY);
    assert_int_equal(run_command(argv, full, null), 1);
    close(full);
    close(null);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_PLACE(arguments_lead_where_they_should),
        IN_PLACE(no_archive_yet_is_no_mistake_for_list),
        IN_PLACE(the_width_follows_columns),
        IN_PLACE(a_reader_who_has_seen_enough_is_no_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
