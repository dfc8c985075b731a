/* Real programs of others, held in front of their `main`, and those that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "gate/gate.h"
#include "tempdir.h"

enum { LONG_MS = 20 * 1000, SAID = 8192 };

enum { PROGRAM = PATH_MAX + 16 };

static char library[PATH_MAX], entered[PATH_MAX], entered_static[PATH_MAX], where[PATH_MAX];

static const char *const NOTHING[] = { NULL };

/* A program at a gate, and what it says. */
struct held {
    struct gate *gate;
    pid_t pid;
    int out;
    char said[SAID];
};

/* In the child. */
static _Noreturn void become(struct held *h, const char *const *argv, const char *const *envp, int out)
{
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    gate_allow_fifo(h->gate);
    dup2(out, 1);
    if (gate_enter(h->gate, argv[0]))
        execve(argv[0], (char *const *)argv, gate_environment(h->gate));
    else
        execve(argv[0], (char *const *)argv, (char *const *)envp);
    _exit(127);
}

static void start_until(struct held *h, const char *const *argv, const char *const *envp, int64_t until_ns)
{
    struct err e = { .text = "" };
    int out[2];
    *h = (struct held){ .pid = -1 };
    if (!gate_new(library, envp, until_ns, &h->gate, &e))
        fail_msg("%s", e.text);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0)
        become(h, argv, envp, out[1]);
    close(out[1]);
    h->out = out[0];
}

static void start(struct held *h, const char *argument)
{
    const char *const argv[] = { entered, argument, NULL };
    start_until(h, argv, NOTHING, clock_mono_ns() + clock_ms(LONG_MS));
}

static enum gate_state settled(const struct held *h)
{
    for (int64_t deadline = clock_mono_ns() + clock_ms(LONG_MS);
         gate_state(h->gate) == GATE_NEW && clock_mono_ns() < deadline;)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(1));
    return gate_state(h->gate);
}

