#include "guests_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/log.h"
#include "base/text.h"

enum { ANSWER_MS = 10 * 1000 };

bool guests_envelope(const struct guests *g, int node, struct guest_envelope *envelope)
{
    *envelope = g->envelopes[node];
    return g->enclosed == node;
}

static bool order(struct guests *g, int node, enum enclose_part part, struct err *e)
{
    const struct guest_envelope *known = &g->envelopes[node];
    const int on = g->options.scenario->nodes[node].on;
    struct roster_node *host = guests_joined_node(g, on);
    struct guest_size size = { .cpus = 0 };
    struct message m = { .type = MESSAGE_ENCLOSE, .enclose = { .number = ++g->answer.number, .part = part } };
    if (!host)
        return err_set(e, ERR_NODE_MISSING, "%s, the host of %s, is not here", guests_name(g, on),
                       guests_name(g, node));
    (void)guests_size(g, node, &size);
    m.enclose.vcpus = size.cpus;
    text_copy(m.enclose.guest, sizeof m.enclose.guest, guests_name(g, node));
    text_copy(m.enclose.cpus, sizeof m.enclose.cpus, known->cpus);
    text_copy(m.enclose.uplink, sizeof m.enclose.uplink, known->uplink);
    return hub_send(g->options.hub, host, &m, e);
}

/* The order, and that it was obeyed. */
static enum guests_end ask(struct guests *g, int node, enum enclose_part part, struct err *e)
{
    const int64_t until = clock_mono_ns() + clock_ms(ANSWER_MS);
    enum guests_end heard = order(g, node, part, e) ? GUESTS_READY : GUESTS_FAILED;
    g->is_asked = true;
    while (heard == GUESTS_READY && g->is_asked && clock_mono_ns() < until)
        heard = guests_take_event(g, until, e);
    if (heard != GUESTS_READY)
        return heard;
    struct message_enclosed *answer = &g->answer;
    text_disarm(answer->why);
    text_disarm(answer->uplink);
    text_disarm(answer->outside);
    if (!g->is_asked && !*answer->why && cpu_list_count(answer->cpus) > 0)
        return GUESTS_READY;
    err_set(e, *answer->why ? ERR_USAGE : ERR_PARTIAL, "guest '%s' on %s: confine: envelope: %s", guests_name(g, node),
            guests_name(g, g->options.scenario->nodes[node].on),
            g->is_asked    ? "no answer in time: does libvirt hang there?"
            : *answer->why ? answer->why
                           : "its host does not say which CPUs that is");
    return GUESTS_FAILED;
}

enum guests_end guests_choose_envelope(struct guests *g, int node, struct err *e)
{
    const enum guests_end end = ask(g, node, ENCLOSE_LOOK, e);
    if (end != GUESTS_READY)
        return end;
    text_copy(g->envelopes[node].cpus, sizeof g->envelopes[node].cpus, g->answer.cpus);
    text_copy(g->envelopes[node].uplink, sizeof g->envelopes[node].uplink, g->answer.uplink);
    return end;
}

enum guests_end guests_enclose(struct guests *g, const struct plan_trial *place, struct err *e)
{
    bool is_its_own;
    const int node = plan_enclosed(g->options.scenario, place, &is_its_own);
    guests_release(g);
    if (node < 0)
        return GUESTS_READY;
    g->enclosed = node;
    const enum guests_end end = ask(g, node, is_its_own ? ENCLOSE_GUEST : ENCLOSE_HOST, e);
    if (end == GUESTS_READY)
        text_copy(g->envelopes[node].outside, sizeof g->envelopes[node].outside, g->answer.outside);
    return end;
}

void guests_release(struct guests *g)
{
    struct err e = { .text = "" };
    if (g->enclosed >= 0 && !order(g, g->enclosed, ENCLOSE_NOTHING, &e))
        log_debug("%s", e.text); /* its host is gone, and puts back what it finds */
    g->enclosed = -1;
}
