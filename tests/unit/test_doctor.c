/* Every check of the doctor on machines made of files, with answers of the kernel made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor/show.h"

static char root[64];

static void path_of(const char *path, char *full, size_t size)
{
    full[0] = '\0';
    assert_true(text_append(full, size, "%s%s", root, path));
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
}

static void put(const char *path, const char *text)
{
    char full[512];
    path_of(path, full, sizeof full);
    FILE *file = fopen(full, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(full, 0600);
}

static void put_link(const char *path, const char *target)
{
    char full[512];
    path_of(path, full, sizeof full);
    assert_int_equal(symlink(target, full), 0);
}

static void set_mode(const char *path, mode_t mode)
{
    char full[512];
    path_of(path, full, sizeof full);
    assert_int_equal(chmod(full, mode), 0);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static int make_root(void **unused)
{
    (void)unused;
    text_copy(root, sizeof root, "/tmp/tare-doctor-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **unused)
{
    (void)unused;
    return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- a kernel that says what it is told to ---- */

static int said; /* what every try answers */
static int64_t said_late;
static uint64_t said_descriptors;

static int bind_port(int socket_type, unsigned port) { return (void)socket_type, (void)port, said; }
static int reach(const char *host, const char *port) { return (void)port, strchr(host, '[') ? EINVAL : said; }
static int number(int priority) { return (void)priority, said; }
static int nothing(void) { return said; }
static int name(const char *path) { return (void)path, said; }
static int late(int64_t *ns) { return *ns = said_late, said; }
static int descriptors(uint64_t *soft) { return *soft = said_descriptors, said; }

static const struct doctor_tries TRIES = { .bind_port = bind_port,
                                           .udp_echo = nothing,
                                           .reach = reach,
                                           .fifo = number,
                                           .late = late,
                                           .user_namespace = nothing,
                                           .open_device = name,
                                           .shape = name,
                                           .descriptors = descriptors };

static struct doctor_place place_of(enum doctor_who who)
{
    return (struct doctor_place){ .root = root,
                                  .tries = &TRIES,
                                  .who = who,
                                  .uid = getuid(),
                                  .port = 5670,
                                  .keys = "/k",
                                  .invite = "",
                                  .endpoint = "",
                                  .bad_invite = "",
                                  .path = "/opt/bin" };
}

static struct doctor_report report;

/* The finding of one check alone, as a machine of kind `place` gets it; the first with `subject`. */
static const struct doctor_finding *look(const struct doctor_place *place, const char *id, const char *subject)
{
    doctor_examine(place, &report);
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.findings[i].check->id, id) == 0 && strcmp(report.findings[i].subject, subject) == 0)
            return &report.findings[i];
    return NULL;
}

/* `words` of text and remedy, "" for none. */
static void is(const struct doctor_place *place, const char *id, enum doctor_verdict verdict, const char *text,
               const char *remedy)
{
    const struct doctor_finding *f = look(place, id, "");
    if (!f)
        fail_msg("%s says nothing", id);
    if (f->verdict != verdict || !strstr(f->text, text) || !strstr(f->remedy, remedy) || (*f->remedy && !*remedy))
        fail_msg("%s: %s '%s' -> '%s', expected %s '%s' -> '%s'", id, doctor_verdict_word(f->verdict), f->text,
                 f->remedy, doctor_verdict_word(verdict), text, remedy);
}

static void kernel(int answer)
{
    said = answer;
    said_late = 50 * 1000;
    said_descriptors = 4096;
}

/* ---- checks ---- */

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
    is(&place, "coordinator", DOCTOR_FAIL, "is not tcp://", "");
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
    said_late = 301 * 1000;
    is(&place, "timer", DOCTOR_WARN, "301 us late", "C-states");
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

static void rights_are_given_or_refused(void **unused)
{
    (void)unused;
    struct doctor_place lab = place_of(DOCTOR_COORDINATOR), node = place_of(DOCTOR_NODE);
    kernel(0);
    is(&node, "fifo", DOCTOR_OK, "granted", "");
    is(&node, "tun", DOCTOR_OK, "opens", "");
    is(&lab, "user-namespaces", DOCTOR_OK, "allowed", "");
    is(&lab, "descriptors", DOCTOR_OK, "4096: about 4032", "");
    said_descriptors = 256;
    is(&lab, "descriptors", DOCTOR_WARN, "256: about 192", "ulimit");
    is(&lab, "time-namespaces", DOCTOR_WARN, "none", "kernel");
    put_link("/proc/self/ns/time", "time:[4026531834]");
    is(&lab, "time-namespaces", DOCTOR_OK, "there are", "");
    kernel(EPERM);
    is(&node, "fifo", DOCTOR_WARN, "refused", "setcap cap_sys_nice+ep \"$(command -v tare-node)\"");
    is(&lab, "fifo", DOCTOR_WARN, "refused", "limits.d");
    is(&lab, "user-namespaces", DOCTOR_WARN, "refused", "sudo tare run --lab");
    put("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n");
    is(&lab, "user-namespaces", DOCTOR_WARN, "apparmor", "sysctl kernel.apparmor_restrict_unprivileged_userns=0");
    put("/proc/sys/user/max_user_namespaces", "0\n");
    is(&lab, "user-namespaces", DOCTOR_WARN, "max_user", "sysctl user.max_user_namespaces=15000");
    lab.is_root = node.is_root = true;
    is(&lab, "user-namespaces", DOCTOR_OK, "root", "");
    is(&node, "fifo", DOCTOR_WARN, "refused", "container");
    kernel(EACCES);
    is(&node, "tun", DOCTOR_WARN, "not open to you", "chmod 0666 /dev/net/tun");
    kernel(ENOENT);
    is(&node, "tun", DOCTOR_WARN, "No such file", "modprobe tun");
}

