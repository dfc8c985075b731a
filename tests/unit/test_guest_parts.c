/* The parts of the guests' keeper that are pure: what a console shows, what a spinning vCPU looks like,
 * the list of virtual machines, the threads of a process. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/accel.h"
#include "guests/console.h"
#include "guests/guest_files.h"
#include "guests/guest_memory.h"
#include "guests/libraries.h"
#include "guests/listing.h"
#include "guests/room.h"
#include "guests/tap.h"
#include "guests/threads.h"
#include "guests/uplink.h"
#include "tempdir.h"

/* ---- console ---- */

static int console_of(const char *text, size_t size)
{
    char path[] = "/tmp/tare-console-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, size), size);
    return fd;
}

static void the_last_lines_of_a_console_are_told_without_what_a_terminal_obeys(void **state)
{
    (void)state;
    static const struct {
        const char *console, *tail;
    } CASES[] = {
        { "", "" },
        { "\n \r\n\n", "" },
        { "one", "one" },
        { "one\r\ntwo\n\n", "one | two" },
        { "1\n2\n3\n4\n5\n6\n7\n", "3 | 4 | 5 | 6 | 7" },
        { "\033[2J\033[0mboot \007\xc3\xa9\033[1;31mred\033[0m\n", "boot red" },
        { "cut \033[", "cut " },
        { "cut \033[31", "cut " },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        char tail[64];
        int fd = console_of(CASES[i].console, strlen(CASES[i].console));
        console_tail(fd, tail, sizeof tail);
        assert_string_equal(tail, CASES[i].tail);
        close(fd);
    }
}

static void a_console_of_any_bytes_stays_printable_and_in_its_bounds(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 2000; round++) {
        char bytes[1500], tail[40] = "";
        size_t size = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            random = random * 1664525 + 1013904223;
            bytes[i] = (char)(random >> 24);
        }
        int fd = console_of(bytes, size);
        console_tail(fd, tail, sizeof tail);
        assert_true(text_is_printable(tail, strlen(tail)));
        assert_false(console_says_up(fd));
        close(fd);
    }
}

static void a_guest_is_up_when_its_init_says_so(void **state)
{
    (void)state;
    static const char UP[] = "SeaBIOS\0\r\ntare: guest is up\r\n";
    int up = console_of(UP, sizeof UP), down = console_of("tare: guest is u", 16);
    assert_true(console_says_up(up));
    assert_false(console_says_up(down));
    assert_false(console_says_up(-1));
    close(up);
    close(down);
}

/* ---- KVM that is none ---- */

static void only_a_vcpu_that_never_runs_its_guest_counts_as_spinning(void **state)
{
    (void)state;
    static const struct {
        int64_t wall_ms, user_ms, sys_ms;
        bool spins;
    } CASES[] = {
        { 3000, 0, 2950, true },    /* as it was seen */
        { 3000, 0, 700, true },     /* ... on a busy host */
        { 2000, 0, 2000, false },   /* too soon to tell */
        { 3000, 2900, 50, false },  /* a guest that boots */
        { 3000, 500, 2000, false }, /* ... with many exits */
        { 3000, 0, 10, false },     /* one that waits */
        { 3000, 0, 0, false },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        const struct accel_look from = { clock_ms(7), clock_ms(1000), clock_ms(500) };
        const struct accel_look to = { from.mono_ns + clock_ms(CASES[i].wall_ms),
                                       from.user_ns + clock_ms(CASES[i].user_ms),
                                       from.sys_ns + clock_ms(CASES[i].sys_ms) };
        assert_int_equal(accel_is_spinning(&from, &to), CASES[i].spins);
    }
}

static void what_was_learnt_of_kvm_holds_for_this_boot_alone(void **state)
{
    (void)state;
    char cache[] = "/tmp/tare-cache-XXXXXX", why[ACCEL_WHY] = "", path[128], boot[64] = "";
    assert_non_null(mkdtemp(cache));
    setenv("XDG_CACHE_HOME", cache, 1);
    if (access("/dev/kvm", F_OK) != 0) {
        assert_false(accel_may_try_kvm(false, why));
        assert_string_equal(why, "this host has no /dev/kvm");
    } else {
        assert_true(accel_may_try_kvm(false, why));
        accel_remember("it spins");
        assert_false(accel_may_try_kvm(false, why));
        assert_string_equal(why, "it spins");
        snprintf(path, sizeof path, "%s/tare/kvm/does_not_work", cache);
        FILE *memory = fopen(path, "r+");
        assert_non_null(memory);
        assert_int_equal(fread(boot, 1, 8, memory), 8);
        rewind(memory);
        fputs(strcmp(boot, "00000000") == 0 ? "11111111" : "00000000", memory); /* another boot's */
        fclose(memory);
        assert_true(accel_may_try_kvm(false, why));
        unlink(path);
    }
    snprintf(path, sizeof path, "rm -r %s", cache);
    assert_int_equal(system(path), 0);
}

