/* What the doctor reads: ports, keys, clocks, CPUs, links, on machines made of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"

static void a_port_is_free_ours_or_somebody_elses(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_COORDINATOR);
    kernel(0);
    is(&place, "tcp-port", DOCTOR_OK, "5670 is free", "");
    kernel(EACCES);
    is(&place, "tcp-port", DOCTOR_FAIL, "Permission denied", "--port");
    kernel(EADDRINUSE);
    is(&place, "tcp-port", DOCTOR_FAIL, "another user's", "sudo ss -tnlp");
    is(&place, "udp-port", DOCTOR_FAIL, "another user's", "sudo ss -unlp");
    /* 0x1626 = 5670; the first line is a connection of that port, the second the listener. */
    put("/proc/net/tcp",
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1626 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  0  0 111 1 0\n"
        "   1: 00000000:1626 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 222 1 0\n");
    put("/proc/net/udp6", "  sl  local_address remote_address st ...\n"
                          "  9: 00000000000000000000000000000000:1626 00000000000000000000000000000000:0000 07 "
                          "00000000:00000000 00:00000000 00000000     0        0 333 2 0 0\n");
    put_link("/proc/41/fd/3", "socket:[111]");
    put("/proc/41/comm", "client\n");
    put_link("/proc/42/fd/7", "socket:[222]");
    put("/proc/42/comm", "redis\n");
    put_link("/proc/43/fd/7", "socket:[333]");
    put("/proc/43/comm", "tare\n");
    is(&place, "tcp-port", DOCTOR_FAIL, "in use by redis (pid 42)", "stop that program");
    is(&place, "udp-port", DOCTOR_OK, "serves a run of tare (pid 43)", "");
    put("/proc/net/tcp", "\n  sl\n x: y\n 1: 1626 0A\n");
    is(&place, "tcp-port", DOCTOR_FAIL, "another user's", "ss");
}

static void datagrams_pass_or_not(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NETSERVER);
    kernel(0);
    is(&place, "udp-loopback", DOCTOR_OK, "came back", "");
    kernel(ETIMEDOUT);
    is(&place, "udp-loopback", DOCTOR_FAIL, "timed out", "nft list ruleset");
}

static void keys_are_nobody_elses(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_COORDINATOR);
    kernel(0);
    is(&place, "keys", DOCTOR_OK, "none yet", "");
    put("/k/keys.db", "");
    is(&place, "keys", DOCTOR_OK, "1 file, open to nobody else", "");
    set_mode("/k/keys.db", 0640);
    is(&place, "keys", DOCTOR_FAIL, "/k/keys.db: mode 0640", "chmod 600 '/k/keys.db'");
    set_mode("/k/keys.db", 0600);
    set_mode("/k", 0755);
    is(&place, "keys", DOCTOR_FAIL, "mode 0755", "chmod 700 '/k'");
    set_mode("/k", 0700);
    place.uid = getuid() + 1;
    is(&place, "keys", DOCTOR_FAIL, "belongs to uid", "chown");
    place.keys = "";
    is(&place, "keys", DOCTOR_FAIL, "HOME", "export");
    place = place_of(DOCTOR_NODE);
    assert_null(look(&place, "keys", ""));
}

static void an_invite_is_there_and_whole(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    is(&place, "invite", DOCTOR_OK, "not looked at", "");
    place.invite = "/i";
    is(&place, "invite", DOCTOR_FAIL, "No such file", "tare invite");
    put("/i", "");
    place.bad_invite = "/i: mode 0644 lets others read the key: chmod 600 /i";
    is(&place, "invite", DOCTOR_FAIL, "0644", "chmod 600 '/i'");
    place.bad_invite = "/i: a key is damaged";
    is(&place, "invite", DOCTOR_FAIL, "damaged", "new one");
    place.bad_invite = "";
    place.endpoint = "tcp://[fd00::1]:5670";
    is(&place, "invite", DOCTOR_OK, "fd00::1", "");
    is(&place, "coordinator", DOCTOR_OK, "fd00::1 port 5670 answers", "");
    kernel(ECONNREFUSED);
    is(&place, "coordinator", DOCTOR_WARN, "no run listens", "joins");
    kernel(ENOENT);
    is(&place, "coordinator", DOCTOR_FAIL, "resolves to nothing", "getent");
    kernel(ETIMEDOUT);
    is(&place, "coordinator", DOCTOR_FAIL, "timed out", "firewall");
    place.endpoint = "tcp://:";
    is(&place, "coordinator", DOCTOR_FAIL, "is not tcp://", "--endpoint");
}

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"

