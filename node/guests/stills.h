/* stills.h - the disks of a guest that builds, which nobody writes to: the system to build in, and the tree.
 *
 * Both are images of what its host has in its cache, made when they are first wanted, and shared by all its guests.
 */
#ifndef TARE_STILLS_H
#define TARE_STILLS_H

#include <limits.h>

#include "guests/keeper_parts.h"
#include "workloads/compile/tree_cache.h"

struct stills {
    char root[TREE_HASH_TEXT], tree[TREE_HASH_TEXT];   /* what they are called in the cache; "" for none */
    char root_disk[PATH_MAX], tree_disk[PATH_MAX + 8]; /* the images */
};

/* For the guest's order; both are empty where it has no compiler. */
MUST_CHECK bool stills_make(struct keeper *keeper, const struct guest *guest, struct stills *stills, struct err *e);

#endif
