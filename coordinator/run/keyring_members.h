/* keyring_members.h - the valid keys in memory: whose they are, and what they may do.
 *
 * Each message asks for one. They are pieces of their own, so that a name which was lent out stays
 * where it is until its key ends. A key and a name are here once at most.
 */
#ifndef TARE_KEYRING_MEMBERS_H
#define TARE_KEYRING_MEMBERS_H

#include "base/err.h"
#include "base/lookup.h"
#include "run/keyring.h"

struct member {
    char public_key[KEY_TEXT], name[KEY_NAME];
    enum key_right right;
    size_t place; /* in `all` */
};

struct members {
    struct member **all; /* owned, in no order */
    size_t count, room;
    struct lookup by_key, by_name;
};

void members_init(struct members *members);
void members_clear(struct members *members);

/* Neither key nor name is here yet. */
MUST_CHECK bool members_add(struct members *members, const char *public_key, const char *name, enum key_right right,
                            struct err *e);
void members_remove(struct members *members, const struct member *member);

/* NULL where there is none. */
const struct member *members_by_key(const struct members *members, const char *public_key);
const struct member *members_by_name(const struct members *members, const char *name);

#endif
