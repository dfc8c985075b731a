/* How a tree is built: commands, a build's words, its place, and the cage that it runs in. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "tempdir.h"
#include "workloads/compile/build_place.h"

static char where[PATH_MAX], library[PATH_MAX];

static struct compile_options defaults(void)
{
    struct compile_options o;
    schema_defaults(&COMPILE_SCHEMA, &o);
    snprintf(o.directory, sizeof o.directory, "%.200s", where);
    return o;
}

static void write_text(const char *name, const char *text)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", where, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

/* ---- commands ---- */

static void shows(const struct build_plan *plan, enum build_step step, const char *words)
{
    struct build_command command;
    char text[BUILD_TEXT];
    assert_true(build_has_step(plan, step));
    assert_true(build_command(plan, step, &command, NULL));
    assert_string_equal(build_show(&command, text, sizeof text), words);
}

static void a_kernel_is_built_out_of_its_tree(void **unused)
{
    (void)unused;
    struct compile_options o = defaults();
    snprintf(o.target, sizeof o.target, "lib/  mm/");
    struct build_plan plan = { .options = &o, .is_kernel = true, .jobs = 3, .tree = "/t", .objects = "/o" };
    shows(&plan, BUILD_CONFIGURE, "make -C /t O=/o tinyconfig");
    shows(&plan, BUILD_PREPARE, "make -C /t O=/o -j3 prepare");
    shows(&plan, BUILD_ALL, "make -C /t O=/o -j3 lib/ mm/");
    assert_false(build_has_step(&plan, BUILD_COPY_CONFIG));
    assert_false(build_has_step(&plan, BUILD_COPY_TREE));
    o.target[0] = '\0'; /* all of it, whose own beginning is then timed */
    assert_false(build_has_step(&plan, BUILD_PREPARE));
    snprintf(o.config, sizeof o.config, "arch/x86/configs/my_defconfig");
    shows(&plan, BUILD_COPY_CONFIG, "cp -- /t/arch/x86/configs/my_defconfig /o/.config");
    shows(&plan, BUILD_CONFIGURE, "make -C /t O=/o olddefconfig");
}

static void any_other_tree_is_copied(void **unused)
{
    (void)unused;
    struct compile_options o = defaults();
    snprintf(o.command, sizeof o.command, " make  CC=gcc -s");
    const struct build_plan plan = { .options = &o, .jobs = 1, .tree = "/t", .objects = "/o" };
    shows(&plan, BUILD_COPY_TREE, "cp -a --no-preserve=ownership /t/. /o");
    shows(&plan, BUILD_ALL, "make CC=gcc -s -j1");
    assert_false(build_has_step(&plan, BUILD_CONFIGURE));
    struct build_command command;
    struct err e;
    snprintf(o.command, sizeof o.command, " ");
    assert_false(build_command(&plan, BUILD_ALL, &command, &e));
    assert_string_equal(e.text, "command: it is empty");
    for (size_t i = 0; i < 160; i += 2)
        memcpy(o.command + i, "x ", 3);
    assert_false(build_command(&plan, BUILD_ALL, &command, &e));
}

/* ---- what it says ---- */

static void the_end_of_a_log_is_one_line(void **unused)
{
    (void)unused;
    struct build_log log;
    char path[PATH_MAX + 8], text[64];
    snprintf(path, sizeof path, "%s/log", where);
    assert_true(build_log_open(&log, path, NULL));
    assert_string_equal(build_log_end(&log, text, sizeof text), "it said nothing");
    assert_int_equal(write(log.out, "first\nb\n\nc\x1b[2J\n  \nd", 19), 19);
    assert_true(build_log_read(&log));
    assert_int_equal(log.lines, 5);
    assert_string_equal(build_log_end(&log, text, sizeof text), "b | c?[2J | d");
    assert_string_equal(build_log_end(&log, text, 6), "J | d");
    assert_string_equal(build_log_first(&log, text, sizeof text), "first");
    for (int i = 0; i < 3 * BUILD_LOG_TAIL; i++)
        assert_int_equal(write(log.out, i % 64 ? "x" : "\n", 1), 1);
    assert_int_equal(write(log.out, "\nthe end\n", 9), 9);
    close(log.out);
    log.out = -1;
    assert_false(build_log_read(&log));
    assert_non_null(strstr(build_log_end(&log, text, sizeof text), "| the end"));
    build_log_close(&log);
}

/* ---- its directory ---- */

