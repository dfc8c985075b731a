/* What CPUs did around a start: how a host sees the vCPUs of its guests, and what that says of a guest's claim. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/threads.h"
#include "guests/vigil.h"
#include "result/around.h"

/* ---- the host's look: this process is the guest, threads of it are its vCPUs ---- */

static _Atomic bool is_over;

static void *spin(void *name)
{
    prctl(PR_SET_NAME, name);
    while (!atomic_load(&is_over))
        ;
    return NULL;
}

static void *doze(void *name)
{
    prctl(PR_SET_NAME, name);
    while (!atomic_load(&is_over))
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(1));
    return NULL;
}

static void until_there_are(size_t vcpus)
{
    pid_t tids[4];
    for (int i = 0; i < 1000 && threads_vcpus(getpid(), tids, 4) != vcpus; i++)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(2));
    assert_int_equal(threads_vcpus(getpid(), tids, 4), vcpus);
    assert_int_equal(threads_vcpus(getpid(), tids, 1), 1);
}

static struct vigil_seen seen_after(int64_t at_ns, int64_t until_ns)
{
    struct vigil *v = NULL;
    struct err e = { 0 };
    const pid_t pids[] = { 1, getpid() };
    if (!vigil_begin(pids, ARRAY_SIZE(pids), at_ns, &v, &e))
        fail_msg("%s", e.text);
    clock_sleep_until_mono(clock_mono_at_raw_ns(until_ns));
    vigil_end(v);
    assert_int_equal(vigil_seen(v, 1).vcpus, 0); /* init has no vCPU */
    const struct vigil_seen seen = vigil_seen(v, getpid());
    vigil_destroy(&v);
    assert_null(v);
    return seen;
}

static void each_vcpu_is_seen_before_and_after_the_instant_alone(void **unused)
{
    (void)unused;
    pthread_t threads[3];
    atomic_store(&is_over, false);
    assert_int_equal(pthread_create(&threads[0], NULL, spin, "CPU 0/TCG"), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, doze, "CPU 1/KVM"), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, doze, "IO mon_iothread"), 0);
    until_there_are(2);
    const int64_t at = clock_raw_ns() + clock_ms(50);
    const struct vigil_seen seen = seen_after(at, at + clock_ms(300));
    if (seen.vcpus > 0) { /* else this test was kept from running when it should have looked */
        assert_int_equal(seen.vcpus, 2);
        assert_true(seen.from_ns >= -clock_ms(VIGIL_AROUND_MS) && seen.from_ns < 0);
        assert_true(seen.to_ns >= clock_ms(VIGIL_AROUND_MS));
        assert_true(seen.run_ns >= 0 && seen.wait_ns >= seen.worst_ns && seen.worst_ns >= 0);
    }
    /* The instant has passed: there is nothing to be seen before it. */
    assert_int_equal(seen_after(clock_raw_ns() - clock_ms(1), clock_raw_ns() + clock_ms(20)).vcpus, 0);
    /* It ends before the instant comes. */
    assert_int_equal(seen_after(clock_raw_ns() + clock_ms(10000), clock_raw_ns()).vcpus, 0);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        pthread_join(threads[i], NULL);
}

/* A vCPU that another keeps from its CPU over the instant: the wait is told, however long after T it ends. */
static void a_vcpu_that_is_kept_from_its_cpu_has_waited(void **unused)
{
    (void)unused;
    cpu_set_t before, one;
    pthread_t thread;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &before))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    const pid_t other = fork(); /* with the right to FIFO it has the CPU alone, for 40 ms around the instant */
    assert_true(other >= 0);
    const int64_t at = clock_raw_ns() + clock_ms(80);
    if (other == 0) {
        const struct sched_param fifo = { .sched_priority = 10 };
        if (sched_setaffinity(0, sizeof one, &one) != 0 || sched_setscheduler(0, SCHED_FIFO, &fifo) != 0)
            _exit(1);
        clock_sleep_until_mono(clock_mono_at_raw_ns(at - clock_ms(2)));
        while (clock_raw_ns() < at + clock_ms(20))
            ;
        _exit(0);
    }
    atomic_store(&is_over, false);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(pthread_create(&thread, NULL, spin, "CPU 0/KVM"), 0);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    until_there_are(1);
    const struct vigil_seen seen = seen_after(at, at + clock_ms(300));
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    int status = 0;
    assert_int_equal(waitpid(other, &status, 0), other);
    if (WEXITSTATUS(status) != 0 || seen.vcpus == 0) {
        print_message("[  SKIPPED ] no right to FIFO here, or no CPU for the test in time\n");
        skip();
    }
    assert_true(seen.worst_ns >= clock_ms(10)); /* of 22 that the other was there */
    assert_true(seen.to_ns >= clock_ms(15));    /* it was looked for until the wait was over */
}

