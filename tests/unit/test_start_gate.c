#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/start_gate.h"
#include "base/clock.h"
#include "base/text.h"

/* Of a machine that others use, too: what is asserted is that nothing waits for something else. */
enum { SOON_MS = 3000 };

static const _Atomic bool NEVER;

/* As a flow's thread does: true when it went, with what the gate says of it. */
static bool go_through(struct start_gate *gate)
{
    bool went = start_gate_approach(gate);
    if (went)
        (void)start_gate_pass(gate);
    start_gate_leave(gate);
    return went && !atomic_load(gate->cancelled);
}

static void the_gate_opens_at_or_after_the_instant_never_before(void **unused)
{
    (void)unused;
    static const int WAITS_MS[] = { 0, 1, 2, 5, 20, 49, 50, 51, 130 };
    start_gate_prepare();
    for (int may_spin = 0; may_spin < 2; may_spin++)
        for (size_t i = 0; i < ARRAY_SIZE(WAITS_MS); i++) {
            int64_t at_ns = clock_raw_ns() + clock_ms(WAITS_MS[i]);
            struct start_gate gate = {
                .at_ns = at_ns, .may_spin = may_spin, .is_brief = i % 2 == 0, .cancelled = &NEVER
            };
            assert_true(start_gate_approach(&gate));
            int64_t opened_ns = start_gate_pass(&gate), back_ns = clock_raw_ns();
            start_gate_leave(&gate);
            assert_true(opened_ns >= at_ns);
            assert_int_equal(gate.released_ns, opened_ns);
            assert_true(back_ns >= opened_ns);
            assert_true(back_ns - at_ns < clock_ms(SOON_MS));
            if (may_spin)
                assert_true(strcmp(gate.how, "fifo") == 0 || strcmp(gate.how, "spin") == 0);
            else
                assert_string_equal(gate.how, "sleep");
        }
}

static void an_instant_that_has_passed_lets_go_at_once(void **unused)
{
    (void)unused;
    int64_t now = clock_raw_ns();
    const int64_t past[] = { now, now - 1, now - clock_ms(10), now - clock_ms(10000), 1, 0, -1, INT64_MIN };
    for (int may_spin = 0; may_spin < 2; may_spin++)
        for (size_t i = 0; i < ARRAY_SIZE(past); i++) {
            struct start_gate gate = { .at_ns = past[i], .may_spin = may_spin, .cancelled = &NEVER };
            int64_t before = clock_raw_ns();
            assert_true(go_through(&gate));
            assert_true(gate.released_ns >= before);
            assert_true(clock_raw_ns() - before < clock_ms(SOON_MS));
        }
}

struct waiter {
    struct start_gate gate;
    _Atomic bool cancelled;
    _Atomic int tid;
    bool went;
    pthread_t thread;
};

static void *wait_in_thread(void *argument)
{
    struct waiter *w = argument;
    atomic_store(&w->tid, gettid());
    w->went = go_through(&w->gate);
    return NULL;
}

static void start(struct waiter *w, int64_t at_ns, bool may_spin, int slot)
{
    w->gate = (struct start_gate){ .at_ns = at_ns, .may_spin = may_spin, .slot = slot, .cancelled = &w->cancelled };
    assert_int_equal(pthread_create(&w->thread, NULL, wait_in_thread, w), 0);
}

static void a_cancelled_wait_ends_soon_however_far_the_instant_is(void **unused)
{
    (void)unused;
    static const int64_t FAR_MS[] = { 400, 3600 * 1000, INT64_MAX / CLOCK_NS_PER_MS / 2 };
    for (int may_spin = 0; may_spin < 2; may_spin++)
        for (size_t i = 0; i < ARRAY_SIZE(FAR_MS); i++) {
            struct waiter before = { .cancelled = true }, amid = { 0 };
            int64_t begin = clock_raw_ns(), at_ns = begin + clock_ms(FAR_MS[i]);
            start(&before, at_ns, may_spin, 0);
            start(&amid, at_ns, may_spin, 1);
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(30));
            atomic_store(&amid.cancelled, true);
            pthread_join(before.thread, NULL);
            pthread_join(amid.thread, NULL);
            assert_false(before.went || amid.went);
            assert_true(clock_raw_ns() - begin < clock_ms(SOON_MS));
        }
}

