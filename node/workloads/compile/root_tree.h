/* root_tree.h - the system that built-in guests and their host build in: a small Debian with a compiler, the same
 * tree on both sides, so that the toolchain is the same byte for byte.
 *
 * Below the cache's `roots`, under a name that stands for what is in it: `tree`, and `disk`, the same as an image of
 * ext4, which a guest mounts in the place of `tree`. A host's agent makes both, once (guests/root.h).
 */
#ifndef TARE_ROOT_TREE_H
#define TARE_ROOT_TREE_H

#include <limits.h>

#include "base/err.h"

enum { ROOT_NAME = 17 };

/* What is installed in it, on top of a minimal Debian: what a kernel asks for, whatever its configuration. */
#define ROOT_PACKAGES "gcc,libc6-dev,make,flex,bison,bc,libelf-dev,libssl-dev,xz-utils,cpio,kmod,perl"

struct root_tree {
    char name[ROOT_NAME]; /* a hash of ROOT_PACKAGES */
    char place[PATH_MAX - 64], tree[PATH_MAX], disk[PATH_MAX];
};

MUST_CHECK bool root_tree_of(struct root_tree *root, struct err *e);

/* Whether it can be built in. */
bool root_tree_is_there(const struct root_tree *root);

#endif
