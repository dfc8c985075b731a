#include "guests/keeper_parts.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"

enum { PAUSE_MS = 10 * 1000 };

void guest_tell_deed(struct keeper *k, const struct guest *g, enum loan_deed deed, int64_t from_ns,
                     const struct err *why)
{
    struct loan_deed_times times = { .is_over = true };
    if (why)
        text_copy(times.why, sizeof times.why, why->text);
    else
        times.from_ns = from_ns, times.to_ns = clock_raw_ns();
    loan_tell_deed(k->loan, g->attempt, deed, &times);
}

/* ---- paused ---- */

/* Whether it may be done, and is not done already. */
static bool may_pause(const struct keeper *k, const struct guest *g, bool pauses, struct err *e)
{
    if (!g->is_built_in)
        return err_set(e, ERR_USAGE, "an existing machine is not paused");
    if (!k->link)
        return err_set(e, ERR_PARTIAL, "%s", k->why);
    if (!k->provider->pause)
        return err_set(e, ERR_USAGE, "%s pauses no guests: say while_host_runs: off or running", k->provider->name);
    return g->state == (pauses ? GUEST_BOOTED : GUEST_PAUSED) || err_set(e, ERR_PARTIAL, "it is not where it could be");
}

static void pause_or_resume(struct keeper *k, struct guest *g, bool pauses)
{
    struct err e = { .text = "" };
    if (g->is_held == pauses)
        return;
    if (!may_pause(k, g, pauses, &e) || !k->provider->pause(k->link, g->domain, pauses, &e)) {
        (void)err_wrap(&e, pauses ? "it cannot be paused" : "it cannot be resumed");
        guest_fail(k, g, e.text);
        return;
    }
    g->is_held = pauses;
    g->state = pauses ? GUEST_PAUSED : GUEST_BOOTED;
    guest_tell(k, g, g->state, PAUSE_MS, pauses ? "paused as asked" : "resumed");
}

/* ---- saved to a file ---- */

static bool may_save(const struct keeper *k, const struct guest *g, bool saves, struct err *e)
{
    if (!k->link)
        return err_set(e, ERR_PARTIAL, "%s", k->why);
    if (!k->provider->save || !k->provider->restore)
        return err_set(e, ERR_USAGE, "%s does not save guests", k->provider->name);
    if (!g->files)
        return err_set(e, ERR_USAGE, "its files are not there any more");
    return g->state == (saves ? GUEST_BOOTED : GUEST_SAVED) || err_set(e, ERR_PARTIAL, "it is not where it could be");
}

static void save(struct keeper *k, struct guest *g)
{
    struct err e = { .text = "" };
    g->is_held = true; /* that it ends by this is no news */
    const int64_t from_ns = clock_raw_ns();
    bool ok = may_save(k, g, true, &e) && k->provider->save(k->link, g->domain, g->files->saved, &e);
    guest_tell_deed(k, g, LOAN_SAVE, from_ns, ok ? NULL : &e);
    if (ok)
        g->state = GUEST_SAVED;
    else
        g->is_held = false;
}

static void restore(struct keeper *k, struct guest *g)
{
    struct err e = { .text = "" };
    struct domain domain;
    const int64_t from_ns = clock_raw_ns();
    bool ok = may_save(k, g, false, &e) && k->provider->restore(k->link, g->domain, g->files->saved, &e);
    guest_tell_deed(k, g, LOAN_RESTORE, from_ns, ok ? NULL : &e);
    if (ok && k->provider->find(k->link, g->domain, &domain, &e))
        g->pid = domain.pid;
    if (ok)
        g->state = GUEST_BOOTED; /* and held on: its events come late */
    else
        guest_fail(k, g, e.text);
}

void guest_hold(struct keeper *k, struct guest *g, enum guest_hold hold)
{
    switch (hold) {
    case GUEST_HOLD_NONE:
    case GUEST_HOLD_PAUSE: pause_or_resume(k, g, hold == GUEST_HOLD_PAUSE); break;
    case GUEST_HOLD_SAVE: save(k, g); break;
    case GUEST_HOLD_RESTORE: restore(k, g); break;
    }
}
