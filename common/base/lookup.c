#include "lookup.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

static_assert((size_t)LOOKUP_SECRET == crypto_shorthash_KEYBYTES, "the secret is SipHash's key");

enum { FIRST_ROOM = 16 };

struct lookup_slot {
    void *thing; /* NULL: free */
    uint64_t hash;
};

void lookup_init(struct lookup *l, struct lookup_key (*key_of)(const void *thing))
{
    *l = (struct lookup){ .key_of = key_of };
    randombytes_buf(l->secret, sizeof l->secret);
}

void lookup_clear(struct lookup *l)
{
    free(l->slots);
    l->slots = NULL;
    l->room = l->count = 0;
}

static uint64_t hash_of(const struct lookup *l, const void *key, size_t size)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t hash;
    crypto_shorthash(out, key, size, l->secret);
    memcpy(&hash, out, sizeof hash);
    return hash;
}

static size_t after(const struct lookup *l, size_t i) { return (i + 1) & (l->room - 1); }

/* The free place for something new with this hash. */
static void place(struct lookup *l, struct lookup_slot slot)
{
    size_t i = slot.hash & (l->room - 1);
    while (l->slots[i].thing)
        i = after(l, i);
    l->slots[i] = slot;
}

bool lookup_reserve(struct lookup *l, size_t count, struct err *e)
{
    size_t room = l->room ? l->room : FIRST_ROOM;
    while (room / 2 < count)
        room *= 2;
    if (room == l->room)
        return true;
    struct lookup larger = *l;
    larger.slots = calloc(room, sizeof *larger.slots);
    larger.room = room;
    if (!larger.slots)
        return err_set(e, ERR_INTERNAL, "out of memory");
    for (size_t i = 0; i < l->room; i++)
        if (l->slots[i].thing)
            place(&larger, l->slots[i]);
    free(l->slots);
    *l = larger;
    return true;
}

/* The slot of what has this key, or NULL. */
static struct lookup_slot *find(const struct lookup *l, const void *key, size_t size)
{
    if (l->count == 0)
        return NULL;
    uint64_t hash = hash_of(l, key, size);
    for (size_t i = hash & (l->room - 1); l->slots[i].thing; i = after(l, i)) {
        if (l->slots[i].hash != hash)
            continue;
        struct lookup_key own = l->key_of(l->slots[i].thing);
        if (own.size == size && memcmp(own.bytes, key, size) == 0)
            return &l->slots[i];
    }
    return NULL;
}

void *lookup_find(const struct lookup *l, const void *key, size_t size)
{
    const struct lookup_slot *slot = find(l, key, size);
    return slot ? slot->thing : NULL;
}

void lookup_put(struct lookup *l, void *thing)
{
    struct lookup_key key = l->key_of(thing);
    assert(l->count < l->room / 2);
    place(l, (struct lookup_slot){ thing, hash_of(l, key.bytes, key.size) });
    l->count++;
}

void lookup_remove(struct lookup *l, const void *thing)
{
    struct lookup_key key = l->key_of(thing);
    struct lookup_slot *slot = find(l, key.bytes, key.size);
    if (!slot || slot->thing != thing)
        return;
    size_t gap = (size_t)(slot - l->slots);
    /* What stands further on and began at the gap or before it would not be found over a free slot. */
    for (size_t i = after(l, gap); l->slots[i].thing; i = after(l, i)) {
        size_t home = l->slots[i].hash & (l->room - 1);
        if (((i - home) & (l->room - 1)) < ((i - gap) & (l->room - 1)))
            continue;
        l->slots[gap] = l->slots[i];
        gap = i;
    }
    l->slots[gap].thing = NULL;
    l->count--;
}