/* ---- the list ---- */

static void the_list_of_machines_is_json_whatever_their_names(void **state)
{
    (void)state;
    const struct domain domains[] = {
        { .name = "web \"1\"\n", .state = DOMAIN_RUNNING, .vcpus = 2, .memory_bytes = 1 << 30, .accel = "kvm" },
        { .name = "tare-guest", .state = DOMAIN_OFF, .is_ours = true },
    };
    const struct provider_facts facts = { "QEMU", "7.2.22", "9.0.0", "qemu:///system" };
    const struct listing listing = { "libvirt", &facts, "", "it \\ spins", domains, ARRAY_SIZE(domains) };
    char json[2048];
    struct err e = { 0 };
    assert_true(listing_write(&listing, json, sizeof json, &e));
    json_t *read = json_loads(json, 0, NULL);
    const json_t *list = json_object_get(read, "domains"), *first = json_array_get(list, 0);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(first, "name")), domains[0].name);
    assert_string_equal(json_string_value(json_object_get(first, "state")), "running");
    assert_int_equal(json_integer_value(json_object_get(first, "memory")), 1 << 30);
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "accel")));
    assert_true(json_is_true(json_object_get(json_array_get(list, 1), "ours")));
    assert_string_equal(json_string_value(json_object_get(read, "kvm")), "it \\ spins");
    assert_int_equal(json_integer_value(json_object_get(read, "more")), 0);
    json_decref(read);
}

static void a_list_that_does_not_fit_says_how_many_are_missing(void **state)
{
    (void)state;
    static struct domain domains[DOMAINS_MAX];
    for (size_t i = 0; i < DOMAINS_MAX; i++)
        snprintf(domains[i].name, sizeof domains[i].name, "domain-%zu", i);
    const struct listing listing = { "libvirt", NULL, "why", "", domains, DOMAINS_MAX };
    for (size_t size = 1; size < 3000; size += 7) {
        char json[3000];
        struct err e = { 0 };
        if (!listing_write(&listing, json, size, &e)) {
            assert_true(size < 300);
            continue;
        }
        json_t *read = json_loads(json, 0, NULL);
        assert_non_null(read);
        assert_int_equal(json_array_size(json_object_get(read, "domains")) +
                             (size_t)json_integer_value(json_object_get(read, "more")),
                         DOMAINS_MAX);
        json_decref(read);
    }
}

/* ---- this process as a guest's ---- */

static void the_cpu_time_of_a_process_is_what_its_own_clock_says(void **state)
{
    (void)state;
    struct threads_use use;
    struct err e = { 0 };
    for (volatile int i = 0; i < 30 * 1000 * 1000; i++)
        ;
    int64_t before = clock_process_cpu_ns();
    assert_true(threads_read(getpid(), &use, &e));
    assert_in_range(use.total_ns, before, clock_process_cpu_ns());
    assert_int_equal(use.vcpus, 0);
    assert_int_equal(use.vcpu_ns, 0);
    assert_false(threads_read(0x3ffffff, &use, &e));
    assert_non_null(strstr(e.text, "process"));
}

static void the_libraries_of_this_program_are_files_and_the_c_library_is_among_them(void **state)
{
    (void)state;
    static struct libraries libraries;
    struct err e = { 0 };
    bool has_libc = false;
    assert_true(libraries_of_this_program(&libraries, &e));
    for (size_t i = 0; i < libraries.count; i++) {
        assert_int_equal(access(libraries.paths[i], R_OK), 0);
        has_libc |= strstr(libraries.paths[i], "/libc.so") != NULL;
    }
    assert_true(has_libc);
}

/* ---- memory ---- */

