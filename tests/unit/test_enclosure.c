/* A guest's threads kept to some CPUs, and everything put back, also after the agent that did it was killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/small_file.h"
#include "base/text.h"
#include "guests/enclosure.h"
#include "guests/serving.h"
#include "put_file.h"
#include "tempdir.h"

/* ---- a guest's process: a leader, a vCPU, a child of its own, and a thread more when it is told to ---- */

enum { STARTED_MS = 5000 };

static void *sleep_as(void *name)
{
    prctl(PR_SET_NAME, name);
    for (;;)
        pause();
    return NULL;
}

static void be_a_guest(int order)
{
    pthread_t thread;
    char byte;
    pthread_create(&thread, NULL, sleep_as, "CPU 0/TCG");
    if (fork() == 0)
        (void)sleep_as("helper");
    while (read(order, &byte, 1) == 1)
        pthread_create(&thread, NULL, sleep_as, "late");
    kill(0, SIGKILL); /* its group: the child as well */
    _exit(0);
}

struct fake_guest {
    pid_t pid;
    int order;
};

static bool count_one(pid_t tid, void *context)
{
    char name[SERVING_NAME];
    int64_t started;
    *(int *)context += serving_who(tid, name, &started);
    return true;
}

static void await_threads(pid_t pid, int wanted)
{
    const int64_t until = clock_mono_ns() + clock_ms(STARTED_MS);
    for (int count = 0; count < wanted; clock_sleep_until_mono(clock_mono_ns() + clock_ms(5))) {
        count = 0;
        (void)serving_each(pid, count_one, &count);
        if (clock_mono_ns() > until)
            fail_msg("%d threads, and not %d", count, wanted);
    }
}

static struct fake_guest start_guest(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct fake_guest g = { fork(), ends[1] };
    if (g.pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[1]);
        be_a_guest(ends[0]);
    }
    close(ends[0]);
    await_threads(g.pid, 3);
    return g;
}

static void end_guest(const struct fake_guest *g)
{
    close(g->order);
    waitpid(g->pid, NULL, 0);
}

/* ---- where they are ---- */

struct places {
    const cpu_set_t *cpus;
    int alike, all;
};

static bool compare_one(pid_t tid, void *context)
{
    struct places *p = context;
    cpu_set_t has;
    if (sched_getaffinity(tid, sizeof has, &has) == 0) {
        p->all++;
        p->alike += CPU_EQUAL(&has, p->cpus);
    }
    return true;
}

/* Whether all of the guest's threads may use exactly these. */
static bool all_on(pid_t pid, const cpu_set_t *cpus)
{
    struct places p = { .cpus = cpus };
    assert_true(serving_each(pid, compare_one, &p));
    return p.alike == p.all && p.all >= 3;
}

static pid_t named;
static bool find_vcpu(pid_t tid, void *context)
{
    char name[SERVING_NAME];
    int64_t started;
    if (serving_who(tid, name, &started) && strcmp(name, context) == 0)
        named = tid;
    return true;
}

static pid_t thread_named(pid_t pid, const char *name)
{
    char copy[SERVING_NAME];
    text_copy(copy, sizeof copy, name);
    named = 0;
    (void)serving_each(pid, find_vcpu, copy);
    assert_true(named > 0);
    return named;
}

/* The first two CPUs that there are; skips with one. */
static cpu_set_t mine, first, second;
static char first_list[16];
static void need_two_cpus(void)
{
    size_t cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof mine, &mine), 0);
    if (CPU_COUNT(&mine) < 2)
        skip();
    CPU_ZERO(&first);
    CPU_ZERO(&second);
    while (!CPU_ISSET(cpu, &mine))
        cpu++;
    CPU_SET(cpu, &first);
    snprintf(first_list, sizeof first_list, "%zu", cpu);
    for (cpu++; !CPU_ISSET(cpu, &mine);)
        cpu++;
    CPU_SET(cpu, &second);
}

static int notes(void)
{
    char path[512] = "";
    int count = 0;
    text_append(path, sizeof path, "%s/tare", getenv("XDG_RUNTIME_DIR"));
    DIR *dir = opendir(path);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        count += strncmp(entry->d_name, "envelope-", 9) == 0;
    if (dir)
        closedir(dir);
    return count;
}

