/* What this user may do here, and what a lab is made with. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor/checks.h"

/* start_gate.h's; the .service files' LimitRTPRIO too. */
enum { FIFO_PRIORITY = 50 };

void rights_fifo(const struct doctor_place *place, struct doctor_report *report)
{
    int why = place->tries->fifo(FIFO_PRIORITY);
    if (why == 0) {
        doctor_add(report, DOCTOR_OK, "", "SCHED_FIFO %d granted", FIFO_PRIORITY);
        return;
    }
    struct doctor_finding *f = doctor_add(
        report, DOCTOR_WARN, "", "SCHED_FIFO refused (%s): busy CPUs can delay a start by 10 ms", strerror(why));
    if (place->is_root)
        doctor_mend(f, "start it outside of this container or cpu cgroup, or give it CAP_SYS_NICE");
    else if (place->who == DOCTOR_COORDINATOR)
        doctor_mend(f, "echo \"$USER - rtprio %d\" | sudo tee /etc/security/limits.d/tare.conf   # then log in anew",
                    FIFO_PRIORITY);
    else
        doctor_mend(f, "sudo setcap cap_sys_nice+ep \"$(command -v tare-%s)\"   # or use tare-%s.service",
                    doctor_who_word(place->who), doctor_who_word(place->who));
}

void rights_iproute2(const struct doctor_place *place, struct doctor_report *report)
{
    char ip[PATH_MAX], tc[PATH_MAX];
    bool has_ip = doctor_program(place, "ip", ip, sizeof ip), has_tc = doctor_program(place, "tc", tc, sizeof tc);
    if (has_ip && has_tc)
        doctor_add(report, DOCTOR_OK, "", "%.80s and %.80s", ip, tc);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "no `%s`: --lab does not work", has_ip ? "tc" : "ip"),
                    "%sapt-get install iproute2", doctor_sudo(place));
}

/* Why user namespaces are refused, by the switch that refuses them. */
static const struct {
    const char *path, *sysctl;
    long long bad, good;
} SWITCHES[] = {
    { "/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", 0, 15000 },
    { "/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", 0, 1 },
    { "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns", 1, 0 },
};

void rights_user_namespaces(const struct doctor_place *place, struct doctor_report *report)
{
    if (place->is_root) {
        doctor_add(report, DOCTOR_OK, "", "root makes a lab without them");
        return;
    }
    int why = place->tries->user_namespace();
    for (size_t i = 0; i < sizeof SWITCHES / sizeof *SWITCHES; i++)
        if (doctor_number(place, SWITCHES[i].path) == SWITCHES[i].bad) {
            doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s is %lld: no lab without root", SWITCHES[i].sysctl,
                                   SWITCHES[i].bad),
                        "sudo sysctl %s=%lld   # or make labs as root", SWITCHES[i].sysctl, SWITCHES[i].good);
            return;
        }
    if (why == 0)
        doctor_add(report, DOCTOR_OK, "", "allowed: labs work without root");
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "refused (%s): no lab without root", strerror(why)),
                    "sudo tare run --lab FILE   # a container or a security module forbids them");
}

void rights_time_namespaces(const struct doctor_place *place, struct doctor_report *report)
{
    if (doctor_has(place, "/proc/self/ns/time"))
        doctor_add(report, DOCTOR_OK, "", "there are");
    else
        doctor_mend(
            doctor_add(report, DOCTOR_WARN, "", "none (Linux 5.6, CONFIG_TIME_NS): a lab's machines share one clock"),
            "use a kernel of Debian 11 or later");
}

void rights_tbf(const struct doctor_place *place, struct doctor_report *report)
{
    char tc[PATH_MAX];
    if (!doctor_program(place, "tc", tc, sizeof tc)) {
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "not tried: no `tc` here"), "%sapt-get install iproute2",
                    doctor_sudo(place));
        return;
    }
    int why = place->tries->shape(tc);
    if (why == 0)
        doctor_add(report, DOCTOR_OK, "", "a port can be shaped");
    else if (why == EPERM)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "not tried: no network namespace can be made"),
                    "sudo tare doctor   # looks again with the rights of root");
    else
        doctor_mend(
            doctor_add(report, DOCTOR_WARN, "", "this kernel has no tbf: a lab's switch has no speed of its own"),
            "%smodprobe sch_tbf   # or: tare run --lab --no-shaping", doctor_sudo(place));
}

void rights_tun(const struct doctor_place *place, struct doctor_report *report)
{
    static const char DEVICE[] = "/dev/net/tun";
    int why = place->tries->open_device(DEVICE);
    if (why == 0)
        doctor_add(report, DOCTOR_OK, "", "%s opens", DEVICE);
    else if (why == EACCES || why == EPERM)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s is not open to you: no port for a guest", DEVICE),
                    "%schmod 0666 %s   # Debian's own mode; making a port still takes its rights", doctor_sudo(place),
                    DEVICE);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s: %s: no port for a guest", DEVICE, strerror(why)),
                    "%smodprobe tun", doctor_sudo(place));
}

void rights_descriptors(const struct doctor_place *place, struct doctor_report *report)
{
    /* One a connection, and some 60 for the archive, the sockets of ZeroMQ and the terminal. */
    enum { OWN = 64, FEW = 1024 };
    uint64_t soft = 0;
    int why = place->tries->descriptors(&soft);
    if (why != 0)
        doctor_add(report, DOCTOR_WARN, "", "not told: %s", strerror(why));
    else if (soft >= FEW)
        doctor_add(report, DOCTOR_OK, "", "%llu: about %llu nodes", (unsigned long long)soft,
                   (unsigned long long)soft - OWN);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%llu: about %llu nodes", (unsigned long long)soft,
                               (unsigned long long)(soft > OWN ? soft - OWN : 0)),
                    "ulimit -n 65536");
}
