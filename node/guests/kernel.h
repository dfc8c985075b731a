/* kernel.h - the kernel that a built-in guest boots: the running one where it can be read, so that
 * host and guest differ by nothing else; another that is installed; else Debian's kernel for virtual
 * machines, which is fetched and unpacked, never installed. */
#ifndef TARE_KERNEL_H
#define TARE_KERNEL_H

#include <limits.h>

#include "base/err.h"

struct kernel {
    char release[96];       /* "6.1.0-56-cloud-amd64" */
    char image[PATH_MAX];   /* what QEMU loads */
    char modules[PATH_MAX]; /* "DIR/kernel/drivers/..." is below */
    bool is_running;        /* the host's own */
};

/* Look on this machine, then in `cache` (kernel_fetch's). False, without an error text, when there is
 * none. `root` is put in front of the system's paths: "" but in tests. */
bool kernel_find(const char *root, const char *cache, struct kernel *kernel, struct err *e);

/* Download it into `cache` by apt; tens of MB. Ends early when `cancel_fd` becomes readable. One caller
 * at a time: image.c holds the cache's lock. */
MUST_CHECK bool kernel_fetch(const char *cache, int cancel_fd, struct kernel *kernel, struct err *e);

#endif