static void a_guest_that_has_no_room_is_refused_before_it_is_tried(void **state)
{
    (void)state;
    static const char MEMINFO[] = "MemTotal:       9000000 kB\nMemFree: 1 kB\nMemAvailable:    614400 kB\n"
                                  "HugePages_Total:     300\nHugePages_Free:      256\nHugepagesize:       2048 kB\n";
    char root[] = "/tmp/tare-room-XXXXXX", path[64];
    struct err e = { 0 };
    struct guest_options o;
    schema_defaults(&GUEST_SCHEMA, &o); /* 512 MiB */
    assert_non_null(mkdtemp(root));
    assert_true(room_check(root, &o, &e)); /* a kernel that does not tell refuses nothing */
    snprintf(path, sizeof path, "%s/proc", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    FILE *to = fopen(path, "we");
    assert_non_null(to);
    fputs(MEMINFO, to);
    fclose(to);
    assert_true(room_check(root, &o, &e));
    o.memory_bytes = INT64_C(601) << 20;
    assert_false(room_check(root, &o, &e));
    assert_string_equal(e.text, "a guest of 601 MiB, and this host has 600 MiB available: give it less memory, or end "
                                "something");
    o.huge_pages = true;
    assert_false(room_check(root, &o, &e));
    assert_non_null(strstr(e.text, "601 MiB need 301 huge pages and 256 are free: as root `sysctl"));
    o.memory_bytes = INT64_C(512) << 20;
    assert_true(room_check(root, &o, &e));
    unlink(path);
    *strrchr(path, '/') = '\0';
    rmdir(path);
    rmdir(root);
}

/* ---- the network ---- */

static void an_address_is_nothing_that_a_shell_reads(void **state)
{
    (void)state;
    assert_true(uplink_is_address("10.77.0.10/24"));
    assert_true(uplink_is_address("fd00::1/64"));
    assert_true(uplink_is_address("dhcp"));
    assert_true(uplink_is_address(""));
    assert_false(uplink_is_address("1'; reboot"));
    assert_false(uplink_is_address("$x"));
    assert_false(uplink_is_address("a b"));
}

static void a_coordinator_on_loopback_is_not_given_to_a_guest(void **state)
{
    (void)state;
    char out[128];
    struct err e = { 0 };
    assert_true(uplink_endpoint("tcp://10.1.2.3:5670", "no-bridge", out, sizeof out, &e));
    assert_string_equal(out, "tcp://10.1.2.3:5670");

    assert_false(uplink_endpoint("tcp://localhost:5670", "no-bridge", out, sizeof out, &e));
    assert_non_null(strstr(e.text, "--endpoint"));
    assert_false(uplink_bridge("no-bridge", out, &e));
    assert_string_equal(e.text, "this host has no bridge 'no-bridge': say the guest's `bridge`");
}

/* ---- memory ---- */

static void the_guests_memory_is_the_largest_mapping_that_is_no_code(void **state)
{
    static const char SMAPS[] = "55d0c0000000-55d0c0100000 r-xp 00000000 08:01 17 /usr/bin/qemu-system-x86_64\n"
                                "Rss:                 900 kB\n"
                                "7f0000000000-7f0010000000 rw-p 00000000 00:00 0\n"
                                "Size:             262144 kB\n"
                                "Rss:               70000 kB\n"
                                "Pss:               70000 kB\n"
                                "Private_Hugetlb:    2048 kB\n"
                                "7f0020000000-7f0060000000 rwxp 00000000 00:00 0\n"
                                "Rss:              500000 kB\n"
                                "7f0070000000-7f0070021000 rw-p 00000000 00:00 0\n"
                                "Rss:                 132 kB\n";
    const char *root = *state;
    char path[256];
    struct guest_memory memory;
    assert_false(guest_memory_read(root, 7, &memory)); /* there is no such process */
    snprintf(path, sizeof path, "%s/proc", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/7", root);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/proc/7/smaps", root);
    FILE *smaps = fopen(path, "w");
    assert_non_null(smaps);
    fputs(SMAPS, smaps);
    assert_int_equal(fclose(smaps), 0);
    assert_true(guest_memory_read(root, 7, &memory));
    assert_int_equal(memory.bytes, INT64_C(256) << 20);
    assert_int_equal(memory.resident, INT64_C(72048) * 1024);
    assert_true(guest_memory_read("", getpid(), &memory)); /* and that of a real one */
    assert_true(memory.resident > 0 && memory.resident <= memory.bytes);
}

/* ---- files ---- */

static void age(const char *path)
{
    const struct timespec times[] = { { 1, 0 }, { 1, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void the_files_of_a_guest_whose_agent_was_killed_go_with_the_next_ones(void **state)
{
    struct guest_files killed, held, fresh;
    struct err e = { 0 };
    const char *before = getenv("TMPDIR");
    char *kept = before ? strdup(before) : NULL;
    setenv("TMPDIR", *state, 1);
    assert_true(guest_files_make(0, -1, &killed, &e) && guest_files_make(0, -1, &held, &e));
    close(killed.lock_fd); /* as a killed process does */
    close(killed.console_fd);
    age(killed.directory);
    age(held.directory);
    assert_true(guest_files_make(0, -1, &fresh, &e));
    assert_int_not_equal(access(killed.directory, F_OK), 0);
    assert_int_equal(access(held.console, F_OK), 0);
    guest_files_forget(&held);
    guest_files_forget(&fresh);
    assert_int_not_equal(access(held.directory, F_OK), 0);
    if (kept)
        setenv("TMPDIR", kept, 1);
    else
        unsetenv("TMPDIR");
    free(kept);
}

/* ---- the device that leads to a guest ---- */

static void write_file(const char *root, const char *path, const char *text)
{
    char name[512] = "";
    assert_true(text_append(name, sizeof name, "%s%s", root, path));
    for (char *slash = name + strlen(root); (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        (void)mkdir(name, 0700);
        *slash = '/';
    }
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static void a_process_tap_is_found_by_its_open_descriptor(void **state)
{
    char name[IFNAMSIZ] = "";
    write_file(*state, "/proc/77/fdinfo/3", "pos:\t0\nflags:\t02\n");
    write_file(*state, "/proc/78/fdinfo/3", "pos:\t0\niff:\tvnet12\n");
    write_file(*state, "/proc/79/fdinfo/3", "iff:\ta-name-that-is-none-of-a-device\n");
    assert_false(tap_of(*state, 76, name));
    assert_false(tap_of(*state, 77, name));
    assert_true(tap_of(*state, 78, name));
    assert_string_equal(name, "vnet12");
    assert_false(tap_of(*state, 79, name));
}

static void the_uplink_of_a_tap_is_the_port_of_its_bridge_that_is_none(void **unused)
{
    (void)unused;
    struct netdevs *devs = calloc(1, sizeof *devs);
    assert_non_null(devs);
    devs->list[devs->count++] = (struct netdev){ .index = 1, .name = "br0", .kind = "bridge" };
    devs->list[devs->count++] =
        (struct netdev){ .index = 2, .master = 1, .name = "vnet0", .kind = "tun", .tx_bytes = 7, .shaper = { 50, 24 } };
    devs->list[devs->count++] = (struct netdev){ .index = 3, .master = 1, .name = "vnet1", .kind = "tun" };
    devs->list[devs->count++] = (struct netdev){ .index = 4, .master = 1, .name = "eth0", .rx_bytes = 9 };
    devs->list[devs->count++] = (struct netdev){ .index = 5, .name = "tun0", .kind = "tun" };
    assert_string_equal(tap_look_at(devs, "nothing").name, "");
    assert_int_equal(tap_look_at(devs, "vnet0").sent, 7);
    assert_int_equal(tap_look_at(devs, "vnet0").shaper.bits_per_s, 50);
    assert_string_equal(tap_uplink(devs, "vnet0").name, "eth0");
    assert_int_equal(tap_uplink(devs, "vnet0").received, 9);
    assert_string_equal(tap_uplink(devs, "tun0").name, ""); /* no port of anything */
    devs->list[devs->count++] = (struct netdev){ .index = 6, .master = 1, .name = "eth1" };
    assert_string_equal(tap_uplink(devs, "vnet0").name, ""); /* which of the two nobody can say */
    free(devs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_lines_of_a_console_are_told_without_what_a_terminal_obeys),
        cmocka_unit_test(a_console_of_any_bytes_stays_printable_and_in_its_bounds),
        cmocka_unit_test(a_guest_is_up_when_its_init_says_so),
        cmocka_unit_test(only_a_vcpu_that_never_runs_its_guest_counts_as_spinning),
        cmocka_unit_test(what_was_learnt_of_kvm_holds_for_this_boot_alone),
        cmocka_unit_test(the_list_of_machines_is_json_whatever_their_names),
        cmocka_unit_test(a_list_that_does_not_fit_says_how_many_are_missing),
        cmocka_unit_test(the_cpu_time_of_a_process_is_what_its_own_clock_says),
        cmocka_unit_test(the_libraries_of_this_program_are_files_and_the_c_library_is_among_them),
        cmocka_unit_test(a_guest_that_has_no_room_is_refused_before_it_is_tried),
        cmocka_unit_test(an_address_is_nothing_that_a_shell_reads),
        cmocka_unit_test(a_coordinator_on_loopback_is_not_given_to_a_guest),
        cmocka_unit_test_setup_teardown(the_files_of_a_guest_whose_agent_was_killed_go_with_the_next_ones, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(the_guests_memory_is_the_largest_mapping_that_is_no_code, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(a_process_tap_is_found_by_its_open_descriptor, tempdir_make, tempdir_remove),
        cmocka_unit_test(the_uplink_of_a_tap_is_the_port_of_its_bridge_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
