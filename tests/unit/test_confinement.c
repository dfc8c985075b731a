/* A trial's work is kept to CPUs and to memory: by this machine's own cgroups where there are any, and by files that
 * look like those of both versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/confinement.h"
#include "base/directory.h"
#include "base/small_file.h"
#include "base/text.h"
#include "put_file.h"
#include "tempdir.h"

enum { MIB = 1024 * 1024 };

/* ---- CPUs ---- */

static void as_many_cpus_as_the_guest_has(void **unused)
{
    (void)unused;
    cpu_set_t allowed, got;
    struct err e = { 0 };
    char list[MESSAGE_CPUS];
    assert_int_equal(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    assert_true(confinement_cpus("", 1, &got, &e));
    assert_int_equal(CPU_COUNT(&got), 1);
    assert_true(confinement_cpus("", UINT32_MAX, &got, &e)); /* more than there are */
    assert_true(CPU_EQUAL(&got, &allowed));
    assert_true(confinement_list(&got, list, sizeof list));
    assert_true(confinement_cpus(list, (uint32_t)CPU_COUNT(&allowed), &got, &e));
    assert_true(CPU_EQUAL(&got, &allowed));
    assert_true(confinement_cpus(list, 1, &got, &e)); /* one vCPU is on the first of them */
    assert_int_equal(CPU_COUNT(&got), 1);
    assert_false(confinement_cpus("1000", 1, &got, &e));
    assert_non_null(strstr(e.text, "1000"));
    assert_false(confinement_cpus("x", 1, &got, &e));
}

static void a_list_of_cpus_is_short(void **unused)
{
    (void)unused;
    cpu_set_t cpus;
    char list[MESSAGE_CPUS], small[4];
    CPU_ZERO(&cpus);
    for (size_t cpu = 0; cpu < 4; cpu++)
        CPU_SET(cpu, &cpus);
    CPU_SET(9, &cpus);
    assert_true(confinement_list(&cpus, list, sizeof list));
    assert_string_equal(list, "0-3,9");
    assert_false(confinement_list(&cpus, small, sizeof small));
}

/* ---- memory, here ---- */

static void own_groups(char *text, size_t size) { assert_true(small_file_read("", "/proc/self/cgroup", text, size)); }

/* The bytes that a file may have in the page cache while its reader may have but a few: what of them is there. */
static size_t cached_pages(const char *path, size_t bytes)
{
    static unsigned char there[256 * 256];
    size_t count = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mincore(map, bytes, there), 0);
    for (size_t i = 0; i < bytes / (size_t)getpagesize(); i++)
        count += there[i] & 1;
    munmap(map, bytes);
    close(fd);
    return count * (size_t)getpagesize();
}

static void write_file(const char *path, size_t bytes)
{
    static char block[MIB];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < bytes / MIB; i++)
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    assert_int_equal(fsync(fd), 0);
    close(fd);
}

/* Skips where this machine has none, or grants none. */
static struct memory_group enter(int64_t bytes)
{
    struct memory_group g = { .lock_fd = -1 };
    struct err e = { 0 };
    if (!memory_group_enter("", bytes, &g, &e)) {
        print_message("skip: %s\n", e.text);
        skip();
    }
    return g;
}

static void the_page_cache_is_confined_with_the_memory(void **state)
{
    enum { LIMIT = 32 * MIB, FILE_BYTES = 96 * MIB };
    char path[PATH_MAX] = "", before[4096], inside[4096], after[4096];
    struct stat st;
    assert_true(text_append(path, sizeof path, "%s/file", (const char *)*state));
    own_groups(before, sizeof before);
    struct memory_group g = enter(LIMIT);
    own_groups(inside, sizeof inside);
    write_file(path, FILE_BYTES);
    assert_string_not_equal(before, inside);
    const size_t cached = cached_pages(path, FILE_BYTES);
    char where[PATH_MAX];
    text_copy(where, sizeof where, g.path);
    memory_group_leave(&g);
    own_groups(after, sizeof after);
    assert_string_equal(before, after);
    assert_int_not_equal(stat(where, &st), 0); /* it is gone */
    assert_true(cached <= LIMIT);
    memory_group_leave(&g); /* once more does nothing */
}

