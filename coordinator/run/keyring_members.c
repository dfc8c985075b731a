#include "keyring_members.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static struct lookup_key key_of(const void *thing)
{
    const struct member *m = thing;
    return (struct lookup_key){ m->public_key, strlen(m->public_key) };
}

static struct lookup_key name_of(const void *thing)
{
    const struct member *m = thing;
    return (struct lookup_key){ m->name, strlen(m->name) };
}

void members_init(struct members *members)
{
    *members = (struct members){ 0 };
    lookup_init(&members->by_key, key_of);
    lookup_init(&members->by_name, name_of);
}

void members_clear(struct members *members)
{
    for (size_t i = 0; i < members->count; i++)
        free(members->all[i]);
    free(members->all);
    members->all = NULL;
    members->count = members->room = 0;
    lookup_clear(&members->by_key);
    lookup_clear(&members->by_name);
}

static bool make_room(struct members *members, struct err *e)
{
    if (members->count == members->room) {
        size_t room = members->room ? 2 * members->room : 16;
        struct member **more = reallocarray(members->all, room, sizeof(struct member *));
        if (!more)
            return err_set(e, ERR_INTERNAL, "out of memory");
        members->all = more;
        members->room = room;
    }
    return lookup_reserve(&members->by_key, members->count + 1, e) &&
           lookup_reserve(&members->by_name, members->count + 1, e);
}

bool members_add(struct members *members, const char *public_key, const char *name, enum key_right right, struct err *e)
{
    if (!make_room(members, e))
        return false;
    struct member *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_INTERNAL, "out of memory");
    text_copy(m->public_key, sizeof m->public_key, public_key);
    text_copy(m->name, sizeof m->name, name);
    m->right = right;
    m->place = members->count;
    members->all[members->count++] = m;
    lookup_put(&members->by_key, m);
    lookup_put(&members->by_name, m);
    return true;
}

void members_remove(struct members *members, const struct member *member)
{
    struct member *gone = members->all[member->place], *last = members->all[--members->count];
    lookup_remove(&members->by_key, gone);
    lookup_remove(&members->by_name, gone);
    members->all[gone->place] = last;
    last->place = gone->place;
    free(gone);
}

const struct member *members_by_key(const struct members *members, const char *public_key)
{
    return lookup_find(&members->by_key, public_key, strlen(public_key));
}

const struct member *members_by_name(const struct members *members, const char *name)
{
    return lookup_find(&members->by_name, name, strlen(name));
}
