/* agenda.h - who is due when: the first of many is at hand, and any of them can be moved.
 *
 * PURE. A binary heap of entries that are part of what they stand for; each knows its place, so that
 * moving one or taking it out is O(log n) without a search (Cormen et al., Introduction to Algorithms, 6.5).
 */
#ifndef TARE_AGENDA_H
#define TARE_AGENDA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* All zeros: on no agenda. */
struct agenda_entry {
    void *who; /* whom it stands for; set by the owner */
    int64_t due_ns;
    size_t place; /* in the heap, from 1; 0: on no agenda */
};

/* All zeros: empty. */
struct agenda {
    struct agenda_entry **heap; /* owned; the entries are borrowed */
    size_t count, room;
};

void agenda_clear(struct agenda *agenda);

/* Make room for so many entries in all, so that agenda_set cannot fail. */
MUST_CHECK bool agenda_reserve(struct agenda *agenda, size_t count, struct err *e);

/* Put it on the agenda, for which there is room, or move it there. */
void agenda_set(struct agenda *agenda, struct agenda_entry *entry, int64_t due_ns);

/* Take it off; one that is not on it changes nothing. */
void agenda_remove(struct agenda *agenda, struct agenda_entry *entry);

/* The first of all; NULL when nobody is on it. */
struct agenda_entry *agenda_first(const struct agenda *agenda);

#endif
