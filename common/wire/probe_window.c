#include "probe_window.h"

static bool is_open(const struct probe_window *w, uint64_t sequence)
{
    return sequence >= 1 && sequence <= w->asked && w->asked - sequence < PROBE_WINDOW_SIZE &&
           w->slots[sequence % PROBE_WINDOW_SIZE].is_open;
}

uint64_t probe_window_ask(struct probe_window *w, int64_t t1_ns)
{
    uint64_t sequence = ++w->asked;
    w->slots[sequence % PROBE_WINDOW_SIZE].t1_ns = t1_ns;
    w->slots[sequence % PROBE_WINDOW_SIZE].is_open = true;
    return sequence;
}

bool probe_window_stamp(struct probe_window *w, uint64_t sequence, int64_t t1_ns)
{
    if (!is_open(w, sequence))
        return false;
    w->slots[sequence % PROBE_WINDOW_SIZE].t1_ns = t1_ns;
    return true;
}

bool probe_window_take(struct probe_window *w, uint64_t sequence, int64_t *t1_ns)
{
    if (!is_open(w, sequence))
        return false;
    w->slots[sequence % PROBE_WINDOW_SIZE].is_open = false;
    *t1_ns = w->slots[sequence % PROBE_WINDOW_SIZE].t1_ns;
    return true;
}