static void what_a_dead_process_left_goes(void **unused)
{
    (void)unused;
    struct scratch first, second, third;
    char file[PATH_MAX + 16];
    assert_true(scratch_take(where, &first, NULL));
    pid_t child = fork();
    if (child == 0) { /* takes the next, and dies without a word */
        _exit(scratch_take(where, &second, NULL) && mkdirat(second.lock_fd, "objects", 0700) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    snprintf(file, sizeof file, "%.*s1/objects", (int)strlen(first.path) - 1, first.path);
    assert_true(is_there(file));
    assert_true(scratch_take(where, &third, NULL));
    assert_string_not_equal(first.path, third.path);
    assert_false(is_there(file));
    assert_true(is_there(first.path)); /* it lives */
    snprintf(file, sizeof file, "%s/objects", third.path);
    assert_int_equal(mkdir(file, 0700), 0);
    assert_true(scratch_keep(&third, "objects", NULL));
    scratch_give_back(&first);
    scratch_give_back(&third);
    assert_false(is_there(first.path) || is_there(third.path));
    assert_true(is_there(third.kept));
    struct err e;
    assert_false(scratch_take("/nowhere/at/all", &first, &e));
    assert_string_equal(e.text, "directory /nowhere/at/all: there is none on this node");
}

/* ---- the cage ---- */

static struct cage *caged_program(const char *const argv[], bool is_apart, const char *gate)
{
    static const char *const NOTHING[] = { NULL };
    const struct cage_order order = { .argv = argv,
                                      .envp = NOTHING,
                                      .directory = where,
                                      .root = "",
                                      .user = (uid_t)CAGE_UNCHANGED,
                                      .output = STDERR_FILENO,
                                      .is_apart = is_apart && cage_can_be_apart(),
                                      .gate = gate,
                                      .gate_until_ns = clock_mono_ns() + clock_ms(60000) };
    struct cage *cage = NULL;
    struct err e = { .text = "" };
    if (!cage_open(&order, &cage, &e))
        fail_msg("%s", e.text);
    return cage;
}

static struct cage *caged(const char *script, bool is_apart)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    return caged_program(argv, is_apart, "");
}

/* As it is told by cage_settle. */
static void settles(struct cage *cage, const char *why)
{
    char told[96];
    struct err e = { .text = "" };
    if (!cage_settle(cage, -1, told, sizeof told, &e))
        fail_msg("%s", e.text);
    assert_string_equal(told, why);
}

static void it_is_held_until_it_is_let_go(void **unused)
{
    (void)unused;
    for (int apart = 0; apart < 2; apart++) {
        struct cage_result result;
        char made[PATH_MAX + 8];
        snprintf(made, sizeof made, "%s/made", where);
        (void)unlink(made);
        struct cage *cage = caged("echo >made; i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exit 7", apart);
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(30));
        assert_false(is_there(made));
        int64_t before = clock_raw_ns();
        cage_release(cage);
        assert_true(cage_result(cage, &result, NULL));
        assert_true(is_there(made));
        assert_int_equal(WEXITSTATUS(result.status), 7);
        assert_true(result.entered_ns > before && result.ended_ns > result.entered_ns);
        assert_true(result.user_ns + result.sys_ns > 0 && result.peak_bytes > 100000);
        cage_close(&cage);
    }
}

static int64_t told_entry(const char *name)
{
    char path[PATH_MAX + 64];
    long long ns = 0;
    snprintf(path, sizeof path, "%s/%s", where, name);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "entered %lld", &ns), 1);
    fclose(f);
    return ns;
}

/* A program that tells when its `main` was entered, and goes by itself. */
static void it_is_held_executed_in_front_of_its_main(void **unused)
{
    (void)unused;
    static const char *const ARGV[] = { PROGRAMS_DIR "/entered", NULL };
    for (int apart = 0; apart < 2; apart++)
        for (int may_spin = 0; may_spin < 2; may_spin++) {
            struct cage_result result;
            char out[PATH_MAX + 8];
            snprintf(out, sizeof out, "%s/out", where);
            int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            assert_true(fd >= 0);
            struct cage_order order = { .argv = ARGV,
                                        .envp = &ARGV[1],
                                        .directory = where,
                                        .root = "",
                                        .user = (uid_t)CAGE_UNCHANGED,
                                        .output = fd,
                                        .is_apart = apart && cage_can_be_apart(),
                                        .gate = library,
                                        .gate_until_ns = clock_mono_ns() + clock_ms(60000) };
            struct cage *cage = NULL;
            assert_true(cage_open(&order, &cage, NULL));
            settles(cage, "");
            const int64_t at_ns = clock_raw_ns() + clock_ms(50);
            assert_true(cage_arm(cage, &(struct gate_instant){ at_ns, may_spin, 0 }));
            assert_true(cage_result(cage, &result, NULL));
            assert_int_equal(result.status, 0);
            assert_non_null(result.how);
            assert_true(result.opened_ns >= at_ns && result.entered_ns >= result.opened_ns);
            assert_true(told_entry("out") >= result.entered_ns && result.ended_ns > result.entered_ns);
            cage_close(&cage);
            close(fd);
        }
}

