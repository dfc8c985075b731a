/* tap.h - the device of the host that leads to a guest, and the port by which its bridge leads out: what
 * they carried, and what is shaped there. */
#ifndef TARE_TAP_H
#define TARE_TAP_H

#include <net/if.h>
#include <sys/types.h>

#include "base/err.h"
#include "observe/netdev.h"

struct tap_look {
    char name[IFNAMSIZ];    /* "": there is none, and nothing else is said */
    int64_t sent, received; /* bytes since it is there, seen from the host */
    struct netdev_shaper shaper;
};

/* The first tun or tap that the process has open (/proc/PID/fdinfo, `iff`: Documentation/filesystems/proc.rst has
 * where it stands); false without. `root` as in fingerprint.h. */
bool tap_of(const char *root, pid_t pid, char name[IFNAMSIZ]);

/* Pure: how the device of that name stands in `devs`. */
struct tap_look tap_look_at(const struct netdevs *devs, const char *name);

/* Pure: the same of the one other port of its bridge that leads to no guest. */
struct tap_look tap_uplink(const struct netdevs *devs, const char *tap);

#endif