/* ---- tests ---- */

static void all_threads_are_kept_also_later_ones_and_all_are_put_back(void **state)
{
    struct enclosure x;
    struct err e = { 0 };
    (void)state;
    need_two_cpus();
    struct fake_guest g = start_guest();
    assert_true(enclosure_open("", first_list, &x, &e));
    if (!enclosure_take(&x, g.pid, false, &e))
        fail_msg("%s", e.text);
    assert_true(all_on(g.pid, &first));
    assert_int_equal(write(g.order, "+", 1), 1);
    await_threads(g.pid, 4);
    assert_true(all_on(g.pid, &first));
    assert_int_equal(enclosure_strays(&x), 0);
    assert_int_equal(notes(), 0); /* it would end with us */
    assert_int_equal(sched_setaffinity(thread_named(g.pid, "late"), sizeof mine, &mine), 0);
    assert_int_equal(enclosure_strays(&x), 1);
    enclosure_close(&x);
    assert_true(all_on(g.pid, &mine)); /* the late one as its leader */
    end_guest(&g);
}

static void pinning_within_the_envelope_stands_and_outside_is_refused(void **state)
{
    struct enclosure x;
    struct err e = { 0 };
    cpu_set_t has;
    (void)state;
    need_two_cpus();
    struct fake_guest g = start_guest();
    const pid_t vcpu = thread_named(g.pid, "CPU 0/TCG");
    assert_int_equal(sched_setaffinity(vcpu, sizeof second, &second), 0);
    assert_true(enclosure_open("", first_list, &x, &e));
    assert_false(enclosure_take(&x, g.pid, false, &e));
    assert_non_null(strstr(e.text, "thread 'CPU 0/TCG' is kept to CPUs"));
    assert_int_equal(sched_getaffinity(g.pid, sizeof has, &has), 0);
    assert_true(CPU_EQUAL(&has, &mine)); /* the others were not touched */
    enclosure_close(&x);
    assert_int_equal(sched_setaffinity(vcpu, sizeof first, &first), 0);
    assert_true(enclosure_open("", first_list, &x, &e));
    assert_true(enclosure_take(&x, g.pid, false, &e));
    enclosure_close(&x);
    assert_int_equal(sched_getaffinity(vcpu, sizeof has, &has), 0);
    assert_true(CPU_EQUAL(&has, &first));
    end_guest(&g);
}