static void clocks_are_fine_or_slow(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    is(&place, "clocksource", DOCTOR_WARN, "does not tell", "");
    static const char *const GOOD[] = { "tsc\n", "kvm-clock\n", "arch_sys_counter\n" };
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++) {
        put(CLOCKSOURCE "current_clocksource", GOOD[i]);
        is(&place, "clocksource", DOCTOR_OK, "", "");
    }
    static const char *const BAD[] = { "hpet\n", "acpi_pm\n", "refined-jiffies\n" };
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
        put(CLOCKSOURCE "current_clocksource", BAD[i]);
        is(&place, "clocksource", DOCTOR_WARN, "slow or coarse", "dmesg");
    }
    put(CLOCKSOURCE "available_clocksource", "hpet tsc-early acpi_pm\n");
    is(&place, "clocksource", DOCTOR_WARN, "slow", "dmesg"); /* tsc-early is not tsc */
    put(CLOCKSOURCE "available_clocksource", "tsc hpet acpi_pm\n");
    is(&place, "clocksource", DOCTOR_WARN, "slow", "echo tsc | sudo tee");
    put(CLOCKSOURCE "current_clocksource", "sundial\n");
    is(&place, "clocksource", DOCTOR_WARN, "not known", "echo tsc");
    is(&place, "timer", DOCTOR_OK, "50 us late", "");
    said_late = 301000;
    is(&place, "timer", DOCTOR_WARN, "301 us late", "C-states");
}

static void the_kernel_stamps_probes_or_not(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    is(&place, "kernel-stamps", DOCTOR_OK, "of what leaves and of what arrives", "");
    put("/sys/class/net/br0/operstate", "up\n"); /* no device: the ports of a bridge stamp */
    put("/sys/class/net/eth0/device/vendor", "x");
    put("/sys/class/net/eth1/device/vendor", "x");
    said_leaves = false;
    is(&place, "kernel-stamps", DOCTOR_WARN, "the driver of eth0, eth1 stamps nothing that leaves", "another port");
    said_stamps = STAMP_RECEIVED;
    is(&place, "kernel-stamps", DOCTOR_WARN, "only of what arrives", "");
    said_stamps = STAMP_USER;
    is(&place, "kernel-stamps", DOCTOR_WARN, "none", "SO_TIMESTAMPING");
    kernel(EPERM);
    is(&place, "kernel-stamps", DOCTOR_WARN, "not tried", "");
}

static void isolated_cpus_are_told(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NETSERVER);
    kernel(0);
    is(&place, "isolated", DOCTOR_OK, "isolcpus=", "");
    put("/sys/devices/system/cpu/isolated", "\n");
    is(&place, "isolated", DOCTOR_OK, "none", "");
    put("/sys/devices/system/cpu/isolated", "2-3\n");
    is(&place, "isolated", DOCTOR_OK, "taskset -c 2-3", "");
}

static void cpus_for_those_that_spin(void **unused)
{
    (void)unused;
    struct doctor_place lab = place_of(DOCTOR_COORDINATOR), peer = place_of(DOCTOR_NETSERVER);
    kernel(0);
    is(&lab, "cpus", DOCTOR_WARN, "does not tell", "/proc");
    put("/sys/devices/system/cpu/online", "0-3,8\n");
    is(&lab, "cpus", DOCTOR_OK, "5 CPUs", "");
    put("/proc/self/status", "Name:\tx\nCpus_allowed:\t1\nCpus_allowed_list:\t3\nMems_allowed:\t1\n");
    is(&lab, "cpus", DOCTOR_WARN, "1 CPU: nobody", "2 CPUs or more");
    is(&peer, "cpus", DOCTOR_OK, "1 CPU: ", "");
    put("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t3-1,x\n");
    is(&peer, "cpus", DOCTOR_WARN, "does not tell", "/proc");
}