static void a_lab_has_its_tools_or_not(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_COORDINATOR);
    kernel(0);
    is(&place, "iproute2", DOCTOR_WARN, "no `ip`", "sudo apt-get install iproute2");
    is(&place, "tc-tbf", DOCTOR_WARN, "no `tc`", "apt-get");
    put("/opt/bin/ip", "");
    is(&place, "iproute2", DOCTOR_WARN, "no `tc`", "apt-get");
    put("/usr/sbin/tc", "");
    is(&place, "iproute2", DOCTOR_OK, "/opt/bin/ip and /usr/sbin/tc", "");
    is(&place, "tc-tbf", DOCTOR_OK, "shaped", "");
    kernel(EPERM);
    is(&place, "tc-tbf", DOCTOR_WARN, "no network namespace", "sudo tare doctor");
    kernel(EOPNOTSUPP);
    is(&place, "tc-tbf", DOCTOR_WARN, "no tbf", "modprobe sch_tbf");
}

/* ---- what is shown ---- */

static void everything_shown_is_whole(void **unused)
{
    (void)unused;
    struct doctor_place place = place_of(DOCTOR_COORDINATOR);
    kernel(EADDRINUSE);
    doctor_examine(&place, &report);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    doctor_show_json(&place, &report, out);
    fclose(out);
    json_error_t why;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!object)
        fail_msg("%s: %s", why.text, text);
    assert_int_equal(json_array_size(json_object_get(object, "findings")), report.count);
    assert_int_equal(json_integer_value(json_object_get(object, "fail")), doctor_count(&report, DOCTOR_FAIL));
    json_decref(object);
    free(text);
    text = NULL;
    out = open_memstream(&text, &size);
    doctor_show_table(&place, &report, false, out);
    fclose(out);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "FAIL  tcp-port         5670 is in use"));
    assert_non_null(strstr(text, "\n                       -> "));
    free(text);
    text = NULL;
    out = open_memstream(&text, &size);
    doctor_show_table(&place, &report, true, out);
    fclose(out);
    assert_non_null(strstr(text, "\033[1;31mFAIL\033[0m"));
    free(text);
}

/* No bad finding leaves the user without what mends it, whatever the kernel answers. */
static void what_fails_has_a_remedy(void **unused)
{
    (void)unused;
    static const int ANSWERS[] = { EPERM, ENOENT, EACCES, EADDRINUSE, ETIMEDOUT };
    static const enum doctor_who ALL[] = { DOCTOR_COORDINATOR, DOCTOR_NODE, DOCTOR_NETSERVER };
    for (size_t i = 0; i < ARRAY_SIZE(ANSWERS); i++)
        for (size_t j = 0; j < ARRAY_SIZE(ALL); j++) {
            struct doctor_place place = place_of(ALL[j]);
            place.endpoint = "tcp://coordinator.example:5670";
            kernel(ANSWERS[i]);
            doctor_examine(&place, &report);
            for (size_t k = 0; k < report.count; k++)
                if (report.findings[k].verdict == DOCTOR_FAIL && !*report.findings[k].remedy)
                    fail_msg("%s: no remedy for '%s'", report.findings[k].check->id, report.findings[k].text);
        }
}

/* This kernel answers something, and nothing stays behind of the asking. */
static void the_real_kernel_is_asked_without_a_trace(void **unused)
{
    (void)unused;
    int64_t ns = -1;
    uint64_t soft = 0;
    assert_int_equal(DOCTOR_TRIES.udp_echo(), 0);
    assert_int_equal(DOCTOR_TRIES.late(&ns), 0);
    assert_true(ns >= 0);
    assert_int_equal(DOCTOR_TRIES.descriptors(&soft), 0);
    assert_true(soft > 0);
    assert_int_equal(DOCTOR_TRIES.open_device("/nowhere"), ENOENT);
    (void)DOCTOR_TRIES.fifo(50);
    assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in self = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof self;
    assert_int_equal(bind(listener, (const struct sockaddr *)&self, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&self, &size), 0);
    char port[8];
    snprintf(port, sizeof port, "%u", ntohs(self.sin_port));
    assert_int_equal(DOCTOR_TRIES.bind_port(SOCK_STREAM, ntohs(self.sin_port)), EADDRINUSE);
    assert_int_equal(DOCTOR_TRIES.reach("127.0.0.1", port), 0);
    close(listener);
    assert_int_equal(DOCTOR_TRIES.bind_port(SOCK_STREAM, ntohs(self.sin_port)), 0);
    assert_int_equal(DOCTOR_TRIES.reach("127.0.0.1", port), ECONNREFUSED);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_port_is_free_ours_or_somebody_elses),
        CASE(datagrams_pass_or_not),
        CASE(keys_are_nobody_elses),
        CASE(an_invite_is_there_and_whole),
        CASE(clocks_are_fine_or_slow),
        CASE(cpus_for_those_that_spin),
        CASE(frequency_stays_or_not),
        CASE(a_half_duplex_link_fails),
        CASE(more_ports_than_room_are_counted),
        CASE(rights_are_given_or_refused),
        CASE(a_lab_has_its_tools_or_not),
        CASE(everything_shown_is_whole),
        CASE(what_fails_has_a_remedy),
        CASE(the_real_kernel_is_asked_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
