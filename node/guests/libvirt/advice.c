#include "advice.h"

#include <string.h>

#include <libvirt/virterror.h>

#include "base/text.h"

static const struct {
    const char *says, *advice;
} ADVICE[] = {
    /* the first that fits */
    { "/dev/net/tun", "its network port cannot be made: `chmod 666 /dev/net/tun` as root, or `modprobe tun`" },
    { "Permission denied", "this user has no right to it: `sudo usermod -aG libvirt USER`, then log in anew" },
    { "authentication", "this user has no right to it: `sudo usermod -aG libvirt USER`, then log in anew" },
    { "libvirt-sock': No such file", "no libvirt daemon runs here: install the package 'libvirt-daemon-system'" },
    { "Failed to parse user 'libvirt-qemu'", "install the package 'libvirt-daemon-system', which makes that user" },
    { "no QEMU binary", "install the package 'qemu-system-x86'" },
    { "Cannot find suitable emulator", "install the package 'qemu-system-x86'" },
    { "could not find capabilities for",
      "install the package 'qemu-system-x86'; for KVM this user must be in group 'kvm'" },
    { "Cannot check QEMU binary", "install the package 'qemu-system-x86'" },
    { "unsupported configuration: Emulator", "install the package 'qemu-system-x86'" },
    { "no connection driver available", "install the package 'libvirt-daemon-driver-qemu'" },
    { "Failed to load module", "install the package 'libvirt-daemon-driver-qemu'" },
    { "cannot set up guest memory", "the host is out of memory: give the guest less, or end something" },
    { "Cannot allocate memory", "the host is out of memory: give the guest less, or end something" },
    { "bridge helper",
      "this user may plug nothing into that bridge: `echo allow all | sudo tee -a /etc/qemu/bridge.conf`" },
    { "creating tap interface", "its network port cannot be made: `chmod 666 /dev/net/tun` as root" },
    { "Unable to create tap device", "its network port cannot be made: `chmod 666 /dev/net/tun` as root" },
    { "get bridge", "there is no such bridge: say the guest's `bridge`" },
    { "add bridge", "there is no such bridge: say the guest's `bridge`" },
    { "already exists with uuid", "another agent of this host has a guest of that name: end it, or rename the guest" },
    { "huge pages", "reserve some: `echo N > /proc/sys/vm/nr_hugepages` as root" },
};

const char *advice_for(const char *words)
{
    for (size_t i = 0; i < ARRAY_SIZE(ADVICE); i++)
        if (strstr(words, ADVICE[i].says))
            return ADVICE[i].advice;
    return NULL;
}

const char *advice_core(const char *words)
{
    static const char QEMU[] = "Z qemu-system-"; /* behind the moment at which it said it */
    const char *at = strstr(words, QEMU);
    return at ? at + 2 : words;
}

bool advice_fail(struct err *e, const char *what)
{
    char words[300];
    const char *said = virGetLastErrorMessage(), *advice = advice_for(said);
    text_copy(words, sizeof words, advice_core(said));
    words[strcspn(words, "\n")] = '\0'; /* an assertion that failed after it says no more */
    text_disarm(words);
    return err_set(e, advice ? ERR_USAGE : ERR_PARTIAL, "%s%s%s%s%s", what ? what : "", what ? ": " : "", words,
                   advice ? ": " : "", advice ? advice : "");
}
