/* The control group that is a guest's alone: found by its threads in groups made of files, and in this machine's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/text.h"
#include "guests/domain_group.h"
#include "put_file.h"
#include "tempdir.h"

enum { WITHIN_MS = 5000 };

/* A guest's process: it waits, or works. */
static pid_t start_guest(bool works)
{
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            if (!works)
                pause();
    }
    return pid;
}

static void end_guest(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- made of files ---- */

static const char *root;

static void put(const char *text, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void put(const char *text, const char *fmt, ...)
{
    char path[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(path, sizeof path, fmt, args);
    va_end(args);
    put_file(root, path, text);
}

#define SCOPE "/machine.slice/machine-qemu\\x2d1\\x2dweb1.scope"
#define V1 "/sys/fs/cgroup/cpu,cpuacct"
#define V2 "/sys/fs/cgroup"
static const char MOUNTS_V1[] = "31 24 0:27 / " V1 " rw - cgroup cgroup rw,cpu,cpuacct\n";
static const char MOUNTS_V2[] = "31 24 0:27 / " V2 " rw - cgroup2 cgroup2 rw\n";

/* Two threads of the process, in these groups. */
static void put_threads(pid_t pid, const char *emulator, const char *vcpu)
{
    put(emulator, "/proc/%d/task/%d/cgroup", pid, pid);
    put(vcpu, "/proc/%d/task/999999/cgroup", pid);
}

static char *pid_text(pid_t pid)
{
    static char text[32];
    snprintf(text, sizeof text, "%d\n", pid);
    return text;
}

static void libvirts_group_is_found_in_version_1(void **state)
{
    struct domain_group group;
    const pid_t pid = start_guest(false);
    root = *state;
    put(MOUNTS_V1, "/proc/self/mountinfo");
    put_threads(pid, "5:cpu,cpuacct:" SCOPE "/libvirt/emulator\n", "5:cpu,cpuacct:" SCOPE "/libvirt/vcpu0\n");
    put("5000000123\n", V1 SCOPE "/libvirt/cpuacct.usage");
    put(pid_text(pid), V1 SCOPE "/libvirt/emulator/cgroup.procs");
    put(pid_text(pid), V1 SCOPE "/libvirt/vcpu0/cgroup.procs");
    assert_true(domain_group_find(root, pid, &group));
    assert_string_equal(group.name, SCOPE "/libvirt");
    assert_int_equal(domain_group_used_ns(&group), 5000000123);
    put("1\n", V1 SCOPE "/libvirt/vcpu0/cgroup.procs"); /* somebody else is in it */
    assert_false(domain_group_find(root, pid, &group));
    end_guest(pid);
}

static void libvirts_group_is_found_in_version_2(void **state)
{
    struct domain_group group;
    const pid_t pid = start_guest(false);
    root = *state;
    put(MOUNTS_V2, "/proc/self/mountinfo");
    put_threads(pid, "0::" SCOPE "/libvirt/emulator\n", "0::" SCOPE "/libvirt/vcpu0\n");
    put("usage_usec 7000001\nuser_usec 5\nsystem_usec 2\n", V2 SCOPE "/libvirt/cpu.stat");
    put(pid_text(pid), V2 SCOPE "/libvirt/cgroup.procs");
    put("", V2 SCOPE "/libvirt/vcpu0/cgroup.procs");
    assert_true(domain_group_find(root, pid, &group));
    assert_string_equal(group.name, SCOPE "/libvirt");
    assert_int_equal(domain_group_used_ns(&group), INT64_C(7000001000));
    put("nothing\n", V2 SCOPE "/libvirt/cpu.stat");
    assert_int_equal(domain_group_used_ns(&group), -1);
    end_guest(pid);
}

static void one_thread_elsewhere_makes_the_group_above_the_domains_own(void **state)
{
    struct domain_group group;
    const pid_t pid = start_guest(false);
    root = *state;
    put(MOUNTS_V2, "/proc/self/mountinfo");
    put("usage_usec 1\n", V2 "/a/b/cpu.stat");
    put("usage_usec 2\n", V2 "/a/cpu.stat");
    put(pid_text(pid), V2 "/a/b/cgroup.procs");
    put_threads(pid, "0::/a/b\n", "0::/a/b\n"); /* in one and the same */
    assert_true(domain_group_find(root, pid, &group));
    assert_string_equal(group.name, "/a/b");
    put_threads(pid, "0::/a/b\n", "0::/a\n"); /* one is the other's */
    assert_true(domain_group_find(root, pid, &group));
    assert_string_equal(group.name, "/a");
    put_threads(pid, "0::/a/b\n", "0::/a/bc\n"); /* a name that only begins alike */
    assert_true(domain_group_find(root, pid, &group));
    assert_string_equal(group.name, "/a");
    put_threads(pid, "0::/a/b\n", "0::/b\n"); /* nothing is above but the root */
    assert_false(domain_group_find(root, pid, &group));
    end_guest(pid);
}

static void a_guest_in_its_agents_group_has_none_of_its_own(void **state)
{
    struct domain_group group;
    char both[64];
    const pid_t pid = start_guest(false);
    root = *state;
    snprintf(both, sizeof both, "%d\n%d\n", pid, getpid());
    put(MOUNTS_V2, "/proc/self/mountinfo");
    put_threads(pid, "0::/system.slice/tare-node.service\n", "0::/system.slice/tare-node.service\n");
    put("usage_usec 1\n", V2 "/system.slice/tare-node.service/cpu.stat");
    put(both, V2 "/system.slice/tare-node.service/cgroup.procs");
    assert_false(domain_group_find(root, pid, &group));
    end_guest(pid);
}

/* ---- this machine's ---- */

static bool write_pid(const char *directory, pid_t pid)
{
    char path[PATH_MAX + 32] = "", text[16];
    text_append(path, sizeof path, "%s/cgroup.procs", directory);
    snprintf(text, sizeof text, "%d", pid);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

static int64_t used_of(clockid_t clock)
{
    struct timespec used;
    assert_int_equal(clock_gettime(clock, &used), 0);
    return used.tv_sec * CLOCK_NS_PER_S + used.tv_nsec;
}

/* A process of its own in a group of its own: what it uses is what the scheduler says of it. */
static void uses_what_its_process_does(const struct cgroup_place *place, const char *version)
{
    struct domain_group group;
    char directory[PATH_MAX] = "";
    text_append(directory, sizeof directory, "%s/tare-test-%d", place->own, getpid());
    if (mkdir(directory, 0755) != 0) {
        print_message("skipped: %s: no right to a group in %s: %s\n", version, place->own, strerror(errno));
        return;
    }
    const pid_t pid = start_guest(true);
    if (!write_pid(directory, pid)) {
        print_message("skipped: %s: no process can be put into %s: %s\n", version, directory, strerror(errno));
    } else {
        clockid_t clock;
        const int64_t until = clock_mono_ns() + clock_ms(WITHIN_MS);
        assert_true(domain_group_find("", pid, &group));
        assert_string_equal(group.path, directory);
        assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
        const int64_t own_before = used_of(clock), before = domain_group_used_ns(&group);
        int64_t own = 0;
        while (own < clock_ms(100) && clock_mono_ns() < until) {
            clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
            own = used_of(clock) - own_before;
        }
        const int64_t of_group = domain_group_used_ns(&group) - before;
        print_message("%s: the process %.1f ms, its group %.1f ms\n", version, (double)own / 1e6,
                      (double)of_group / 1e6);
        assert_true(before >= 0 && of_group > own / 2);
    }
    end_guest(pid);
    for (int try = 0; rmdir(directory) != 0 && try < 100; try++)
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(10));
    assert_int_not_equal(access(directory, F_OK), 0);
}

static void a_real_group_of_version_1(void **unused)
{
    (void)unused;
    struct cgroup_place place;
    if (!cgroup_place_v1("", "self", "cpuacct", &place)) {
        print_message("skipped: no cpuacct of version 1 here\n");
        skip();
    }
    uses_what_its_process_does(&place, "version 1");
}

static void a_real_group_of_version_2(void **unused)
{
    (void)unused;
    struct cgroup_place place;
    if (!cgroup_place_v2("", "self", &place)) {
        print_message("skipped: no version 2 here\n");
        skip();
    }
    uses_what_its_process_does(&place, "version 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(libvirts_group_is_found_in_version_1, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(libvirts_group_is_found_in_version_2, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(one_thread_elsewhere_makes_the_group_above_the_domains_own, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(a_guest_in_its_agents_group_has_none_of_its_own, tempdir_make, tempdir_remove),
        cmocka_unit_test(a_real_group_of_version_1),
        cmocka_unit_test(a_real_group_of_version_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
