/* enclosing.c - a guest's envelope, for a trial: its own threads, and the interrupts of the card by which it is
 * reached, on the CPUs to which its host's work is kept, too. */
#include "guests/keeper_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "guests/interrupts.h"

/* A guest of ours that can be kept to something. */
static struct guest *find(struct keeper *k, const char *name, struct err *e)
{
    struct guest *g = guest_find(k, name);
    if (!(k->rights & RIGHT_GUESTS))
        (void)err_set(e, ERR_USAGE, "this agent may not keep guests to CPUs: start it with --allow guests");
    else if (!g)
        (void)err_set(e, ERR_PARTIAL, "it is not there");
    else if (g->pid <= 0)
        (void)err_set(
            e, ERR_USAGE,
            "no process of this machine is it (a libvirt elsewhere?), so there is nothing to be kept to CPUs: "
            "say confine: visible");
    else
        return g;
    return NULL;
}

/* The device by which the guest's bridge leads out; "" where that is not known. */
static void find_uplink(pid_t pid, char uplink[MESSAGE_DEVICE])
{
    char tap[IFNAMSIZ];
    struct netdevs *devs = malloc(sizeof *devs);
    uplink[0] = '\0';
    if (devs && tap_of("", pid, tap) && netdevs_read(devs, NULL))
        text_copy(uplink, MESSAGE_DEVICE, tap_uplink(devs, tap).name);
    free(devs);
}

static bool look(struct keeper *k, const struct message_enclose *order, struct message_enclosed *m, struct err *e)
{
    const struct guest *g = find(k, order->guest, e);
    if (!g || !enclosure_choose(g->pid, g->options.pin, order->vcpus, m->cpus, sizeof m->cpus, e))
        return false;
    find_uplink(g->pid, m->uplink);
    return true;
}

/* A device made of others, whose interrupts are those of the cards below it. */
static bool is_made_of_others(const char *name)
{
    static const char *const KINDS[] = { "bond", "team", "vlan", "macvlan" };
    struct netdevs *devs = malloc(sizeof *devs);
    const bool is_read = devs && netdevs_read(devs, NULL);
    bool is = false;
    for (size_t i = 0; is_read && i < devs->count; i++)
        for (size_t n = 0; strcmp(devs->list[i].name, name) == 0 && n < ARRAY_SIZE(KINDS); n++)
            is |= strcmp(devs->list[i].kind, KINDS[n]) == 0;
    free(devs);
    return is;
}

/* The card's interrupts there, and who stays elsewhere by name. */
static bool enclose_interrupts(struct enclosure *x, const char *uplink, char *outside, size_t size, struct err *e)
{
    char bus[INTERRUPTS_BUS], numbers[128] = "";
    interrupts_bus(uplink, bus);
    if (!enclosure_interrupts(x, bus, numbers, sizeof numbers, e))
        return false;
    if (!*uplink)
        text_copy(outside, size, "the interrupts of its network's card, which is not known");
    else if (is_made_of_others(uplink))
        text_append(outside, size, "the interrupts of the cards below %s", uplink);
    else if (*numbers)
        text_append(outside, size, "%s's interrupts %s", uplink, numbers);
    return true;
}

static bool enclose(struct keeper *k, const struct message_enclose *order, struct message_enclosed *m, struct err *e)
{
    const bool is_guest = order->part == ENCLOSE_GUEST;
    const struct guest *g = is_guest ? find(k, order->guest, e) : NULL;
    if (is_guest && !g)
        return false;
    if (!(k->rights & RIGHT_GUESTS))
        return err_set(e, ERR_USAGE, "this agent may not move interrupts: start it with --allow guests");
    bool ok = enclosure_open("", order->cpus, &k->enclosure, e) &&
              (!g || enclosure_take(&k->enclosure, g->pid, !g->is_built_in, e)) &&
              enclose_interrupts(&k->enclosure, order->uplink, m->outside, sizeof m->outside, e);
    text_copy(m->cpus, sizeof m->cpus, order->cpus);
    text_copy(m->uplink, sizeof m->uplink, order->uplink);
    if (!ok)
        enclosure_close(&k->enclosure);
    return ok;
}

void guest_enclose(struct keeper *k, const struct message_enclose *order)
{
    struct err e = { .text = "" };
    struct message *m = calloc(1, sizeof *m);
    enclosure_close(&k->enclosure);
    if (m && order->part != ENCLOSE_NOTHING) {
        m->type = MESSAGE_ENCLOSED;
        m->enclosed.number = order->number;
        const bool ok =
            order->part == ENCLOSE_LOOK ? look(k, order, &m->enclosed, &e) : enclose(k, order, &m->enclosed, &e);
        if (!ok)
            text_copy(m->enclosed.why, sizeof m->enclosed.why, *e.text ? e.text : "it cannot be done");
        (void)mailbox_put(k->out, m);
    }
    free(m);
}
