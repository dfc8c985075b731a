/* checks.h - the one list of checks, and what they share. Only common/doctor includes it. */
#ifndef TARE_DOCTOR_CHECKS_H
#define TARE_DOCTOR_CHECKS_H

#include "base/err.h"
#include "doctor/doctor.h"

enum {
    BY_COORDINATOR = DOCTOR_COORDINATOR,
    BY_AGENTS = DOCTOR_NODE | DOCTOR_NETSERVER,
    BY_LAB_OR_NODE = DOCTOR_COORDINATOR | DOCTOR_NODE,
    BY_ALL = DOCTOR_COORDINATOR | DOCTOR_NODE | DOCTOR_NETSERVER,
};

/* id, function, who needs it, what is looked at */
#define DOCTOR_CHECK_LIST(C)                                                                                   \
    C("tcp-port", ports_tcp, BY_COORDINATOR, "the port that nodes dial is free")                               \
    C("udp-port", ports_udp, BY_COORDINATOR, "the port of the clock probes is free")                           \
    C("udp-loopback", ports_loopback, BY_ALL, "UDP passes on this machine")                                    \
    C("keys", keys_coordinator, BY_COORDINATOR, "nobody else can read the keys")                               \
    C("invite", keys_invite, BY_AGENTS, "the invite is there and nobody else can read it")                     \
    C("coordinator", ports_reach, BY_AGENTS, "the coordinator of the invite answers")                          \
    C("clocksource", clocks_source, BY_ALL, "the clock is cheap and fine to read")                             \
    C("kernel-stamps", stamps_kernel, BY_ALL, "the kernel stamps clock probes")                                \
    C("timer", clocks_timer, BY_ALL, "a sleep ends in time for the start")                                     \
    C("fifo", rights_fifo, BY_ALL, "the start may use SCHED_FIFO")                                             \
    C("cpus", cpus_count, BY_ALL, "each node that spins has a CPU")                                            \
    C("isolated", cpus_isolated, BY_ALL, "CPUs that other work stays away from")                               \
    C("governor", cpus_governor, BY_ALL, "CPUs keep their frequency")                                          \
    C("turbo", cpus_turbo, BY_ALL, "frequency does not depend on temperature")                                 \
    C("link", links_look, BY_ALL, "duplex, speed and errors of each port")                                     \
    C("iproute2", rights_iproute2, BY_COORDINATOR, "programs that make a lab")                                 \
    C("user-namespaces", rights_user_namespaces, BY_COORDINATOR, "labs without root")                          \
    C("time-namespaces", rights_time_namespaces, BY_COORDINATOR, "machines of a lab with clocks of their own") \
    C("tc-tbf", rights_tbf, BY_COORDINATOR, "a lab's switch has a speed")                                      \
    C("tun", rights_tun, BY_LAB_OR_NODE, "a guest's network port can be made")                                 \
    C("kvm", guests_kvm, BY_LAB_OR_NODE, "guests run on the processor itself")                                 \
    C("qemu", guests_qemu, BY_LAB_OR_NODE, "the program that is a guest's machine")                            \
    C("libvirt", guests_libvirt, BY_LAB_OR_NODE, "what starts and sees guests")                                \
    C("guests", guests_image, BY_LAB_OR_NODE, "a kernel and a busybox for built-in guests")                    \
    C("guest-memory", guests_memory, BY_LAB_OR_NODE, "room for a guest")                                       \
    C("small-host", small_host, BY_LAB_OR_NODE, "the host is as small as its guest")                           \
    C("huge-pages", tuning_huge_pages, BY_LAB_OR_NODE, "pages for a guest that asks for huge ones")            \
    C("halt-poll", tuning_halt_poll, BY_LAB_OR_NODE, "what a guest's idle vCPU costs")                         \
    C("ksm", tuning_ksm, BY_LAB_OR_NODE, "guests' pages are left alone")                                       \
    C("descriptors", rights_descriptors, BY_COORDINATOR, "open files for all nodes")

#define DOCTOR_CHECK_DECLARATION(id, function, who, what) \
    void function(const struct doctor_place *place, struct doctor_report *report);
DOCTOR_CHECK_LIST(DOCTOR_CHECK_DECLARATION)

/* Add a finding of the check that runs now; `subject` is "" but where there are several alike.
 * Returns it, for doctor_mend; never NULL. */
struct doctor_finding *doctor_add(struct doctor_report *report, enum doctor_verdict verdict, const char *subject,
                                  const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The finding's remedy. */
void doctor_mend(struct doctor_finding *finding, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* "sudo " where it is needed. */
const char *doctor_sudo(const struct doctor_place *place);

/* `place->root` and a path, as text in `full`; false when it is too long. */
bool doctor_path(const struct doctor_place *place, const char *path, char *full, size_t size);

/* Does the file exist, be it a dangling link? */
bool doctor_has(const struct doctor_place *place, const char *path);

/* The first `program` in $PATH or where the system keeps its own, below the root. */
bool doctor_program(const struct doctor_place *place, const char *program, char *path, size_t size);

/* A decimal number in a small file, -1 when there is none. */
long long doctor_number(const struct doctor_place *place, const char *path);

#endif
