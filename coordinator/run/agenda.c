#include "agenda.h"

#include <assert.h>
#include <stdlib.h>

/* Places count from 1: the parent of i is i / 2, its children are 2 i and 2 i + 1. */
static struct agenda_entry **at(const struct agenda *a, size_t place) { return &a->heap[place - 1]; }

static void put(struct agenda *a, size_t place, struct agenda_entry *entry)
{
    *at(a, place) = entry;
    entry->place = place;
}

/* The place where an entry with this due belongs, on the way up from `place`; those on it move down. */
static size_t rise(struct agenda *a, size_t place, int64_t due_ns)
{
    for (; place > 1 && (*at(a, place / 2))->due_ns > due_ns; place /= 2)
        put(a, place, *at(a, place / 2));
    return place;
}

static size_t sink(struct agenda *a, size_t place, int64_t due_ns)
{
    for (size_t child; (child = 2 * place) <= a->count; place = child) {
        if (child < a->count && (*at(a, child + 1))->due_ns < (*at(a, child))->due_ns)
            child++;
        if ((*at(a, child))->due_ns >= due_ns)
            break;
        put(a, place, *at(a, child));
    }
    return place;
}

void agenda_clear(struct agenda *a)
{
    free(a->heap);
    *a = (struct agenda){ 0 };
}

bool agenda_reserve(struct agenda *a, size_t count, struct err *e)
{
    if (count <= a->room)
        return true;
    size_t room = count > 2 * a->room ? count : 2 * a->room;
    struct agenda_entry **more = reallocarray(a->heap, room, sizeof(struct agenda_entry *));
    if (!more)
        return err_set(e, ERR_INTERNAL, "out of memory");
    a->heap = more;
    a->room = room;
    return true;
}

void agenda_set(struct agenda *a, struct agenda_entry *entry, int64_t due_ns)
{
    if (entry->place == 0) {
        assert(a->count < a->room);
        entry->place = ++a->count;
        *at(a, entry->place) = entry;
    }
    entry->due_ns = due_ns;
    size_t place = rise(a, entry->place, due_ns);
    put(a, sink(a, place, due_ns), entry);
}

void agenda_remove(struct agenda *a, struct agenda_entry *entry)
{
    size_t place = entry->place;
    if (place == 0)
        return;
    entry->place = 0;
    struct agenda_entry *last = *at(a, a->count--);
    if (last == entry)
        return;
    last->place = place;
    agenda_set(a, last, last->due_ns);
}

struct agenda_entry *agenda_first(const struct agenda *a) { return a->count ? a->heap[0] : NULL; }