static void a_threads_schedstat_is_three_numbers(void **unused)
{
    (void)unused;
    int64_t run, wait, slices;
    assert_true(threads_parse_schedstat("12 34 5\n", &run, &wait, &slices));
    assert_true(run == 12 && wait == 34 && slices == 5);
    static const char *const WRONG[] = { "", "12", "12 34", "12 34 ", "12 34 x", "-1 34 5", "12  5 6" };
    for (size_t i = 0; i < ARRAY_SIZE(WRONG); i++)
        assert_false(threads_parse_schedstat(WRONG[i], &run, &wait, &slices));
}

/* ---- what a trial tells ---- */

struct bench {
    struct raw_node nodes[1];
    struct raw_trial raw;
    struct trial trial;
};

/* A guest that says it began `late_ns` after T, of which its host saw a vCPU wait for `worst_ns`. */
static void set_up(struct bench *b, int64_t late_ns, int64_t worst_ns)
{
    *b = (struct bench){ .raw = { .node_count = 1, .tolerance_ns = 100000 } };
    text_copy(b->nodes[0].name, sizeof b->nodes[0].name, "guest");
    b->raw.nodes = b->nodes;
    b->trial.at_ns = clock_ms(1000);
    struct stream *s = trial_add_stream(&b->trial);
    text_copy(s->node, sizeof s->node, "guest");
    s->operates = true;
    s->first_op_ns = b->trial.at_ns + late_ns, s->first_op_bound_ns = 2000;
    struct raw_watched *w = raw_add_watched(&b->raw);
    text_copy(w->host, sizeof w->host, "host");
    w->use = (struct message_watched){ .around_vcpus = 2,
                                       .around_from_ns = -5020000,
                                       .around_to_ns = 5080000,
                                       .around_run_ns = 9000000,
                                       .around_wait_ns = worst_ns + 1000,
                                       .around_worst_ns = worst_ns };
    text_copy(w->use.guest, sizeof w->use.guest, "guest");
}

static void judge(struct bench *b, const char *text)
{
    assert_true(around_add(&b->raw, &b->trial));
    assert_int_equal(b->trial.flag_count, *text ? 1 : 0);
    if (*text) {
        assert_string_equal(b->trial.flags[0].kind, "vcpu_wait");
        assert_string_equal(b->trial.flags[0].text, text);
    }
    trial_clear(&b->trial);
    free(b->raw.watched);
}

static void a_claim_that_the_host_does_not_bear_out_is_flagged(void **unused)
{
    (void)unused;
    struct bench b;
    set_up(&b, 400, 3200000);
    judge(&b,
          "guest: its claim to have begun at T is its own word alone: from 5.02 ms before T to 5.08 ms after it host "
          "saw a vCPU of it wait 3.20 ms for a CPU (tolerance 100.0 us)");
    set_up(&b, 400, 100000); /* no longer than the tolerance */
    judge(&b, "");
    set_up(&b, clock_ms(3), 3200000); /* it does not claim to have begun at T */
    judge(&b, "");
}

static void what_was_seen_of_whom_is_kept(void **unused)
{
    (void)unused;
    struct bench b;
    set_up(&b, 400, 7000);
    b.nodes[0].around = (struct message_around){ .cpus = 1, .from_ns = -21, .to_ns = 12, .steal_ns = 10000000 };
    text_copy(raw_add_watched(&b.raw)->host, MODEL_NAME, "host"); /* the machine itself */
    assert_true(around_add(&b.raw, &b.trial));
    assert_int_equal(b.trial.around_count, 2);
    const struct around *own = &b.trial.arounds[0], *seen = &b.trial.arounds[1];
    assert_string_equal(own->seen_by, "guest");
    assert_true(own->from_ns == -21 && own->to_ns == 12 && own->steal_ns == 10000000 && own->worst_ns == -1);
    assert_string_equal(seen->node, "guest");
    assert_string_equal(seen->seen_by, "host");
    assert_true(seen->cpus == 2 && seen->run_ns == 9000000 && seen->wait_ns == 8000 && seen->worst_ns == 7000);
    assert_int_equal(seen->steal_ns, -1);
    trial_clear(&b.trial);
    free(b.raw.watched);
}

static void a_guest_that_was_idle_or_not_seen_has_no_witness(void **unused)
{
    (void)unused;
    struct bench b;
    set_up(&b, 400, 3200000);
    text_copy(b.raw.watched[0].use.guest, MODEL_NAME, "other"); /* not in this trial */
    judge(&b, "");
    set_up(&b, 400, 3200000);
    b.raw.watched[0].use.around_vcpus = 0;
    assert_true(around_add(&b.raw, &b.trial));
    assert_int_equal(b.trial.around_count, 0);
    trial_clear(&b.trial);
    free(b.raw.watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_vcpu_is_seen_before_and_after_the_instant_alone),
        cmocka_unit_test(a_vcpu_that_is_kept_from_its_cpu_has_waited),
        cmocka_unit_test(a_threads_schedstat_is_three_numbers),
        cmocka_unit_test(a_claim_that_the_host_does_not_bear_out_is_flagged),
        cmocka_unit_test(what_was_seen_of_whom_is_kept),
        cmocka_unit_test(a_guest_that_was_idle_or_not_seen_has_no_witness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
