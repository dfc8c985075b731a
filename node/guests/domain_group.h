/* domain_group.h - the control group that is a guest's alone, and what CPU time it has used: all of the guest's process
 * with threads and helpers that have ended, and what the kernel's own threads do for it. libvirt's daemons give each
 * domain one, below machine.slice; a guest of the agent's own is in the agent's.
 */
#ifndef TARE_DOMAIN_GROUP_H
#define TARE_DOMAIN_GROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct domain_group {
    bool is_v2;
    char path[PATH_MAX]; /* its directory */
    char name[200];      /* what of that is below the hierarchy's mount; the end of it where it is long */
};

/* The lowest group in which all threads of the process are, if nobody is in it that does not serve the guest; by
 * version 1's cpuacct, else version 2. False without. `root` is "" for this machine, a directory for tests. */
bool domain_group_find(const char *root, pid_t pid, struct domain_group *group);

/* Since it was made; -1 where it is gone. */
int64_t domain_group_used_ns(const struct domain_group *group);

#endif