static void what_a_killed_agent_left_is_removed(void **unused)
{
    (void)unused;
    struct stat st;
    char path[PATH_MAX];
    int told[2];
    struct memory_group probe = enter(64 * MIB);
    memory_group_leave(&probe);
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct memory_group g;
        if (!memory_group_enter("", 64 * MIB, &g, NULL) || write(told[1], g.path, sizeof g.path) != sizeof g.path)
            _exit(1);
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], path, sizeof path), sizeof path);
    memory_group_tidy("");
    assert_int_equal(stat(path, &st), 0); /* it is in use */
    struct memory_group other = enter(64 * MIB);
    assert_string_not_equal(other.path, path);
    memory_group_leave(&other);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(stat(path, &st), 0);
    memory_group_tidy("");
    assert_int_not_equal(stat(path, &st), 0);
    close(told[0]);
    close(told[1]);
}

/* ---- machines that are not like this one ---- */

static void without_the_controller_one_line_says_what_to_do(void **state)
{
    const char *root = *state;
    struct memory_group g;
    struct err e = { 0 };
    assert_false(memory_group_enter(root, MIB, &g, &e)); /* no cgroups at all */
    assert_non_null(strstr(e.text, "mount them"));
    put_file(root, "/proc/self/cgroup", "0::/user.slice/a.scope\n");
    put_file(root, "/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put_file(root, "/sys/fs/cgroup/cgroup.controllers", "cpu pids\n");
    assert_false(memory_group_enter(root, MIB, &g, &e)); /* as with cgroup_disable=memory */
    assert_non_null(strstr(e.text, "cgroup_enable=memory"));
    put_file(root, "/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
    put_file(root, "/sys/fs/cgroup/cgroup.subtree_control", "cpu pids\n");
    put_file(root, "/sys/fs/cgroup/user.slice/cgroup.subtree_control", "\n");
    put_file(root, "/sys/fs/cgroup/user.slice/a.scope/cgroup.subtree_control", "\n");
    assert_false(memory_group_enter(root, MIB, &g, &e)); /* nobody divides it */
    assert_non_null(strstr(e.text, "systemd-run --user"));
}

/* In version 2 the group lies beside the one we are in, in the nearest that divides its memory. */
static void version_2_has_it_beside_the_agents_own(void **state)
{
    const char *root = *state;
    char expected[PATH_MAX] = "";
    struct memory_group g;
    struct err e = { 0 };
    put_file(root, "/proc/self/cgroup", "1:name=systemd:/x\n0::/user.slice/app.slice/a.scope\n");
    put_file(root, "/proc/self/mountinfo",
             "29 23 0:25 / /sys rw - sysfs sysfs rw\n30 29 0:26 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n");
    put_file(root, "/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
    put_file(root, "/sys/fs/cgroup/user.slice/app.slice/cgroup.subtree_control", "memory pids\n");
    put_file(root, "/sys/fs/cgroup/user.slice/app.slice/a.scope/cgroup.subtree_control", "\n");
    /* A plain directory has no memory.max, so it ends there, and says where. */
    assert_false(memory_group_enter(root, MIB, &g, &e));
    text_append(expected, sizeof expected, "%s/sys/fs/cgroup/user.slice/app.slice/tare-%u-0: its memory", root,
                geteuid());
    assert_non_null(strstr(e.text, expected));
    struct stat st;
    *strchr(expected + strlen(root), ':') = '\0';
    assert_int_not_equal(stat(expected, &st), 0); /* nothing is left of it */
}

static void a_container_sees_its_part_of_version_1(void **state)
{
    const char *root = *state;
    char expected[PATH_MAX] = "";
    struct memory_group g;
    struct err e = { 0 };
    put_file(root, "/proc/self/cgroup", "5:cpu,memory:/docker/77/inner\n0::/\n");
    put_file(root, "/proc/self/mountinfo",
             "40 30 0:30 /docker/77 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
    put_file(root, "/sys/fs/cgroup/memory/inner/cgroup.procs", "");
    assert_false(memory_group_enter(root, MIB, &g, &e));
    text_append(expected, sizeof expected, "%s/sys/fs/cgroup/memory/inner/tare-%u-0: its memory", root, geteuid());
    assert_non_null(strstr(e.text, expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_cpus_as_the_guest_has),
        cmocka_unit_test(a_list_of_cpus_is_short),
        cmocka_unit_test_setup_teardown(the_page_cache_is_confined_with_the_memory, tempdir_make, tempdir_remove),
        cmocka_unit_test(what_a_killed_agent_left_is_removed),
        cmocka_unit_test_setup_teardown(without_the_controller_one_line_says_what_to_do, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(version_2_has_it_beside_the_agents_own, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_container_sees_its_part_of_version_1, tempdir_make, tempdir_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