/* ... and one that cannot be, or for which there is no library, in front of its execution, as it is let go. */
static void what_cannot_be_held_there_is_executed_when_it_is_let_go(void **unused)
{
    (void)unused;
    static const char *const STATIC[] = { PROGRAMS_DIR "/entered-static", NULL }, *const SHELL[] = { "sh", "-c", ":",
                                                                                                     NULL };
    static const struct {
        const char *const *argv, *gate, *why;
    } CASES[] = { { STATIC, library, "it is static" }, { SHELL, "", GATE_LIBRARY " is not installed" } };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        struct cage_result result;
        struct cage *cage = caged_program(CASES[i].argv, true, CASES[i].gate);
        settles(cage, CASES[i].why);
        assert_false(cage_arm(cage, &(struct gate_instant){ clock_raw_ns(), false, 0 }));
        const int64_t before = clock_raw_ns();
        cage_release(cage);
        assert_true(cage_result(cage, &result, NULL));
        assert_int_equal(result.status, 0);
        assert_null(result.how);
        assert_true(result.entered_ns > before);
        cage_close(&cage);
    }
}

/* Before it was let go: nothing of it is a result. */
static void one_that_is_killed_at_its_gate_has_not_run(void **unused)
{
    (void)unused;
    const char *const argv[] = { "sh", "-c", "echo >made", NULL };
    char made[PATH_MAX + 8];
    struct cage_result result;
    struct err e;
    snprintf(made, sizeof made, "%s/made", where);
    struct cage *cage = caged_program(argv, true, library);
    settles(cage, "");
    cage_kill(cage);
    assert_false(cage_result(cage, &result, &e));
    cage_close(&cage);
    assert_false(is_there(made));
}

/* Its grandchildren's time is its own: no less than one of them, that did all the work, has seen on its own clock. */
static void the_time_of_all_is_told(void **unused)
{
    (void)unused;
    struct cage_result result;
    char told[PATH_MAX + 8];
    snprintf(told, sizeof told, "%s/told", where);
    struct cage *cage = caged("sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; times >told'; true", true);
    cage_release(cage);
    assert_true(cage_result(cage, &result, NULL));
    cage_close(&cage);
    FILE *times = fopen(told, "re");
    double user_s = 0, sys_s = 0;
    int user_min = 0, sys_min = 0;
    assert_non_null(times);
    assert_int_equal(fscanf(times, "%dm%lfs %dm%lfs", &user_min, &user_s, &sys_min, &sys_s), 4);
    fclose(times);
    assert_true(user_s + sys_s > 0);
    assert_true((double)(result.user_ns + result.sys_ns) / 1e9 >= 60 * (user_min + sys_min) + user_s + sys_s);
}

/* Also one that has left the group and the session. */
static void nothing_outlives_it(void **unused)
{
    (void)unused;
    if (!cage_can_be_apart())
        skip();
    char pid_file[PATH_MAX + 8], alive[PATH_MAX + 8];
    snprintf(pid_file, sizeof pid_file, "%s/started", where);
    snprintf(alive, sizeof alive, "%s/alive", where);
    struct cage *cage = caged("setsid sh -c 'echo >started; sleep 0.5; echo >alive' & wait", true);
    cage_release(cage);
    for (int i = 0; i < 500 && !is_there(pid_file); i++)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
    assert_true(is_there(pid_file));
    struct cage_result result;
    cage_kill(cage);
    assert_false(cage_result(cage, &result, NULL));
    cage_close(&cage);
    clock_sleep_until_mono(clock_mono_ns() + clock_ms(700));
    assert_false(is_there(alive));
}

