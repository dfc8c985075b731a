#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/text.h"
#include "observe/fingerprint.h"
#include "put_file.h"

/* A machine made of files. */
static char root[] = "/tmp/tare-fingerprint-XXXXXX";

static void put(const char *path, const char *text) { put_file(root, path, text); }

static int make_root(void **unused)
{
    (void)unused;
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static int remove_root(void **unused)
{
    (void)unused;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static json_t *written(const char *from, size_t size)
{
    static char json[FINGERPRINT_MAX];
    struct err e = { 0 };
    if (!fingerprint_write(from, NULL, json, size, &e))
        fail_msg("%s", e.text);
    json_error_t why;
    json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, &why);
    if (!object)
        fail_msg("%s: %s", why.text, json);
    return object;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void a_bare_machine_has_no_facts_but_the_kernels_own(void **unused)
{
    (void)unused;
    json_t *f = written(root, FINGERPRINT_MAX);
    assert_int_equal(json_object_size(f), 3); /* uname(2) needs no file */
    assert_non_null(text_of(f, "agent_compiler"));
    assert_non_null(text_of(f, "kernel"));
    assert_non_null(text_of(f, "arch"));
    json_decref(f);
}

static void each_fact_comes_from_its_file(void **unused)
{
    (void)unused;
    put("/sys/class/dmi/id/sys_vendor", "QEMU\n");
    put("/sys/class/dmi/id/product_name", "Standard \"PC\" \\ 1996 \x01\n");
    put("/run/systemd/container", "lxc\n");
    put("/proc/sys/kernel/osrelease", "6.1.0-test\n");
    put("/boot/config-6.1.0-test",
        "# CONFIG_NO_HZ_FULL is not set\nCONFIG_HZ_250=y\nCONFIG_HZ=250\nCONFIG_NO_HZ_IDLE=y\n");
    put("/proc/version", "Linux version 6.1.0-test (who@where) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP\n");
    put("/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=UUID=secret maxcpus=1 quiet mem=512M mitigations=off\n");
    put("/proc/self/status", "Name:\ttare-node\nCpus_allowed_list:\t0-1\n");
    put("/sys/devices/system/cpu/cpu0/cpuidle/state0/name", "POLL\n");
    put("/sys/devices/system/cpu/cpu0/cpuidle/state1/name", "C1E\n");
    put("/sys/devices/system/cpu/cpu0/cpuidle/state1/disable", "1\n");
    put("/sys/devices/system/cpu/cpu0/cpuidle/state2/name", "C6\n");
    put("/sys/devices/system/cpu/cpu0/cpuidle/state2/disable", "0\n");
    put("/proc/meminfo", "MemTotal:        2030404 kB\nMemFree: 1 kB\nSwapTotal: 0 kB\n");
    put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Some CPU\xff @ 2GHz\n"
                         "flags\t\t: fpu hypervisors sse\n\nprocessor\t: 1\n");
    put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    put("/proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
    put("/sys/module/kvm/parameters/halt_poll_ns", "200000\n");
    put("/sys/module/kvm_intel/parameters/nested", "Y\n");
    put("/sys/module/kvm_amd/parameters/nested", "0\n");
    put("/sys/kernel/mm/ksm/run", "no number\n");
    put("/sys/devices/system/cpu/smt/active", "1\n");
    put("/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
    put("/sys/devices/system/cpu/vulnerabilities/l1tf", "Not affected\n");
    json_t *f = written(root, FINGERPRINT_MAX);
    assert_string_equal(text_of(f, "product"), "QEMU Standard \"PC\" \\ 1996 \x01");
    assert_string_equal(text_of(f, "container"), "lxc");
    assert_string_equal(text_of(f, "kernel"), "6.1.0-test");
    assert_int_equal(json_integer_value(json_object_get(f, "config_hz")), 250);
    assert_true(json_is_true(json_object_get(f, "config_nohz_idle")));
    assert_true(json_is_false(json_object_get(f, "config_nohz_full")));
    assert_int_equal(json_integer_value(json_object_get(f, "memory_bytes")), INT64_C(2030404) * 1024);
    assert_int_equal(json_integer_value(json_object_get(f, "swap_bytes")), 0);
    assert_string_equal(text_of(f, "kernel_compiler"), "gcc-12 (Debian 12.2.0-14) 12.2.0");
    assert_string_equal(text_of(f, "boot_options"), "maxcpus=1 mem=512M mitigations=off");
    assert_string_equal(text_of(f, "cpus_allowed"), "0-1");
    assert_string_equal(text_of(f, "idle_states"), "POLL C6");
    assert_string_equal(text_of(f, "cpu_model"), "Some CPU? @ 2GHz");
    assert_true(json_is_false(json_object_get(f, "hypervisor"))); /* 'hypervisors' is another word */
    assert_string_equal(text_of(f, "thp"), "madvise");
    assert_string_equal(text_of(f, "tcp_rmem"), "4096 131072 6291456");
    assert_int_equal(json_integer_value(json_object_get(f, "halt_poll_ns")), 200000);
    assert_string_equal(text_of(f, "kvm_nested"), "Y");
    assert_null(json_object_get(f, "ksm"));
    assert_true(json_is_true(json_object_get(f, "smt_active")));
    assert_string_equal(text_of(json_object_get(f, "mitigations"), "meltdown"), "Mitigation: PTI");
    assert_null(json_object_get(f, "cut"));
    json_decref(f);
}

static void whatever_the_size_it_is_json(void **unused)
{
    (void)unused;
    for (size_t size = 32; size < 1500; size++) {
        json_t *f = written(root, size);
        if (size < 300)
            assert_true(json_is_true(json_object_get(f, "cut")));
        json_decref(f);
    }
    char json[4];
    struct err e = { 0 };
    assert_false(fingerprint_write(root, NULL, json, sizeof json, &e));
}

static void a_file_of_any_length_is_bounded(void **unused)
{
    (void)unused;
    const size_t size = (size_t)100 * 1024;
    char *flags = malloc(size);
    assert_non_null(flags);
    memset(flags, '"', size);
    memcpy(flags, "flags : ", 8);
    flags[size - 1] = '\0';
    put("/proc/cpuinfo", flags);
    put("/proc/sys/kernel/random/boot_id", flags);
    free(flags);
    json_t *f = written(root, FINGERPRINT_MAX);
    assert_true(json_is_true(json_object_get(f, "cut")));
    assert_null(json_object_get(f, "boot_id"));
    assert_non_null(text_of(f, "product"));
    json_decref(f);
}

static void the_network_is_part_of_it_where_it_was_read(void **unused)
{
    (void)unused;
    char json[FINGERPRINT_MAX];
    static struct netdevs devs;
    struct err e = { 0 };
    if (!netdevs_read(&devs, &e) || !fingerprint_write(root, &devs, json, sizeof json, &e))
        fail_msg("%s", e.text);
    json_t *f = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_array(json_object_get(f, "links")));
    assert_true(json_is_array(json_object_get(f, "routes")));
    json_decref(f);
}

static void this_machine_has_a_fingerprint(void **unused)
{
    (void)unused;
    json_t *f = written("", FINGERPRINT_MAX);
    assert_non_null(text_of(f, "kernel"));
    assert_non_null(text_of(f, "boot_id"));
    assert_null(json_object_get(f, "cut"));
    json_decref(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_machine_has_no_facts_but_the_kernels_own),
        cmocka_unit_test(each_fact_comes_from_its_file),
        cmocka_unit_test(whatever_the_size_it_is_json),
        cmocka_unit_test(a_file_of_any_length_is_bounded),
        cmocka_unit_test(the_network_is_part_of_it_where_it_was_read),
        cmocka_unit_test(this_machine_has_a_fingerprint),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