static void what_a_killed_agent_has_kept_is_put_back_by_the_next(void **state)
{
    int status;
    (void)state;
    need_two_cpus();
    struct fake_guest g = start_guest();
    const pid_t agent = fork();
    if (agent == 0) {
        struct enclosure x;
        struct err e = { 0 };
        if (enclosure_open("", first_list, &x, &e) && enclosure_take(&x, g.pid, true, &e))
            raise(SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(agent, &status, 0), agent);
    assert_true(WIFSIGNALED(status));
    assert_true(all_on(g.pid, &first));
    assert_int_equal(notes(), 1);
    enclosure_note_tidy("");
    assert_true(all_on(g.pid, &mine));
    assert_int_equal(notes(), 0);
    end_guest(&g);
}

static void what_a_living_agent_keeps_is_left_alone(void **state)
{
    struct enclosure x;
    struct err e = { 0 };
    (void)state;
    need_two_cpus();
    struct fake_guest g = start_guest();
    assert_true(enclosure_open("", first_list, &x, &e));
    assert_true(enclosure_take(&x, g.pid, true, &e));
    enclosure_note_tidy("");
    assert_true(all_on(g.pid, &first));
    assert_int_equal(notes(), 1);
    enclosure_close(&x);
    assert_int_equal(notes(), 0);
    end_guest(&g);
}

static void the_envelope_is_of_cpus_that_both_may_use_or_is_refused(void **state)
{
    char list[64];
    struct err e = { 0 };
    (void)state;
    need_two_cpus();
    struct fake_guest g = start_guest();
    assert_true(enclosure_choose(g.pid, "", 1, list, sizeof list, &e));
    assert_string_equal(list, first_list);
    assert_int_equal(sched_setaffinity(thread_named(g.pid, "CPU 0/TCG"), sizeof second, &second), 0);
    assert_true(enclosure_choose(g.pid, "", 1, list, sizeof list, &e)); /* where its vCPU is */
    assert_string_not_equal(list, first_list);
    assert_false(enclosure_choose(g.pid, "", 2, list, sizeof list, &e));
    assert_non_null(strstr(e.text, "its 2 vCPUs want as many CPUs"));
    assert_true(enclosure_choose(g.pid, first_list, 1, list, sizeof list, &e));
    assert_string_equal(list, first_list);
    assert_false(enclosure_choose(g.pid, "1000", 1, list, sizeof list, &e));
    end_guest(&g);
    assert_false(enclosure_choose(g.pid, "", 1, list, sizeof list, &e));
}

/* ---- a card of a machine made of files ---- */

#define CARD "/sys/bus/pci/devices/0000:00:03.0"
static void make_card(const char *root, const char *boot)
{
    put_file(root, CARD "/msi_irqs/24", "msix");
    put_file(root, CARD "/msi_irqs/25", "msix");
    put_file(root, CARD "/msi_irqs/26", "msix");
    put_file(root, "/proc/irq/24/smp_affinity_list", "0-3\n");
    put_file(root, "/proc/irq/25/smp_affinity_list", "2\n");
    put_file(root, "/proc/irq/26/smp_affinity_list/stays", ""); /* cannot be written */
    put_file(root, "/proc/sys/kernel/random/boot_id", boot);
}

static void is_on(const char *root, unsigned number, const char *cpus)
{
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/irq/%u/smp_affinity_list", number);
    assert_true(small_file_read(root, path, text, sizeof text));
    assert_string_equal(text, cpus);
}

static void a_cards_interrupts_are_moved_and_those_that_stay_are_named(void **state)
{
    const char *root = *state;
    struct enclosure x;
    struct err e = { 0 };
    char outside[64] = "";
    make_card(root, "this-boot");
    assert_true(enclosure_open(root, "2-3", &x, &e));
    assert_true(enclosure_interrupts(&x, "0000:00:03.0", outside, sizeof outside, &e));
    is_on(root, 24, "2-3");
    is_on(root, 25, "2"); /* is within */
    assert_string_equal(outside, "26");
    assert_int_equal(notes(), 1);
    enclosure_close(&x);
    is_on(root, 24, "0-3");
    is_on(root, 25, "2");
    assert_int_equal(notes(), 0);
    outside[0] = '\0';
    assert_true(enclosure_open(root, "2-3", &x, &e));
    assert_true(enclosure_interrupts(&x, "", outside, sizeof outside, &e)); /* no card: a veth */
    assert_string_equal(outside, "");
    enclosure_close(&x);
}

static void a_note_of_another_boot_says_nothing_of_this_one(void **state)
{
    const char *root = *state;
    struct enclosure x;
    struct err e = { 0 };
    char outside[64] = "";
    make_card(root, "the-last-boot");
    assert_true(enclosure_open(root, "2-3", &x, &e));
    assert_true(enclosure_interrupts(&x, "0000:00:03.0", outside, sizeof outside, &e));
    close(x.note.lock_fd); /* as where its agent was killed */
    put_file(root, "/proc/sys/kernel/random/boot_id", "this-boot");
    enclosure_note_tidy(root);
    is_on(root, 24, "2-3");
    assert_int_equal(notes(), 0);
    x.note.lock_fd = -1;
    enclosure_close(&x);
}

static int set_up(void **state)
{
    if (tempdir_make(state) != 0)
        return -1;
    return setenv("XDG_RUNTIME_DIR", *state, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_threads_are_kept_also_later_ones_and_all_are_put_back, set_up,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(pinning_within_the_envelope_stands_and_outside_is_refused, set_up,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(what_a_killed_agent_has_kept_is_put_back_by_the_next, set_up, tempdir_remove),
        cmocka_unit_test_setup_teardown(what_a_living_agent_keeps_is_left_alone, set_up, tempdir_remove),
        cmocka_unit_test_setup_teardown(the_envelope_is_of_cpus_that_both_may_use_or_is_refused, set_up,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(a_cards_interrupts_are_moved_and_those_that_stay_are_named, set_up,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(a_note_of_another_boot_says_nothing_of_this_one, set_up, tempdir_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