static void what_cannot_run_is_told(void **unused)
{
    (void)unused;
    static const char *const ARGV[] = { "no-such-program", NULL }, *const NOTHING[] = { NULL };
    const struct cage_order order = { .argv = ARGV,
                                      .envp = NOTHING,
                                      .directory = where,
                                      .root = "",
                                      .user = (uid_t)CAGE_UNCHANGED,
                                      .output = STDERR_FILENO };
    struct cage *cage = NULL;
    struct cage_result result;
    struct err e;
    assert_true(cage_open(&order, &cage, NULL));
    cage_release(cage);
    assert_false(cage_result(cage, &result, &e));
    assert_string_equal(e.text, "cannot run it: no-such-program: No such file or directory");
    cage_close(&cage);
}

/* ---- a build ---- */

static void a_build_begins_anew_each_time(void **unused)
{
    (void)unused;
    char tree[PATH_MAX + 8], text[128];
    snprintf(tree, sizeof tree, "%s/src", where);
    assert_int_equal(mkdir(tree, 0755), 0);
    write_text("src/Makefile", "all:\n\ttest ! -e made\n\techo building; echo >made\n"
                               "bad:\n\techo oh; exit 3\n");
    struct compile_options o = defaults();
    const struct build_order order = { .options = &o,
                                       .tree = tree,
                                       .root = "",
                                       .gate = library,
                                       .prepared = "",
                                       .jobs = 1,
                                       .deadline_mono = clock_mono_ns() + clock_ms(60000),
                                       .held_until_mono = clock_mono_ns() + clock_ms(60000),
                                       .cancel_fd = -1 };
    struct build_place *place = calloc(1, sizeof *place);
    struct build_run run;
    struct cage_result result;
    struct err e = { .text = "" };
    struct meter meter = { 0 };
    build_run_init(&run);
    bool ok = build_place_enter(place, &order, &e) && build_place_compiler(place, text, sizeof text, &e) &&
              build_place_prepare(place, &e) && build_place_warm_up(place, &e) && build_place_warm_up(place, &e) &&
              build_place_hold(place, &run, &e);
    if (!ok)
        fail_msg("%s", e.text);
    assert_true(strlen(text) > 3);
    assert_string_equal(run.by_exec, ""); /* make is a program like any other */
    cage_release(run.cage);
    const struct build_watch watch = { &meter, -1, INT64_MAX };
    assert_true(build_run_wait(&run, &watch, &result, NULL));
    assert_int_equal(result.status, 0);
    assert_int_equal(run.log.lines, 3);
    assert_int_equal(meter_read(&meter).operations, 3);
    build_run_close(&run);
    snprintf(o.target, sizeof o.target, "bad");
    assert_false(build_place_warm_up(place, &e));
    assert_non_null(strstr(e.text, "make failed with exit code 2: "));
    assert_non_null(strstr(e.text, "oh | make: *** [Makefile:5: bad] Error 3; it is kept on the node in "));
    snprintf(tree, sizeof tree, "%s/tare-build.log", place->scratch.kept);
    assert_true(is_there(tree));
    build_place_leave(place);
    assert_false(is_there(place->scratch.path));
    free(place);
}

static int make_where(void **state)
{
    if (tempdir_make(state) != 0)
        return -1;
    snprintf(where, sizeof where, "%s", (const char *)*state);
    return 0;
}

#define IN_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, make_where, tempdir_remove)

int main(void)
{
    const char *bin = getenv("TARE_BIN");
    snprintf(library, sizeof library, "%s/" GATE_LIBRARY, bin ? bin : ".");
    const struct CMUnitTest tests[] = {
        IN_ITS_OWN(a_kernel_is_built_out_of_its_tree),
        IN_ITS_OWN(any_other_tree_is_copied),
        IN_ITS_OWN(the_end_of_a_log_is_one_line),
        IN_ITS_OWN(what_a_dead_process_left_goes),
        IN_ITS_OWN(it_is_held_until_it_is_let_go),
        IN_ITS_OWN(it_is_held_executed_in_front_of_its_main),
        IN_ITS_OWN(what_cannot_be_held_there_is_executed_when_it_is_let_go),
        IN_ITS_OWN(one_that_is_killed_at_its_gate_has_not_run),
        IN_ITS_OWN(the_time_of_all_is_told),
        IN_ITS_OWN(nothing_outlives_it),
        IN_ITS_OWN(what_cannot_run_is_told),
        IN_ITS_OWN(a_build_begins_anew_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