static void assert_scheduled_as(int policy, const cpu_set_t *cpus)
{
    cpu_set_t now;
    assert_int_equal(sched_getscheduler(0), policy);
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(cpus, &now));
}

static void work_that_takes_long_is_bound_to_no_cpu(void **unused)
{
    (void)unused;
    cpu_set_t cpus;
    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    for (int may_spin = 0; may_spin < 2; may_spin++) {
        struct start_gate gate = { .at_ns = clock_raw_ns() + clock_ms(5), .may_spin = may_spin, .cancelled = &NEVER };
        assert_true(start_gate_approach(&gate));
        assert_true(start_gate_pass(&gate) >= gate.at_ns);
        assert_scheduled_as(SCHED_OTHER, &cpus);
        start_gate_leave(&gate);
        assert_scheduled_as(SCHED_OTHER, &cpus);
    }
}

static void cpu_and_scheduling_are_given_back(void **unused)
{
    (void)unused;
    static const int POLICIES[] = { SCHED_OTHER, SCHED_BATCH };
    static const _Atomic bool ALWAYS = true;
    cpu_set_t cpus;
    const struct sched_param none = { 0 };
    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    for (size_t i = 0; i < ARRAY_SIZE(POLICIES); i++) {
        assert_int_equal(sched_setscheduler(0, POLICIES[i], &none), 0);
        for (int slot = 0; slot < 6; slot++) {
            struct start_gate gate = { .at_ns = clock_raw_ns() + clock_ms(5),
                                       .may_spin = true,
                                       .is_brief = slot % 2 == 0,
                                       .slot = slot,
                                       .cancelled = &NEVER };
            assert_true(go_through(&gate));
            assert_scheduled_as(POLICIES[i], &cpus);
            start_gate_leave(&gate); /* once more is nothing */
            assert_scheduled_as(POLICIES[i], &cpus);
        }
        struct start_gate gate = { .at_ns = clock_raw_ns() + clock_ms(5), .may_spin = true, .cancelled = &ALWAYS };
        assert_false(go_through(&gate));
        assert_scheduled_as(POLICIES[i], &cpus);
    }
    assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &none), 0);
    start_gate_leave(&(struct start_gate){ 0 }); /* of a flow that never came to its gate */
    assert_scheduled_as(SCHED_OTHER, &cpus);
}

/* A brief first operation is done under FIFO; a long one would keep others of the machine from theirs. */
static void fifo_lasts_through_a_brief_first_operation_and_no_other(void **unused)
{
    (void)unused;
    for (int is_brief = 0; is_brief < 2; is_brief++) {
        struct start_gate gate = {
            .at_ns = clock_raw_ns() + clock_ms(5), .may_spin = true, .is_brief = is_brief, .cancelled = &NEVER
        };
        assert_true(start_gate_approach(&gate));
        bool has_fifo = gate.before.is_fifo;
        (void)start_gate_pass(&gate);
        int during = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
        start_gate_leave(&gate);
        if (!has_fifo)
            skip();
        assert_int_equal(during, is_brief ? SCHED_FIFO : SCHED_OTHER);
    }
}

/* The CPUs of a waiter once it stands at its gate, pinned to one; whatever they are after 10 s. */
static cpu_set_t cpus_at_the_gate(struct waiter *w)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    for (int try = 0; try < 1000 && CPU_COUNT(&cpus) != 1; try++) {
        pid_t tid = atomic_load(&w->tid);
        if (tid == 0 || sched_getaffinity(tid, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) != 1)
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
    }
    return cpus;
}

