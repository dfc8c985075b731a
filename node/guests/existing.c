/* existing.c - a virtual machine that somebody else made: started where it is off, and put back as it was found. */
#include "guests/keeper_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { BOOT_MS = 120 * 1000 /* of any system, until its agent joins */, STOP_MARGIN_MS = 5000 };

/* Another guest that is this domain; NULL for none. */
static const struct guest *user_of(const struct keeper *k, const struct guest *g)
{
    for (size_t i = 0; i < k->guest_count; i++)
        if (k->guests[i] != g && strcmp(k->guests[i]->domain, g->domain) == 0)
            return k->guests[i];
    return NULL;
}

void existing_begin(struct keeper *k, struct guest *g)
{
    struct err e = { .text = "" };
    struct domain domain;
    const struct guest *user = user_of(k, g);
    bool ok = !user || err_set(&e, ERR_USAGE, "domain '%s' is in use: it is guest '%s'", g->domain, user->name);
    ok = ok && k->provider->find(k->link, g->domain, &domain, &e);
    if (ok && domain.state == DOMAIN_PAUSED)
        ok = err_set(&e, ERR_USAGE, "domain '%s' is paused, which is not changed behind your back: `virsh resume %s`",
                     g->domain, g->domain);
    g->was_off = ok && (domain.state == DOMAIN_OFF || domain.state == DOMAIN_CRASHED);
    if (g->was_off) {
        if (!(k->rights & RIGHT_GUESTS))
            ok =
                err_set(&e, ERR_USAGE,
                        "domain '%s' is off, and this agent may not start it: start it with --allow guests", g->domain);
        guest_tell(k, g, GUEST_STARTING, GUEST_CREATE_MS, "");
        g->defined_ns = clock_raw_ns();
        ok = ok && found_off_note(k->facts.uri, g->domain, &g->found_off, &e);
        ok = ok && k->provider->start(k->link, g->domain, &e) && k->provider->find(k->link, g->domain, &domain, &e);
    }
    if (!ok) {
        g->was_off = false; /* it is as it was found */
        found_off_forget(&g->found_off);
        guest_fail(k, g, e.text);
        return;
    }
    g->pid = domain.pid;
    g->kvm = strcmp(domain.accel, "kvm") == 0;
    g->running_ns = clock_raw_ns();
    g->state = GUEST_BOOTED; /* its agent joins by itself */
    guest_tell(k, g, GUEST_BOOTED, g->was_off ? BOOT_MS : 0, g->was_off ? "was off" : "was running");
}

static bool shut_down(struct keeper *k, const char *domain, struct err *e)
{
    return k->provider->stop(k->link, domain, false, clock_ms(EXISTING_STOP_MS - STOP_MARGIN_MS), e);
}

bool existing_put_back(struct keeper *k, struct guest *g, struct err *e)
{
    if (!k->link)
        return err_set(e, ERR_PARTIAL, "%s, and domain '%s' was off before", k->why, g->domain);
    if (!shut_down(k, g->domain, e))
        return false;
    found_off_forget(&g->found_off);
    return true;
}

void existing_tidy(struct keeper *k)
{
    struct found_off note;
    char name[DOMAIN_NAME];
    while ((k->rights & RIGHT_GUESTS) && found_off_take(k->facts.uri, name, &note)) {
        struct domain domain;
        struct err e = { .text = "" };
        log_info("domain '%s' was off before an agent started it that was killed: it is shut down", name);
        bool ok =
            k->provider->find(k->link, name, &domain, &e) && (domain.state != DOMAIN_RUNNING || shut_down(k, name, &e));
        if (!ok && !k->provider->is_alive(k->link)) {
            found_off_leave(&note); /* to the next connection */
            return;
        }
        if (!ok)
            log_error("domain '%s' was off, and is not put back: %s", name, e.text);
        found_off_forget(&note); /* no second try: what it does now somebody else may want */
    }
}
