#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "observe/cpu.h"

enum { TICK_NS = 10 * CLOCK_NS_PER_MS };

static const char TWO_CPUS[] = "cpu  2317 0 2561 235961 454 0 70 75 0 0\n"
                               "cpu0 776 1 952 118932 20 2 3 29 500 7\n"
                               "cpu1 1541 0 1609 117029 434 0 67 45 0 0\n"
                               "intr 173556 0 0\nctxt 1\n";

static void what_the_kernel_writes_is_read(void **unused)
{
    (void)unused;
    static struct cpu_times t;
    struct err e = { 0 };
    assert_true(cpu_parse(TWO_CPUS, TICK_NS, &t, &e));
    assert_int_equal(t.count, 2);
    assert_int_equal(t.cpu[0].number, 0);
    assert_int_equal(t.cpu[0].user_ns, INT64_C(777) * TICK_NS); /* guest's 507 are in it already */
    assert_int_equal(t.cpu[0].system_ns, INT64_C(957) * TICK_NS);
    assert_int_equal(t.cpu[0].idle_ns, INT64_C(118932) * TICK_NS);
    assert_int_equal(t.cpu[1].iowait_ns, INT64_C(434) * TICK_NS);
    assert_int_equal(t.cpu[1].steal_ns, INT64_C(45) * TICK_NS);

    /* An old kernel, a CPU that is offline, no newline at the end, fields of the future. */
    assert_true(cpu_parse("cpu 1 2 3 4\ncpu0 1 2 3 4\ncpu7 1 2 3 4 5 6 7 8 9 10 11 12", TICK_NS, &t, &e));
    assert_int_equal(t.count, 2);
    assert_int_equal(t.cpu[0].steal_ns, 0);
    assert_int_equal(t.cpu[1].number, 7);
    assert_int_equal(t.cpu[1].steal_ns, INT64_C(8) * TICK_NS);
}

static void what_no_kernel_writes_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *because;
    } CASES[] = {
        { "", "names no CPU" },
        { "cpu  1 2 3 4\n", "names no CPU" },
        { "intr 1\n", "names no CPU" },
        { "cpu0 1 2 3\n", "'cpu0 1 2 3'" },
        { "cpu0\n", "not the times" },
        { "cpu0 1 2 3 4x\n", "not the times" },
        { "cpu0 1 2 -3 4\n", "not the times" },
        { "cpux 1 2 3 4\n", "not the times" },
        { "cpu99999999999 1 2 3 4\n", "not the times" },
        { "cpu0 1 2 3 18446744073709551615\n", "not the times" },
        { "cpu0 99999999999999999999999 2 3 4\n", "not the times" },
        { "cpu1 1 2 3 4\ncpu1 1 2 3 4\n", "stands behind" },
        { "cpu1 1 2 3 4\ncpu0 1 2 3 4\n", "stands behind" },
        { "cpu0 1 2 3 4\ncpu1", "not the times" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        static struct cpu_times t;
        struct err e = { 0 };
        assert_false(cpu_parse(CASES[i].text, TICK_NS, &t, &e));
        if (!strstr(e.text, CASES[i].because))
            fail_msg("'%s' says: %s", CASES[i].text, e.text);
    }
    const size_t size = (size_t)64 * 1024;
    char *many = calloc(1, size);
    for (int i = 0; i <= CPU_COUNT_MAX; i++)
        text_append(many, size, "cpu%d 1 2 3 4\n", i);
    static struct cpu_times t;
    struct err e = { 0 };
    assert_false(cpu_parse(many, TICK_NS, &t, &e));
    assert_non_null(strstr(e.text, "more than"));
    free(many);
}

static struct cpu_times *parsed(const char *text, int64_t mono_ns)
{
    struct cpu_times *t = calloc(1, sizeof *t);
    struct err e = { 0 };
    if (!cpu_parse(text, TICK_NS, t, &e))
        fail_msg("%s", e.text);
    t->mono_ns = mono_ns;
    return t;
}

static struct cpu_used difference(const char *from, const char *to, int64_t wall_ns)
{
    struct cpu_times *a = parsed(from, 5), *b = parsed(to, 5 + wall_ns);
    struct cpu_used used = { 0 };
    struct err e = { 0 };
    if (!cpu_difference(a, b, &used, &e))
        fail_msg("%s", e.text);
    free(a);
    free(b);
    return used;
}

static void used_is_what_was_not_idle(void **unused)
{
    (void)unused;
    const int64_t second = CLOCK_NS_PER_S;
    /* 1 s; cpu0: 60 ticks idle, 10 iowait, 5 steal -> 250 ms used, though the ticks saw one of work. */
    struct cpu_used u = difference("cpu0 0 0 0 100 10 0 0 0\ncpu1 0 0 0 50 0 0 0 0\n",
                                   "cpu0 1 0 0 160 20 0 0 5\ncpu1 0 0 3 150 0 0 0 0\n", second);
    assert_int_equal(u.cpus, 2);
    assert_int_equal(u.changed, 0);
    assert_int_equal(u.wall_ns, second);
    assert_int_equal(u.used_ns, second / 4);
    assert_int_equal(u.user_ns, second / 16); /* one tick of four */
    assert_int_equal(u.system_ns, second / 4 - second / 16);
    assert_int_equal(u.iowait_ns, second / 10);
    assert_int_equal(u.steal_ns, second / 20);

    /* Ticks that saw no work at all cannot split it. */
    u = difference("cpu0 7 0 7 0\n", "cpu0 7 0 7 65\n", second);
    assert_int_equal(u.used_ns, second * 35 / 100);
    assert_int_equal(u.user_ns, 0);
    assert_int_equal(u.system_ns, 0);

    /* The grain may say a little more than was there, and iowait may run backwards. */
    u = difference("cpu0 0 0 0 0 5\n", "cpu0 0 0 0 103 4\n", second);
    assert_int_equal(u.used_ns, 0);
    assert_int_equal(u.iowait_ns, 0);
}