/* One CPU each while they wait; the same slot, the same CPU. */
static void slots_pick_different_cpus_of_those_that_are_allowed(void **unused)
{
    (void)unused;
    cpu_set_t allowed;
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    if (CPU_COUNT(&allowed) == 1)
        skip();
    enum { WAITERS = 4 };
    int count = CPU_COUNT(&allowed), slots = count < WAITERS ? count : WAITERS;
    struct waiter waiters[WAITERS] = { 0 };
    int64_t at_ns = clock_raw_ns() + clock_ms(60 * 1000);
    for (int i = 0; i < WAITERS; i++)
        start(&waiters[i], at_ns, true, i);
    cpu_set_t together, one;
    CPU_ZERO(&together);
    bool all_pinned = true;
    for (int i = 0; i < WAITERS; i++) {
        one = cpus_at_the_gate(&waiters[i]);
        CPU_OR(&together, &together, &one);
        CPU_AND(&one, &one, &allowed);
        all_pinned = all_pinned && CPU_COUNT(&one) == 1;
    }
    for (int i = 0; i < WAITERS; i++) {
        atomic_store(&waiters[i].cancelled, true);
        pthread_join(waiters[i].thread, NULL);
    }
    assert_true(all_pinned);
    assert_int_equal(CPU_COUNT(&together), slots);
}

static void a_gate_in_a_confined_process_keeps_to_its_cpus(void **unused)
{
    (void)unused;
    cpu_set_t allowed, last, after;
    struct waiter w = { 0 };
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CPU_ZERO(&last);
    for (size_t cpu = CPU_SETSIZE; cpu-- > 0 && CPU_COUNT(&last) == 0;)
        if (CPU_ISSET(cpu, &allowed))
            CPU_SET(cpu, &last);
    assert_int_equal(sched_setaffinity(0, sizeof last, &last), 0);
    start(&w, clock_raw_ns() + clock_ms(200), true, 0);
    after = cpus_at_the_gate(&w);
    pthread_join(w.thread, NULL);
    assert_int_equal(sched_setaffinity(0, sizeof allowed, &allowed), 0);
    assert_true(CPU_EQUAL(&after, &last));
    assert_true(w.went);
}

static void lose_the_right_to_fifo(int unused)
{
    (void)unused;
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        _exit(1);
    data[0].effective &= ~(1u << CAP_SYS_NICE);
    if (syscall(SYS_capset, &header, data) != 0)
        _exit(1);
}

/* As for an agent that is no root, but in a group with 'rtprio' in limits.conf: it may take FIFO
 * with the reset on fork, but not clear that flag. The right is taken away in mid-wait, since a test
 * cannot everywhere raise that limit. */
static void fifo_that_is_allowed_by_a_limit_alone_is_given_back_too(void **unused)
{
    (void)unused;
    const struct sched_param fifo = { .sched_priority = START_GATE_FIFO_PRIORITY }, none = { 0 };
    bool may = geteuid() == 0 && sched_setscheduler(0, SCHED_FIFO, &fifo) == 0;
    sched_setscheduler(0, SCHED_OTHER, &none);
    if (!may)
        skip();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct start_gate gate = { .at_ns = clock_raw_ns() + clock_ms(1500), .may_spin = true, .cancelled = &NEVER };
        const struct itimerval once = { .it_value.tv_usec = 300 * 1000 };
        signal(SIGALRM, lose_the_right_to_fifo);
        if (setitimer(ITIMER_REAL, &once, NULL) != 0)
            _exit(1);
        if (!go_through(&gate) || strcmp(gate.how, "fifo") != 0)
            _exit(2);
        _exit((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_OTHER ? 0 : 3);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gate_opens_at_or_after_the_instant_never_before),
        cmocka_unit_test(an_instant_that_has_passed_lets_go_at_once),
        cmocka_unit_test(a_cancelled_wait_ends_soon_however_far_the_instant_is),
        cmocka_unit_test(work_that_takes_long_is_bound_to_no_cpu),
        cmocka_unit_test(cpu_and_scheduling_are_given_back),
        cmocka_unit_test(fifo_lasts_through_a_brief_first_operation_and_no_other),
        cmocka_unit_test(slots_pick_different_cpus_of_those_that_are_allowed),
        cmocka_unit_test(a_gate_in_a_confined_process_keeps_to_its_cpus),
        cmocka_unit_test(fifo_that_is_allowed_by_a_limit_alone_is_given_back_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
