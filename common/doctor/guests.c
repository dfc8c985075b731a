/* What a host needs for its guests: the processor, the programs, a kernel, memory. Nothing here is in the way of a
 * run without guests, so nothing fails. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/boot_note.h"
#include "base/meminfo.h"
#include "base/small_file.h"
#include "base/text.h"
#include "doctor/checks.h"

/* Does /proc/cpuinfo list it? */
static bool has_flag(const struct doctor_place *place, const char *flag)
{
    char full[PATH_MAX], line[8192];
    FILE *in = doctor_path(place, "/proc/cpuinfo", full, sizeof full) ? fopen(full, "re") : NULL;
    bool found = false;
    size_t length = strlen(flag);
    while (in && !found && fgets(line, sizeof line, in))
        if (strncmp(line, "flags", 5) == 0)
            for (const char *at = line; !found && (at = strstr(at, flag)); at += length)
                found = at[-1] == ' ' && strchr(" \n", at[length]);
    if (in)
        fclose(in);
    return found;
}

static void mend_no_kvm(const struct doctor_place *place, struct doctor_finding *f)
{
    bool is_intel = has_flag(place, "vmx"), is_amd = has_flag(place, "svm"), is_guest = has_flag(place, "hypervisor");
    if (is_intel || is_amd)
        doctor_mend(f, "%smodprobe %s", doctor_sudo(place), is_intel ? "kvm_intel" : "kvm_amd");
    else
        doctor_mend(f, "%s",
                    is_guest ? "this is a virtual machine: its host must allow nested virtualization"
                             : "switch virtualization on in the firmware (VT-x, AMD-V)");
}

void guests_kvm(const struct doctor_place *place, struct doctor_report *report)
{
    static const char DEVICE[] = "/dev/kvm";
    char note[PATH_MAX] = "", why[160];
    int reason = place->tries->open_device(DEVICE);
    bool has_note = *place->cache && text_append(note, sizeof note, "%s/kvm/does_not_work", place->cache);
    if (reason == 0 && has_note && boot_note_read(place->root, note, why, sizeof why))
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s opens, but does not work: %.120s", DEVICE, why),
                    "guests are emulated; rm '%s'   # has it tried again", note);
    else if (reason == 0)
        doctor_add(report, DOCTOR_OK, "", "%s opens; whether guests run on it shows with the first", DEVICE);
    else if (reason == EACCES || reason == EPERM)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%s is not open to you: guests are emulated", DEVICE),
                    "sudo usermod -aG kvm \"$USER\"   # then log in anew");
    else
        mend_no_kvm(place,
                    doctor_add(report, DOCTOR_WARN, "", "%s: %s: guests are emulated", DEVICE, strerror(reason)));
}

void guests_qemu(const struct doctor_place *place, struct doctor_report *report)
{
    char path[PATH_MAX];
    if (doctor_program(place, "qemu-system-x86_64", path, sizeof path))
        doctor_add(report, DOCTOR_OK, "", "%.150s", path);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "no `qemu-system-x86_64`: no guests"),
                    "%sapt-get install qemu-system-x86", doctor_sudo(place));
}

/* libvirt's driver for QEMU, as a file below /usr/lib or in one directory of it. */
static bool has_driver(const struct doctor_place *place)
{
    static const char FILE_NAME[] = "libvirt/connection-driver/libvirt_driver_qemu.so";
    static const char *const PLACES[] = { "/usr/lib", "/usr/lib64", "/usr/lib/x86_64-linux-gnu" };
    for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++) {
        char path[PATH_MAX] = "";
        if (text_append(path, sizeof path, "%s/%s", PLACES[i], FILE_NAME) && doctor_has(place, path))
            return true;
    }
    return false;
}

void guests_libvirt(const struct doctor_place *place, struct doctor_report *report)
{
    static const char *const SOCKETS[] = { "/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock" };
    int reason = ENOENT;
    if (!has_driver(place)) {
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "no driver for QEMU: no guests"),
                    "%sapt-get install libvirt-daemon-driver-qemu%s", doctor_sudo(place),
                    place->who == DOCTOR_NODE ? " libvirt-daemon-system" : "");
        return;
    }
    if (place->who == DOCTOR_COORDINATOR) {
        doctor_add(report, DOCTOR_OK, "", "its driver for QEMU is here: a lab needs no daemon");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(SOCKETS) && reason == ENOENT; i++)
        reason = place->tries->connect_socket(SOCKETS[i]);
    if (reason == 0)
        doctor_add(report, DOCTOR_OK, "", "its daemon answers: qemu:///system");
    else if (reason == EACCES || reason == EPERM)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "its daemon does not let you in: only guests of your own"),
                    "sudo usermod -aG libvirt \"$USER\"   # then log in anew");
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "",
                               "its daemon does not answer (%s): no virtual machines of the host", strerror(reason)),
                    "%sapt-get install libvirt-daemon-system   # or: tare-node --libvirt qemu:///embed?root=DIR",
                    doctor_sudo(place));
}