static void cpus_come_and_go(void **unused)
{
    (void)unused;
    struct cpu_used u = difference("cpu0 0 0 0 0\ncpu1 0 0 0 0\ncpu4 0 0 0 0\n",
                                   "cpu0 0 0 0 50\ncpu2 0 0 0 7\ncpu4 0 0 0 100\n", CLOCK_NS_PER_S);
    assert_int_equal(u.cpus, 2);
    assert_int_equal(u.changed, 2);
    assert_int_equal(u.used_ns, CLOCK_NS_PER_S / 2);

    struct cpu_times *a = parsed("cpu0 0 0 0 0\n", 0), *b = parsed("cpu1 0 0 0 0\n", 1);
    struct cpu_used untouched = { .cpus = 42 };
    struct err e = { 0 };
    assert_false(cpu_difference(a, b, &untouched, &e));
    assert_non_null(strstr(e.text, "no CPU"));
    assert_false(cpu_difference(b, a, &untouched, &e));
    assert_non_null(strstr(e.text, "wrong order"));
    assert_int_equal(untouched.cpus, 42);
    free(a);
    free(b);
}

/* ---- the phased load ---- */

enum { PERIOD_NS = 4 * CLOCK_NS_PER_MS, WORK_NS = 1400 * 1000, PHASES = 5, TRIES = 3 };

struct load {
    int cpu;
    int64_t phase_ns, until_mono_ns;
    int64_t cpu_ns; /* what it used, from its own clock */
};

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * CLOCK_NS_PER_S + t.tv_nsec;
}

/* Work for 1.4 ms of every 4, always at the same place between two ticks. */
static void *work_in_phase(void *argument)
{
    struct load *load = argument;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)load->cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    int64_t start_ns = thread_cpu_ns();
    int64_t next = clock_mono_ns() / PERIOD_NS * PERIOD_NS + load->phase_ns;
    while (next < load->until_mono_ns) {
        next += PERIOD_NS;
        clock_sleep_until_mono(next);
        while (clock_mono_ns() < next + WORK_NS)
            ;
    }
    load->cpu_ns = thread_cpu_ns() - start_ns;
    return NULL;
}

/* Only this CPU's line, so that what happens on the others is no noise. */
static void keep_only(struct cpu_times *t, int cpu)
{
    for (int i = 0; i < t->count; i++)
        if (t->cpu[i].number == cpu)
            t->cpu[0] = t->cpu[i];
    t->count = 1;
}

/* Points of one CPU: what cpu_difference says beyond what the load itself used. */
static double error_of(struct load *load)
{
    static struct cpu_times from, to;
    struct err e = { 0 };
    struct cpu_used used;
    pthread_t thread;
    assert_true(cpu_machine(&from, &e));
    load->until_mono_ns = clock_mono_ns() + 3 * (int64_t)CLOCK_NS_PER_S / 2;
    assert_int_equal(pthread_create(&thread, NULL, work_in_phase, load), 0);
    pthread_join(thread, NULL);
    assert_true(cpu_machine(&to, &e));
    keep_only(&from, load->cpu);
    keep_only(&to, load->cpu);
    if (!cpu_difference(&from, &to, &used, &e))
        fail_msg("%s", e.text);
    return 100.0 * (double)(used.used_ns - load->cpu_ns) / (double)used.wall_ns;
}

/* Others can only add to what the CPU was used, so too little is a fault for sure, while too much
 * is one only if it stays when it is quiet. */
static void a_periodic_load_reads_true_in_every_phase(void **unused)
{
    (void)unused;
    cpu_set_t allowed;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    int cpu = CPU_SETSIZE - 1;
    while (cpu > 0 && !CPU_ISSET((size_t)cpu, &allowed))
        cpu--;
    for (int phase = 0; phase < PHASES; phase++) {
        struct load load = { .cpu = cpu, .phase_ns = (int64_t)phase * (PERIOD_NS / PHASES) };
        double error = error_of(&load);
        for (int tries = 1; tries < TRIES && error > 2; tries++)
            error = error_of(&load);
        if (error > 2) {
            print_message("skip: other programs keep cpu%d busy (%.1f points beside the load of phase %d)\n", cpu,
                          error, phase);
            skip();
        }
        if (error < -2)
            fail_msg("phase %d: %.1f points of the load were not seen", phase, -error);
    }
}

static void a_process_knows_its_own_use_exactly(void **unused)
{
    (void)unused;
    const int64_t work_ns = INT64_C(50) * CLOCK_NS_PER_MS;
    struct cpu_process from = cpu_process();
    int64_t start_ns = clock_process_cpu_ns();
    while (clock_process_cpu_ns() - start_ns < work_ns)
        ;
    struct cpu_process to = cpu_process();
    struct cpu_used u = cpu_process_difference(&from, &to);
    assert_true(u.used_ns >= work_ns);
    assert_true(u.used_ns <= to.used_ns);
    assert_int_equal(u.user_ns + u.system_ns, u.used_ns);
    assert_true(u.user_ns >= 0 && u.system_ns >= 0);
    assert_true(u.wall_ns > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_kernel_writes_is_read),
        cmocka_unit_test(what_no_kernel_writes_is_refused),
        cmocka_unit_test(used_is_what_was_not_idle),
        cmocka_unit_test(cpus_come_and_go),
        cmocka_unit_test(a_periodic_load_reads_true_in_every_phase),
        cmocka_unit_test(a_process_knows_its_own_use_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
