#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tempdir.h"
#include "workloads/micro/micro_probe.h"
#include "workloads/micro/tiny_program.h"

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void each_probe_takes_samples_and_leaves_nothing(void **state)
{
    cpu_set_t before, after;
    int files = open_files(), slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    for (int i = 0; i < MICRO_TEST_COUNT; i++) {
        const struct micro_probe *p = MICRO_PROBES[i];
        struct err e = { 0 };
        void *made = NULL;
        if (!p->make(*state, &made, &e))
            fail_msg("%s: %s", MICRO_TEST_TABLE[i].name, e.text);
        if (p->enter)
            p->enter(made);
        for (int sample = 0; sample < 70; sample++) { /* more than its memory holds pages */
            int64_t ns = -1;
            if (!p->sample(made, MICRO_TEST_TABLE[i].batch, &ns, &e))
                fail_msg("%s: %s", MICRO_TEST_TABLE[i].name, e.text);
            assert_true(ns > 0 || (i == MICRO_TIMER && ns == 0));
            if (i == MICRO_FSYNC || i == MICRO_FORK_EXEC) /* slow ones */
                sample += 20;
        }
        if (p->leave)
            p->leave(made);
        p->release(made);
    }
    assert_int_equal(open_files(), files);
    assert_int_equal(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), slack);
    assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
    assert_true(CPU_EQUAL(&before, &after));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child either */
}

static void what_was_never_made_is_released(void **unused)
{
    (void)unused;
    for (int i = 0; i < MICRO_TEST_COUNT; i++)
        MICRO_PROBES[i]->release(NULL);
}

static void a_disk_that_is_not_there_is_told(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    void *made = NULL;
    assert_false(MICRO_PROBE_FSYNC.make("/nowhere", &made, &e));
    assert_string_equal(e.text, "directory /nowhere: there is none on this node");
    MICRO_PROBE_FSYNC.release(made);
}

/* More operations take more of what they take: what is measured grows with what is done. */
static void a_larger_batch_takes_longer(void **state)
{
    static const enum micro_test_id TESTS[] = { MICRO_SYSCALL, MICRO_MMAP, MICRO_POINTER_CHASE, MICRO_PIPE_WAKE };
    for (size_t i = 0; i < sizeof TESTS / sizeof *TESTS; i++) {
        const struct micro_probe *p = MICRO_PROBES[TESTS[i]];
        struct err e = { 0 };
        void *made = NULL;
        int64_t few = INT64_MAX, many = INT64_MAX;
        assert_true(p->make(*state, &made, &e));
        for (int sample = 0; sample < 5; sample++) { /* the least of some, so that no interrupt counts */
            int64_t ns = 0;
            assert_true(p->sample(made, 2, &ns, &e));
            few = ns < few ? ns : few;
            assert_true(p->sample(made, 200, &ns, &e));
            many = ns < many ? ns : many;
        }
        if (many < 4 * few)
            fail_msg("%s: 2 take %lld ns, 200 take %lld", MICRO_TEST_TABLE[TESTS[i]].name, (long long)few,
                     (long long)many);
        p->release(made);
    }
}

static void the_tiny_program_runs_and_ends_well(void **unused)
{
    (void)unused;
    int fd = -1, status = -1;
    struct err e = { 0 };
    assert_true(tiny_program_make(&fd, &e));
    pid_t child = fork();
    if (child == 0) {
        char name[] = "tiny", *const argv[] = { name, NULL }, *const environment[] = { NULL };
        fexecve(fd, argv, environment);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_probe_takes_samples_and_leaves_nothing, tempdir_make, tempdir_remove),
        cmocka_unit_test(what_was_never_made_is_released),
        cmocka_unit_test(a_disk_that_is_not_there_is_told),
        cmocka_unit_test_setup_teardown(a_larger_batch_takes_longer, tempdir_make, tempdir_remove),
        cmocka_unit_test(the_tiny_program_runs_and_ends_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
