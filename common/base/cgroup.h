/* cgroup.h - where a thread is among the control groups of this machine, in version 1 and 2 (cgroups(7)). */
#ifndef TARE_CGROUP_H
#define TARE_CGROUP_H

#include <limits.h>
#include <stdbool.h>

struct cgroup_place {
    bool is_v2;
    char mount[PATH_MAX]; /* of the hierarchy, with the root in front */
    char own[PATH_MAX];   /* the group's directory: the mount, and what is below it */
};

/* The group of `who`, a name below /proc ("self", "12/task/13"), in the hierarchy of version 1 that has `controller`,
 * or in that of version 2, which may have it or not. `root` is "" for this machine, a directory for tests. False where
 * there is no such hierarchy, or it is not mounted here. */
bool cgroup_place_v1(const char *root, const char *who, const char *controller, struct cgroup_place *place);
bool cgroup_place_v2(const char *root, const char *who, struct cgroup_place *place);

/* Whether the file `name` of the group `path` lists the word, between blanks. */
bool cgroup_lists(const char *path, const char *name, const char *word);

#endif