/* A kernel's name behind "vmlinuz-" in DIR/boot; "" for none. `readable`: only one that this user can read. */
static bool find_kernel(const char *directory, bool readable, char *release, size_t size)
{
    static const char PREFIX[] = "vmlinuz-";
    char boot[PATH_MAX] = "";
    bool found = false;
    DIR *dir = text_append(boot, sizeof boot, "%s/boot", directory) ? opendir(boot) : NULL;
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));)
        found = strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
                faccessat(dirfd(dir), entry->d_name, readable ? R_OK : F_OK, 0) == 0 &&
                text_copy(release, size, entry->d_name + strlen(PREFIX));
    if (dir)
        closedir(dir);
    return found;
}

static void look_at_kernel(const struct doctor_place *place, struct doctor_report *report)
{
    char running[128] = "", path[PATH_MAX] = "", other[128], cache[PATH_MAX] = "", full[PATH_MAX];
    bool is_told = small_file_read(place->root, "/proc/sys/kernel/osrelease", running, sizeof running);
    is_told = is_told && text_append(path, sizeof path, "/boot/vmlinuz-%s", running);
    if (is_told && doctor_path(place, path, full, sizeof full) && access(full, R_OK) == 0) {
        doctor_add(report, DOCTOR_OK, "kernel", "the running one, %.100s", running);
        return;
    }
    if (is_told && doctor_has(place, path)) {
        doctor_mend(doctor_add(report, DOCTOR_WARN, "kernel", "you cannot read %.100s: guests get another one", path),
                    "sudo chmod a+r %s", path);
        return;
    }
    bool is_cached = *place->cache && text_append(cache, sizeof cache, "%s/guests", place->cache) &&
                     find_kernel(cache, true, other, sizeof other);
    if (find_kernel(place->root, true, other, sizeof other) || is_cached)
        doctor_add(report, DOCTOR_OK, "kernel", "%.100s, since the running one is not in /boot: the label names both",
                   other);
    else if (doctor_program(place, "apt-get", path, sizeof path))
        doctor_add(report, DOCTOR_OK, "kernel",
                   "none here: Debian's linux-image-cloud-amd64 is fetched with the first guest");
    else
        doctor_mend(
            doctor_add(report, DOCTOR_WARN, "kernel", "none in /boot, and no apt-get to fetch one: no built-in guests"),
            "put a kernel into /boot and its modules into /lib/modules, as packages do");
}

void guests_image(const struct doctor_place *place, struct doctor_report *report)
{
    char path[PATH_MAX];
    look_at_kernel(place, report);
    if (doctor_program(place, "busybox", path, sizeof path))
        doctor_add(report, DOCTOR_OK, "busybox", "%.150s", path);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "busybox", "none: no built-in guests"),
                    "%sapt-get install busybox-static", doctor_sudo(place));
}

void guests_memory(const struct doctor_place *place, struct doctor_report *report)
{
    /* The built-in guest's by default, and what QEMU takes beside it. */
    enum { GUEST_MIB = 512, OWN_MIB = 128, MIB = 1024 * 1024 };
    long long available = meminfo_read(place->root, "MemAvailable"), mib = available / MIB;
    if (available < 0)
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "the kernel does not tell its memory"),
                    "is /proc mounted here?");
    else if (mib >= GUEST_MIB + OWN_MIB)
        doctor_add(report, DOCTOR_OK, "", "%lld MiB available: %lld guests of %d MiB", mib, mib / (GUEST_MIB + OWN_MIB),
                   GUEST_MIB);
    else
        doctor_mend(doctor_add(report, DOCTOR_WARN, "", "%lld MiB available: no guest of %d MiB", mib, GUEST_MIB),
                    "end something, or give the guest less: built_in: {memory: 256MiB}");
}
