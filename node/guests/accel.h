/* accel.h - KVM where it works. A /dev/kvm that opens proves nothing: on some machines that are
 * virtual themselves every guest fails at once, or spins for ever while its domain counts as running.
 * So KVM is tried with a deadline, and what came of it is remembered until the next boot. */
#ifndef TARE_ACCEL_H
#define TARE_ACCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { ACCEL_WHY = 160 };

/* Whether there is anything to try. Where not, `why` says so: no device, no right to it (asked only
 * where QEMU runs as this user), or what was remembered of this boot. */
bool accel_may_try_kvm(bool runs_as_us, char why[ACCEL_WHY]);

/* KVM does not work here: remember it, and why. Failing to is no failure: it is tried again. */
void accel_remember(const char *why);

/* What a vCPU did since its start; both from threads.h. */
struct accel_look {
    int64_t mono_ns, user_ns, sys_ns;
};

/* Pure: a guest that has written nothing, whose vCPUs spend their time in the host's kernel and none
 * in the guest. `from` and `to` are at least ACCEL_SPIN_MS apart. Seen where KVM does not work:
 * user time flat, system time 0.5 s in 0.5 s. */
enum { ACCEL_SPIN_MS = 2500 };
bool accel_is_spinning(const struct accel_look *from, const struct accel_look *to);

#endif