static void frequency_stays_or_not(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    is(&place, "governor", DOCTOR_OK, "no frequency scaling", "");
    is(&place, "turbo", DOCTOR_OK, "no switch", "");
    put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    put("/sys/devices/system/cpu/cpufreq/boost", "0\n");
    is(&place, "governor", DOCTOR_OK, "performance", "");
    is(&place, "turbo", DOCTOR_OK, "off", "");
    put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
    put("/sys/devices/system/cpu/cpufreq/boost", "1\n");
    is(&place, "governor", DOCTOR_WARN, "'powersave' on 1 of 2", "echo performance | sudo tee");
    is(&place, "turbo", DOCTOR_WARN, "on:", "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
    put("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    is(&place, "turbo", DOCTOR_OK, "off", "");
    put("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    place.is_root = true;
    is(&place, "turbo", DOCTOR_WARN, "on:", "echo 1 | tee /sys");
}

static void a_half_duplex_link_fails(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    is(&place, "link", DOCTOR_OK, "no physical port", "");
    put("/sys/class/net/lo/duplex", "half\n"); /* no device: not a port */
    is(&place, "link", DOCTOR_OK, "no physical port", "");
    put("/sys/class/net/eth0/device/vendor", "x");
    put("/sys/class/net/eth0/duplex", "full\n");
    put("/sys/class/net/eth0/speed", "100\n");
    put("/sys/class/net/eth0/operstate", "up\n");
    put("/sys/class/net/eth0/statistics/rx_errors", "0\n");
    const struct doctor_finding *f = look(&place, "link", "eth0");
    assert_non_null(f);
    assert_string_equal(f->text, "100 Mbit/s, full duplex, no errors");
    put("/sys/class/net/eth0/statistics/rx_crc_errors", "12\n");
    put("/sys/class/net/eth0/statistics/collisions", "7\n");
    f = look(&place, "link", "eth0");
    assert_int_equal(f->verdict, DOCTOR_WARN);
    assert_non_null(strstr(f->text, "12 rx_crc_errors, 7 collisions"));
    put("/sys/class/net/eth0/duplex", "half\n");
    f = look(&place, "link", "eth0");
    assert_int_equal(f->verdict, DOCTOR_FAIL);
    assert_non_null(strstr(f->remedy, "ethtool -s eth0 autoneg on"));
    put("/sys/class/net/eth0/operstate", "down\n");
    assert_int_equal(look(&place, "link", "eth0")->verdict, DOCTOR_OK);
    put("/sys/class/net/eth1/device/vendor", "x");
    put("/sys/class/net/eth1/speed", "-1\n");
    assert_string_equal(look(&place, "link", "eth1")->text, "speed not told, duplex not told, no errors");
}

static void more_ports_than_room_are_counted(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_NODE);
    kernel(0);
    for (int i = 0; i < DOCTOR_FINDINGS_MAX + 5; i++) {
        char path[80];
        snprintf(path, sizeof path, "/sys/class/net/p%03d/device/vendor", i);
        put(path, "x");
    }
    put("/sys/class/net/p098/duplex", "half\n");
    look(&place, "link", "");
    assert_int_equal(report.count, DOCTOR_FINDINGS_MAX);
    assert_true(report.left_out > 5);
    assert_int_equal(doctor_count(&report, DOCTOR_FAIL), 1); /* the grave one is kept */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_port_is_free_ours_or_somebody_elses),
        CASE(datagrams_pass_or_not),
        CASE(keys_are_nobody_elses),
        CASE(an_invite_is_there_and_whole),
        CASE(clocks_are_fine_or_slow),
        CASE(the_kernel_stamps_probes_or_not),
        CASE(isolated_cpus_are_told),
        CASE(cpus_for_those_that_spin),
        CASE(frequency_stays_or_not),
        CASE(a_half_duplex_link_fails),
        CASE(more_ports_than_room_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
