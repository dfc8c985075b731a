/* What the doctor asks the kernel for, and how it tells what it found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>
#include <netinet/in.h>
#include <sched.h>

#include "fake_machine.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rights_are_given_or_refused),
        CASE(a_lab_has_its_tools_or_not),
        CASE(everything_shown_is_whole),
        CASE(what_fails_has_a_remedy),
        CASE(the_real_kernel_is_asked_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
