#include "guests/keeper_parts.h"

#include "base/text.h"

enum { PAUSE_MS = 10 * 1000 };

void guest_pause(struct keeper *k, struct guest *g, bool pauses)
{
    struct err e = { .text = "" };
    const enum guest_state before = g->state;
    bool ok = pauses == (before == GUEST_PAUSED);
    if (!g->is_built_in)
        ok = err_set(&e, ERR_USAGE, "an existing machine is not paused");
    else if (!ok && !k->provider->pause)
        ok = err_set(&e, ERR_USAGE, "%s pauses no guests: say while_host_runs: off or running", k->provider->name);
    else if (!ok && before != (pauses ? GUEST_BOOTED : GUEST_PAUSED))
        ok = err_set(&e, ERR_PARTIAL, "it is not where it could be %s", pauses ? "paused" : "resumed");
    else if (!ok)
        ok = k->link ? k->provider->pause(k->link, g->domain, pauses, &e) : err_set(&e, ERR_PARTIAL, "%s", k->why);
    if (ok) {
        g->is_held = pauses;
        g->state = pauses ? GUEST_PAUSED : GUEST_BOOTED;
        guest_tell(k, g, g->state, PAUSE_MS, pauses ? "paused as asked" : "resumed");
        return;
    }
    (void)err_wrap(&e, pauses ? "it cannot be paused" : "it cannot be resumed");
    guest_fail(k, g, e.text);
}
