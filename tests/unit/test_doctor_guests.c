/* What the doctor says of a host's fitness for guests, on machines made of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_machine.h"

static void subject_is(const struct doctor_place *place, const char *id, const char *subject,
                       enum doctor_verdict verdict, const char *text, const char *remedy)
{
    const struct doctor_finding *f = look(place, id, subject);
    if (!f || f->verdict != verdict || !strstr(f->text, text) || !strstr(f->remedy, remedy))
        fail_msg("%s %s: '%s' -> '%s', expected '%s' -> '%s'", id, subject, f ? f->text : "", f ? f->remedy : "", text,
                 remedy);
}

static void kvm_is_there_open_and_not_known_to_fail(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE), lab = place_of(DOCTOR_COORDINATOR);
    kernel(0);
    is(&node, "kvm", DOCTOR_OK, "opens", "");
    is(&lab, "kvm", DOCTOR_OK, "opens", "");
    put("/proc/sys/kernel/random/boot_id", "one\n");
    put("/cache/kvm/does_not_work", "one its vCPU spins\n");
    is(&node, "kvm", DOCTOR_WARN, "does not work: its vCPU spins", "rm '");
    put("/proc/sys/kernel/random/boot_id", "two\n"); /* what was found in another boot holds no more */
    is(&node, "kvm", DOCTOR_OK, "opens", "");
    kernel(EACCES);
    is(&node, "kvm", DOCTOR_WARN, "not open to you", "usermod -aG kvm");
    kernel(ENOENT);
    is(&node, "kvm", DOCTOR_WARN, "No such file", "firmware");
    put("/proc/cpuinfo", "processor : 0\nflags : fpu hypervisor sse\n");
    is(&node, "kvm", DOCTOR_WARN, "emulated", "nested");
    put("/proc/cpuinfo", "processor : 0\nflags : fpu svm_lock vmx sse\n");
    is(&node, "kvm", DOCTOR_WARN, "emulated", "sudo modprobe kvm_intel");
    put("/proc/cpuinfo", "processor : 0\nflags : fpu sse svm\n");
    node.is_root = true;
    is(&node, "kvm", DOCTOR_WARN, "emulated", "modprobe kvm_amd");
}

static void qemu_and_libvirt_are_there_or_named_by_their_packages(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE), lab = place_of(DOCTOR_COORDINATOR);
    kernel(ENOENT);
    is(&lab, "qemu", DOCTOR_WARN, "no `qemu-system-x86_64`", "sudo apt-get install qemu-system-x86");
    put("/usr/bin/qemu-system-x86_64", "");
    is(&lab, "qemu", DOCTOR_OK, "/usr/bin/qemu-system-x86_64", "");
    is(&lab, "libvirt", DOCTOR_WARN, "no driver for QEMU", "install libvirt-daemon-driver-qemu");
    is(&node, "libvirt", DOCTOR_WARN, "no driver for QEMU", "libvirt-daemon-system");
    put("/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so", "");
    is(&lab, "libvirt", DOCTOR_OK, "needs no daemon", "");
    is(&node, "libvirt", DOCTOR_WARN, "No such file", "libvirt-daemon-system");
    kernel(ECONNREFUSED); /* a socket that a daemon has left */
    is(&node, "libvirt", DOCTOR_WARN, "refused", "libvirt-daemon-system");
    kernel(EACCES);
    is(&node, "libvirt", DOCTOR_WARN, "does not let you in", "usermod -aG libvirt");
    kernel(0);
    is(&node, "libvirt", DOCTOR_OK, "answers", "");
}

static void a_kernel_for_guests_is_found_or_it_is_said_where_one_comes_from(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE);
    kernel(0);
    subject_is(&node, "guests", "kernel", DOCTOR_WARN, "no apt-get", "/boot");
    put("/usr/bin/apt-get", "");
    subject_is(&node, "guests", "kernel", DOCTOR_OK, "is fetched", "");
    put("/cache/guests/boot/vmlinuz-6.1.0-cloud", "");
    subject_is(&node, "guests", "kernel", DOCTOR_OK, "6.1.0-cloud", "");
    put("/proc/sys/kernel/osrelease", "6.1.0-9\n");
    put("/boot/vmlinuz-6.1.0-8", "");
    subject_is(&node, "guests", "kernel", DOCTOR_OK, "6.1.0-8, since the running one is not", "");
    put("/boot/vmlinuz-6.1.0-9", "");
    subject_is(&node, "guests", "kernel", DOCTOR_OK, "the running one, 6.1.0-9", "");
    if (geteuid() != 0) {
        set_mode("/boot/vmlinuz-6.1.0-9", 0);
        subject_is(&node, "guests", "kernel", DOCTOR_WARN, "you cannot read", "chmod a+r /boot/vmlinuz-6.1.0-9");
    }
    subject_is(&node, "guests", "busybox", DOCTOR_WARN, "none", "busybox-static");
    put("/bin/busybox", "");
    subject_is(&node, "guests", "busybox", DOCTOR_OK, "/bin/busybox", "");
}

