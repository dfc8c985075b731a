/* tree_cache.h - the source trees that this node has: unpacked, each under the hash of its archive.
 *
 * Below the cache's `trees`: HASH/tree is a tree, whole; HASH/prepared holds what builds in the guests' system begin
 * with; HASH.part what has come of its archive; HASH.new what is being unpacked; HASH.disk an image of HASH for a
 * guest. HASH.lock is locked by who fills it, and shared by who builds from it. The trees that were not used for
 * longest go.
 */
#ifndef TARE_TREE_CACHE_H
#define TARE_TREE_CACHE_H

#include <limits.h>

#include "base/err.h"
#include "wire/tree.h"

enum { TREE_CACHE_KEPT = 4 };

struct tree_place {
    char cache[PATH_MAX - 128];
    char name[TREE_HASH_TEXT];
    char home[PATH_MAX], tree[PATH_MAX], prepared[PATH_MAX], part[PATH_MAX], fresh[PATH_MAX], disk[PATH_MAX],
        lock[PATH_MAX];
    int lock_fd; /* -1: not locked */
};

MUST_CHECK bool tree_place_of(const unsigned char hash[TREE_HASH], struct tree_place *place, struct err *e);

/* Lock it to fill it, or to use it. False without an error text: another process has it in hand. */
MUST_CHECK bool tree_place_lock(struct tree_place *place, bool fills, struct err *e);
void tree_place_unlock(struct tree_place *place);

/* It is there, whole; and is used now. */
bool tree_place_is_whole(const struct tree_place *place);

/* Unpack the archive `part` into `tree`, and then remove it. Refused: whatever would lie, or point, outside of the
 * tree, and what is neither file, directory nor link. Ends at the deadline, and when `cancel_fd` becomes readable. */
MUST_CHECK bool tree_place_unpack(const struct tree_place *place, int64_t deadline_mono, int cancel_fd, struct err *e);

/* Remove all but the last TREE_CACHE_KEPT trees, except those that are locked. */
void tree_cache_tidy(const char *cache);

#endif
