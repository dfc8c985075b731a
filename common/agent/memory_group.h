/* memory_group.h - a cgroup with a limit of memory, which this process enters and leaves: what it allocates meanwhile,
 * and what of the page cache it fills, is kept within that.
 *
 * Version 1 and version 2 of cgroups (Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst). The group is
 * tare-UID-N beside or below the one in which the process is, N being the first that no living process has. It is
 * locked as long as it is used: what a process that was killed has left is removed by the next that looks.
 */
#ifndef TARE_MEMORY_GROUP_H
#define TARE_MEMORY_GROUP_H

#include <limits.h>
#include <stdint.h>

#include "base/err.h"

struct memory_group {
    int lock_fd;           /* -1: none has been entered */
    char path[PATH_MAX];   /* its directory */
    char before[PATH_MAX]; /* cgroup.procs of where the process was */
};

/* Make one of `bytes`, without swap, and move this process there. `root` is "" for this machine, a directory for tests.
 * Fails where the controller or the right is missing, with what to do; then nothing has changed. */
MUST_CHECK bool memory_group_enter(const char *root, int64_t bytes, struct memory_group *group, struct err *e);

/* Back to where it was; the group is removed. None is fine. */
void memory_group_leave(struct memory_group *group);

/* Only remove what dead processes have left. */
void memory_group_tidy(const char *root);

#endif