static void there_is_room_for_a_guest_or_not(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE);
    kernel(0);
    is(&node, "guest-memory", DOCTOR_WARN, "does not tell", "/proc");
    put("/proc/meminfo", "MemTotal:        9000000 kB\nMemAvailable:     600000 kB\n");
    is(&node, "guest-memory", DOCTOR_WARN, "585 MiB available: no guest", "memory: 256MiB");
    put("/proc/meminfo", "MemTotal:        9000000 kB\nMemAvailable:    2097152 kB\n");
    is(&node, "guest-memory", DOCTOR_OK, "2048 MiB available: 3 guests", "");
}

static void what_tunes_guests_is_told(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE);
    kernel(0);
    is(&node, "huge-pages", DOCTOR_WARN, "none", "leave huge_pages out");
    put("/proc/sys/vm/nr_hugepages", "0\n");
    is(&node, "huge-pages", DOCTOR_OK, "sysctl vm.nr_hugepages=N", "");
    put("/proc/sys/vm/nr_hugepages", "512\n");
    put("/proc/meminfo",
        "MemTotal: 1 kB\nHugePages_Total:     512\nHugePages_Free:      300\nHugepagesize:       2048 kB\n");
    is(&node, "huge-pages", DOCTOR_OK, "300 of 512 are free: 600 MiB", "");
    is(&node, "halt-poll", DOCTOR_OK, "not loaded", "");
    put("/sys/module/kvm/parameters/halt_poll_ns", "200000\n");
    is(&node, "halt-poll", DOCTOR_OK, "200000 ns", "");
    put("/sys/module/kvm/parameters/halt_poll_ns", "0\n");
    is(&node, "halt-poll", DOCTOR_OK, "off", "");
    is(&node, "ksm", DOCTOR_OK, "off", "");
    put("/sys/kernel/mm/ksm/run", "1\n");
    is(&node, "ksm", DOCTOR_WARN, "on", "sudo tee /sys/kernel/mm/ksm/run");
}

static void a_host_is_as_small_as_its_guest_or_told_how(void **unused)
{
    (void)unused;
    struct doctor_place node = place_of(DOCTOR_NODE);
    kernel(0);
    is(&node, "small-host", DOCTOR_WARN, "no memory controller", "boot with `maxcpus=1 mem=512M`");
    put("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    put("/etc/default/grub", "");
    is(&node, "small-host", DOCTOR_WARN, "it takes root", "GRUB_CMDLINE_LINUX in /etc/default/grub");
    node.is_root = true;
    is(&node, "small-host", DOCTOR_OK, "boot it with maxcpus=VCPUS mem=MEMORY", "");
    put("/proc/cmdline", "root=/dev/sda1 memmap=1 maxcpus=2 quiet\n"); /* half of it is not it */
    is(&node, "small-host", DOCTOR_OK, "boot it with", "");
    put("/proc/cmdline", "mem=8G root=/dev/sda1 maxcpus=2 mem=1G quiet\n");
    is(&node, "small-host", DOCTOR_OK, "booted with maxcpus=2 mem=1G", "");
    put("/proc/cmdline", "root=/dev/sda1 nr_cpus=1 mem=512M\n");
    node.is_root = false;
    is(&node, "small-host", DOCTOR_OK, "booted with nr_cpus=1 mem=512M", "");
}

/* The peer has no guests. */
static void who_keeps_no_guests_is_not_bothered_with_them(void **unused)
{
    (void)unused;
    static const char *const IDS[] = { "kvm",        "qemu",       "libvirt",   "guest-memory",
                                       "small-host", "huge-pages", "halt-poll", "ksm" };
    struct doctor_place peer = place_of(DOCTOR_NETSERVER);
    kernel(0);
    for (size_t i = 0; i < ARRAY_SIZE(IDS); i++)
        assert_null(look(&peer, IDS[i], ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(kvm_is_there_open_and_not_known_to_fail),
        CASE(qemu_and_libvirt_are_there_or_named_by_their_packages),
        CASE(a_kernel_for_guests_is_found_or_it_is_said_where_one_comes_from),
        CASE(there_is_room_for_a_guest_or_not),
        CASE(a_host_is_as_small_as_its_guest_or_told_how),
        CASE(what_tunes_guests_is_told),
        CASE(who_keeps_no_guests_is_not_bothered_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
