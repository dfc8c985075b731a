/* lookup.h - things found by a key of theirs: a hash table of borrowed pointers.
 *
 * The key is a piece of the thing itself, which does not change while the thing is in the table. Keys
 * may come from strangers: the hash is SipHash (libsodium's shorthash) under a secret of each table, so
 * that nobody can choose keys that collide.
 *
 * Open addressing with linear probing, at most half full. Taking something out closes the gap behind it
 * (Knuth, TAOCP 6.4, algorithm R), so coming and going leaves no traces that would slow it down.
 */
#ifndef TARE_LOOKUP_H
#define TARE_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { LOOKUP_SECRET = 16 };

struct lookup_key {
    const void *bytes;
    size_t size;
};

struct lookup {
    struct lookup_key (*key_of)(const void *thing);
    struct lookup_slot *slots;
    size_t room, count; /* room: 0 or a power of two */
    unsigned char secret[LOOKUP_SECRET];
};

/* Empty; allocates nothing yet. */
void lookup_init(struct lookup *lookup, struct lookup_key (*key_of)(const void *thing));

/* Forget everything; the things themselves are whose they were. Also for one that is all zeros. */
void lookup_clear(struct lookup *lookup);

/* Make room for so many things in all, so that lookup_put cannot fail. */
MUST_CHECK bool lookup_reserve(struct lookup *lookup, size_t count, struct err *e);

/* Take a thing in. There is room for it, and nothing with its key yet. */
void lookup_put(struct lookup *lookup, void *thing);

/* Take a thing out; one that is not in it changes nothing. */
void lookup_remove(struct lookup *lookup, const void *thing);

/* NULL where there is none with this key. */
void *lookup_find(const struct lookup *lookup, const void *key, size_t size);

#endif