/* All that it says, up to its end, which must come. */
static int hear(struct held *h)
{
    size_t used = 0;
    int status = -1;
    struct pollfd out = { .fd = h->out, .events = POLLIN };
    for (ssize_t got = 1; got > 0 && used < SAID - 1;) {
        assert_int_equal(poll(&out, 1, LONG_MS), 1);
        got = read(h->out, h->said + used, SAID - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    h->said[used] = '\0';
    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    return status;
}

static void forget(struct held *h)
{
    close(h->out);
    gate_destroy(&h->gate);
}

static int64_t entered_ns(const struct held *h)
{
    long long ns = 0;
    assert_int_equal(sscanf(h->said, "entered %lld", &ns), 1);
    return ns;
}

static bool says(const struct held *h) { return poll(&(struct pollfd){ .fd = h->out, .events = POLLIN }, 1, 0) > 0; }

static void main_is_entered_after_the_instant_never_before(void **unused)
{
    (void)unused;
    for (int may_spin = 0; may_spin < 2; may_spin++) {
        struct held h;
        struct gate_passage p;
        start(&h, NULL);
        assert_int_equal(settled(&h), GATE_HELD);
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(50));
        assert_false(says(&h));
        assert_false(gate_passage(h.gate, &p));
        const int64_t at_ns = clock_raw_ns() + clock_ms(60);
        gate_arm(h.gate, &(struct gate_instant){ at_ns, may_spin, 1 });
        assert_int_equal(hear(&h), 0);
        assert_true(gate_passage(h.gate, &p));
        assert_true(p.opened_ns >= at_ns && p.entered_ns >= p.opened_ns);
        assert_true(entered_ns(&h) >= p.entered_ns);
        assert_true(p.user_ns + p.sys_ns > 0);
        assert_string_equal(may_spin ? "spins" : p.how, may_spin ? "spins" : "sleep");
        assert_true(!may_spin || strcmp(p.how, "fifo") == 0 || strcmp(p.how, "spin") == 0);
        forget(&h);
    }
}

static void one_that_is_armed_late_goes_at_once_and_says_when(void **unused)
{
    (void)unused;
    struct held h;
    struct gate_passage p;
    start(&h, NULL);
    assert_int_equal(settled(&h), GATE_HELD);
    const int64_t armed_ns = clock_raw_ns();
    gate_arm(h.gate, &(struct gate_instant){ .at_ns = armed_ns - clock_ms(500) });
    assert_int_equal(hear(&h), 0);
    assert_true(gate_passage(h.gate, &p));
    assert_true(p.opened_ns >= armed_ns);
    forget(&h);
}

/* What was there before stays. */
static void nothing_of_it_is_left_in_the_environment(void **unused)
{
    (void)unused;
    char preloaded[PATH_MAX + 32];
    snprintf(preloaded, sizeof preloaded, "LD_PRELOAD=%s", library); /* twice does no harm */
    const char *const others[] = { "FIRST=1", preloaded, "LAST=2", NULL }, *const none[] = { "FIRST=1", "LAST=2",
                                                                                             NULL };
    const char *const *const ENVIRONMENTS[] = { none, others };
    for (size_t i = 0; i < ARRAY_SIZE(ENVIRONMENTS); i++) {
        const char *const argv[] = { entered, "env", NULL };
        struct held h;
        start_until(&h, argv, ENVIRONMENTS[i], clock_mono_ns() + clock_ms(LONG_MS));
        assert_int_equal(settled(&h), GATE_HELD);
        gate_arm(h.gate, &(struct gate_instant){ .at_ns = clock_raw_ns() });
        assert_int_equal(hear(&h), 0);
        assert_non_null(strstr(h.said, "\nown FIRST=1\n"));
        assert_non_null(strstr(h.said, "\nFIRST=1\n"));
        assert_non_null(strstr(h.said, "\nLAST=2\n"));
        assert_null(strstr(h.said, GATE_VARIABLE));
        assert_null(strstr(h.said, "/proc/self/fd"));
        assert_int_equal(strstr(h.said, GATE_PRELOAD) != NULL, i == 1);
        forget(&h);
    }
}

static void copy_of(const char *state, char *copy, size_t size)
{
    const char *from = strchr(state, '\n');
    assert_non_null(from);
    text_copy(copy, size, from);
}

/* As a program that nobody held: scheduling, CPUs, limits, locked memory, descriptors. */
static void it_goes_on_as_if_it_had_not_been_held(void **unused)
{
    (void)unused;
    char plain[SAID], held[SAID];
    for (int way = 0; way < 3; way++) {
        struct held h;
        start(&h, "state");
        assert_int_equal(settled(&h), GATE_HELD);
        gate_arm(h.gate, &(struct gate_instant){ clock_raw_ns() + clock_ms(30), way > 0, way });
        assert_int_equal(hear(&h), 0);
        copy_of(h.said, held, sizeof held);
        forget(&h);
        const char *const argv[] = { entered, "state", NULL };
        int out[2];
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        h = (struct held){ .out = out[0], .pid = fork() };
        if (h.pid == 0) {
            prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
            dup2(out[1], 1);
            execv(entered, (char *const *)argv);
            _exit(127);
        }
        close(out[1]);
        assert_int_equal(hear(&h), 0);
        close(h.out);
        copy_of(h.said, plain, sizeof plain);
        assert_string_equal(held, plain);
    }
}

static void one_that_is_cancelled_ends_by_itself(void **unused)
{
    (void)unused;
    for (int armed = 0; armed < 2; armed++) {
        struct held h;
        struct gate_passage p;
        start(&h, NULL);
        assert_int_equal(settled(&h), GATE_HELD);
        if (armed)
            gate_arm(h.gate, &(struct gate_instant){ clock_raw_ns() + clock_ms(3600 * 1000), true, 0 });
        gate_cancel(h.gate);
        int status = hear(&h);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), GATE_GAVE_UP);
        assert_string_equal(h.said, "");
        assert_false(gate_passage(h.gate, &p));
        forget(&h);
    }
}

static void one_that_is_never_let_go_ends_when_its_time_is_over(void **unused)
{
    (void)unused;
    const char *const argv[] = { entered, NULL };
    struct held h;
    start_until(&h, argv, NOTHING, clock_mono_ns() + clock_ms(300));
    int status = hear(&h);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), GATE_GAVE_UP);
    assert_string_equal(h.said, "");
    forget(&h);
}

/* The parent of one that is held, which tells us who that is. */
static _Noreturn void be_parent(bool armed, int ready)
{
    struct held h;
    start(&h, NULL);
    bool ok = settled(&h) == GATE_HELD;
    if (ok && armed)
        gate_arm(h.gate, &(struct gate_instant){ clock_raw_ns() + clock_ms(3600 * 1000), false, 0 });
    if (!ok || write(ready, &h.pid, sizeof h.pid) != (ssize_t)sizeof h.pid)
        _exit(1);
    for (;;)
        pause();
}

static void one_whose_parent_is_killed_ends_too(void **unused)
{
    (void)unused;
    prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL); /* so that its end is told to us */
    for (int armed = 0; armed < 2; armed++) {
        int ready[2], status = 0;
        pid_t program = 0, ended = 0;
        assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
        pid_t parent = fork();
        if (parent == 0)
            be_parent(armed, ready[1]);
        close(ready[1]);
        assert_int_equal(read(ready[0], &program, sizeof program), (int)sizeof program);
        close(ready[0]);
        assert_int_equal(kill(parent, SIGKILL), 0);
        assert_int_equal(waitpid(parent, NULL, 0), parent);
        for (int64_t deadline = clock_mono_ns() + clock_ms(LONG_MS); ended == 0 && clock_mono_ns() < deadline;
             clock_sleep_until_mono(clock_mono_ns() + clock_ms(5)))
            ended = waitpid(program, &status, WNOHANG);
        assert_int_equal(ended, program);
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == GATE_GAVE_UP);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL);
}

