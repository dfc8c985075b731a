#include "probe_window.h"

#include <stdlib.h>

/* The slot of a sequence that is in this state, or NULL. */
static struct probe_slot *find(struct probe_window *w, uint64_t sequence, enum probe_state state)
{
    bool is_inside = sequence >= 1 && sequence <= w->asked && w->asked - sequence < PROBE_WINDOW_SIZE;
    struct probe_slot *slot = is_inside ? &w->slots[sequence % PROBE_WINDOW_SIZE] : NULL;
    return slot && slot->state == state ? slot : NULL;
}

void probe_window_clear(struct probe_window *w)
{
    free(w->slots);
    *w = (struct probe_window){ 0 };
}

uint64_t probe_window_ask(struct probe_window *w, int64_t t1_ns)
{
    if (!w->slots && !(w->slots = calloc(PROBE_WINDOW_SIZE, sizeof *w->slots)))
        return 0;
    uint64_t sequence = ++w->asked;
    w->slots[sequence % PROBE_WINDOW_SIZE] = (struct probe_slot){ .state = PROBE_ASKED, .t1_ns = t1_ns };
    return sequence;
}

bool probe_window_stamp(struct probe_window *w, uint64_t sequence, int64_t t1_ns)
{
    struct probe_slot *slot = find(w, sequence, PROBE_ASKED);
    if (!slot)
        return false;
    slot->t1_ns = t1_ns;
    slot->is_t1_kernel = true;
    return true;
}

const struct probe_slot *probe_window_take(struct probe_window *w, uint64_t sequence, int64_t t4_ns,
                                           bool is_received_kernel)
{
    struct probe_slot *slot = find(w, sequence, PROBE_ASKED);
    if (!slot)
        return NULL;
    slot->state = PROBE_ANSWERED;
    slot->t4_ns = t4_ns;
    slot->is_received_kernel = is_received_kernel;
    return slot;
}

const struct probe_slot *probe_window_again(struct probe_window *w, uint64_t sequence)
{
    struct probe_slot *slot = find(w, sequence, PROBE_ANSWERED);
    if (slot)
        slot->state = PROBE_CLOSED;
    return slot;
}

void probe_window_forget(struct probe_window *w)
{
    for (size_t i = 0; w->slots && i < PROBE_WINDOW_SIZE; i++)
        w->slots[i].state = PROBE_CLOSED;
}