static void write_program(char path[PROGRAM], const char *name, const char *text, mode_t mode)
{
    snprintf(path, PROGRAM, "%s/%s", where, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void copy_program(char path[PROGRAM], const char *name, mode_t mode)
{
    char command[2 * PROGRAM + 16];
    snprintf(path, PROGRAM, "%s/%s", where, name);
    snprintf(command, sizeof command, "cp '%s' '%s'", entered, path);
    assert_int_equal(system(command), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void bars(const char *program, const char *why)
{
    const char *const argv[] = { program, NULL };
    struct held h;
    start_until(&h, argv, NOTHING, clock_mono_ns() + clock_ms(LONG_MS));
    assert_int_equal(settled(&h), GATE_BARRED);
    assert_string_equal(gate_why(h.gate), why);
    (void)hear(&h);
    struct gate_passage p;
    assert_false(gate_passage(h.gate, &p));
    forget(&h);
}

static void what_cannot_be_held_is_told_before_it_runs(void **unused)
{
    (void)unused;
    char script[PROGRAM], noise[PROGRAM], setuid[PROGRAM];
    write_program(script, "script", "#!/bin/sh\nexit 0\n", 0755);
    write_program(noise, "noise", "nothing that runs, but long enough to be looked at as if it were a program\n", 0755);
    copy_program(setuid, "setuid", 04755);
    if (access(entered_static, X_OK) == 0)
        bars(entered_static, "it is static");
    bars(script, "it is a script");
    bars(noise, "it is no ELF program");
    bars(setuid, "it is setuid");
    bars("/nowhere/at/all", "it cannot be read");
}

static void without_its_library_there_is_no_gate(void **unused)
{
    (void)unused;
    struct gate *gate = NULL;
    struct err e;
    assert_false(gate_new("/nowhere/" GATE_LIBRARY, NOTHING, INT64_MAX, &gate, &e));
    assert_string_equal(e.text, "cannot read '/nowhere/" GATE_LIBRARY "': No such file or directory");
    assert_null(gate);
}

/* A library that is there without a word from us, or with another's page. */
static void a_program_that_nobody_asked_to_wait_does_not(void **unused)
{
    (void)unused;
    char preload[PATH_MAX + 16];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
    static const char *const WORDS[] = { NULL, GATE_VARIABLE "=0", GATE_VARIABLE "=999", GATE_VARIABLE "=x" };
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++) {
        const char *const argv[] = { entered, NULL }, *const envp[] = { preload, WORDS[i], NULL };
        int out[2];
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        struct held h = { .out = out[0], .pid = fork() };
        if (h.pid == 0) {
            dup2(out[1], 1);
            execve(entered, (char *const *)argv, (char *const *)envp);
            _exit(127);
        }
        close(out[1]);
        assert_int_equal(hear(&h), 0);
        assert_true(entered_ns(&h) > 0);
        close(h.out);
    }
}

static int make_where(void **state)
{
    if (tempdir_make(state) != 0)
        return -1;
    snprintf(where, sizeof where, "%s", (const char *)*state);
    return 0;
}

int main(void)
{
    const char *bin = getenv("TARE_BIN");
    snprintf(library, sizeof library, "%s/" GATE_LIBRARY, bin ? bin : ".");
    snprintf(entered, sizeof entered, "%s/entered", PROGRAMS_DIR);
    snprintf(entered_static, sizeof entered_static, "%s/entered-static", PROGRAMS_DIR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(main_is_entered_after_the_instant_never_before),
        cmocka_unit_test(one_that_is_armed_late_goes_at_once_and_says_when),
        cmocka_unit_test(nothing_of_it_is_left_in_the_environment),
        cmocka_unit_test(it_goes_on_as_if_it_had_not_been_held),
        cmocka_unit_test(one_that_is_cancelled_ends_by_itself),
        cmocka_unit_test(one_that_is_never_let_go_ends_when_its_time_is_over),
        cmocka_unit_test(one_whose_parent_is_killed_ends_too),
        cmocka_unit_test_setup_teardown(what_cannot_be_held_is_told_before_it_runs, make_where, tempdir_remove),
        cmocka_unit_test(without_its_library_there_is_no_gate),
        cmocka_unit_test(a_program_that_nobody_asked_to_wait_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
