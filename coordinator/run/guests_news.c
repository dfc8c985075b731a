#include "guests_parts.h"

#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/text.h"

enum {
    SLACK_MS = 5000, /* beyond what the agent says that it takes */
    JOIN_MS = 20000, /* from the agent's start in the guest on */
};

const char *guests_name(const struct guests *g, int node) { return g->options.scenario->nodes[node].name; }

const struct scenario_node *guests_node(const struct guests *g, const struct ward *w)
{
    return &g->options.scenario->nodes[w->node];
}

struct roster_node *guests_joined_node(const struct guests *g, int node)
{
    struct roster_node *found = roster_by_name(hub_roster(g->options.hub), guests_name(g, node));
    return found && found->is_joined ? found : NULL;
}

bool guests_size(struct guests *g, int node, struct guest_size *size)
{
    struct guest_size *known = &g->sizes[node];
    const struct roster_node *here = guests_joined_node(g, node);
    if (known->cpus == 0 && here) {
        json_t *facts = here->fingerprint ? json_loads(here->fingerprint, 0, NULL) : NULL;
        const json_int_t bytes = json_integer_value(json_object_get(facts, "memory_available_bytes"));
        if (bytes > 0)
            *known = (struct guest_size){ here->cpus, bytes };
        json_decref(facts);
    }
    *size = *known;
    return known->cpus > 0;
}

static struct ward *ward_named(struct guests *g, const char *name)
{
    for (size_t i = 0; i < g->ward_count; i++)
        if (strcmp(guests_name(g, g->wards[i].node), name) == 0)
            return &g->wards[i];
    return NULL;
}

static const char NOT_JOINED[] = "its agent did not join";

/* "its console ends: ..." where it has shown anything. */
static void note_why(struct ward *w, const char *what)
{
    w->why[0] = '\0';
    text_append(w->why, sizeof w->why, "%s%s%s", what, *w->last.console ? "; its console ends: " : "", w->last.console);
    text_disarm(w->why);
}

static void tell_accel(struct guests *g, struct ward *w)
{
    char line[sizeof w->told] = "";
    if (!*w->last.accel)
        return;
    text_append(line, sizeof line, "%s%s%s", strcmp(w->last.accel, "kvm") == 0 ? "KVM" : "emulated (TCG)",
                *w->last.text ? ": " : "", w->last.text);
    text_disarm(line);
    if (strcmp(line, w->told) == 0)
        return;
    text_copy(w->told, sizeof w->told, line);
    live_note(g->options.live, "%s on %s: %s", guests_name(g, w->node), guests_name(g, w->host), line);
}

/* The next word of `w` is due then. Its host does one thing after the other, so the guests that have
 * not been spoken of wait behind it. */
static void put_off(struct guests *g, struct ward *w, int64_t deadline_mono)
{
    w->deadline_mono = deadline_mono;
    for (size_t i = 0; i < g->ward_count; i++) {
        struct ward *other = &g->wards[i];
        bool waits = other->host == w->host && other->at != WARD_BOOTED; /* its own agent is waited for */
        if (waits && other->deadline_mono < deadline_mono)
            other->deadline_mono = deadline_mono;
    }
}

/* An existing domain may take its system's time to boot: its host says how long. */
static int64_t join_within_ns(const struct guests *g, const struct ward *w, int64_t said_ns)
{
    if (guests_node(g, w)->built_in)
        return clock_ms(JOIN_MS);
    return said_ns > g->options.wait_ns ? said_ns : g->options.wait_ns;
}

/* It was told to end, and has not: nobody's machine is pulled down behind his back. */
static void tell_not_ended(struct guests *g, const struct ward *w)
{
    live_note(g->options.live, "%s on %s was not ended: %s", guests_name(g, w->node), guests_name(g, w->host),
              w->last.text);
}

static void take_state(struct guests *g, const struct message_guest_state *m)
{
    struct ward *w = ward_named(g, m->guest);
    if (!w || m->attempt != w->attempt || m->state >= GUEST_STATES)
        return; /* late news of an earlier start */
    bool has_news = m->state == GUEST_PREPARING && *m->text && strcmp(m->text, w->last.text) != 0;
    w->last = *m;
    text_disarm(w->last.text);
    int64_t within = m->within_ns >= 0 && m->within_ns < clock_ms(INT64_C(3600) * 1000) ? m->within_ns : 0;
    put_off(g, w, clock_mono_ns() + within + clock_ms(SLACK_MS));
    switch ((enum guest_state)m->state) {
    case GUEST_PREPARING:
        if (has_news)
            live_note(g->options.live, "%s: %s", guests_name(g, w->host), w->last.text);
        break;
    case GUEST_BOOTED:
        tell_accel(g, w);
        if (w->at == WARD_COMING || w->at == WARD_RESUMING) {
            w->at = WARD_BOOTED;
            w->deadline_mono = clock_mono_ns() + join_within_ns(g, w, within);
        }
        break;
    case GUEST_PAUSED:
        if (w->at == WARD_PAUSING) {
            w->at = WARD_PAUSED;
            if (guests_joined_node(g, w->node)) /* it would be missed; as soon as it goes on, it joins anew */
                hub_dismiss(g->options.hub, guests_joined_node(g, w->node), "you are paused");
        }
        break;
    case GUEST_OFF:
    case GUEST_FAILED:
        if (w->at == WARD_OFF || w->at == WARD_LENT) { /* the trial that had it tells */
            w->at = WARD_OFF;
            break;
        }
        if (w->at == WARD_GOING && m->state == GUEST_FAILED)
            tell_not_ended(g, w);
        if (w->at != WARD_GOING) {
            note_why(w, w->last.text);
            w->is_bad = w->at != WARD_HERE;
        } else if (w->is_bad) {
            note_why(w, NOT_JOINED);
        }
        w->at = WARD_OFF;
        break;
    case GUEST_STARTING:
    case GUEST_RUNNING:
    case GUEST_ENDING:
    case GUEST_SAVED:
    case GUEST_STATES: break;
    }
}

static bool take_watched(struct guests *g, const struct roster_node *node, const struct message_watched *m)
{
    for (size_t i = 0; i < g->host_count; i++) {
        struct host *h = &g->hosts[i];
        if (m->watch != g->watches || *m->guest || !h->is_watched || guests_joined_node(g, h->node) != node)
            continue;
        h->is_watched = false;
        if (m->wall_ns > 0 && m->used_ns >= 0)
            h->idle_rate = (int64_t)((double)m->used_ns * 1e9 / (double)m->wall_ns);
        return true;
    }
    return false;
}

static bool is_new(struct ward *w, const struct roster_node *node)
{
    bool is_same = strcmp(w->instance, node->hello.instance) == 0;
    text_copy(w->instance, sizeof w->instance, node->hello.instance);
    return !is_same;
}

bool guests_is_lent(const struct guests *g, const struct roster_node *node, struct roster_node **host)
{
    for (size_t i = 0; i < g->ward_count; i++)
        if (g->wards[i].at == WARD_LENT && strcmp(guests_name(g, g->wards[i].node), node->name) == 0) {
            *host = guests_joined_node(g, g->wards[i].host);
            return true;
        }
    return false;
}

bool guests_joined(struct guests *g, const struct roster_node *node, int64_t at_ns, struct err *e)
{
    struct ward *w = ward_named(g, node->name);
    struct roster_node *host = w ? guests_joined_node(g, w->host) : NULL;
    if (!host || !is_new(w, node)) /* once: it may join anew when it was restored */
        return true;
    struct message m = { .type = MESSAGE_GUEST_HERE, .guest_here = { .attempt = w->attempt, .at_ns = at_ns } };
    text_copy(m.guest_here.guest, sizeof m.guest_here.guest, node->name);
    return hub_send(g->options.hub, host, &m, e) && g->options.joined(g->options.context, w->node, &w->last, e);
}

static bool take_joined(struct guests *g, const struct roster_node *node, struct err *e)
{
    struct ward *w = ward_named(g, node->name);
    if (!w || (w->at != WARD_COMING && w->at != WARD_BOOTED && w->at != WARD_RESUMING))
        return true;
    if (w->at == WARD_COMING && !guests_node(g, w)->built_in)
        return true; /* its host has not spoken of it yet, but will */
    struct guest_size size;
    w->at = WARD_HERE;
    w->tries = 0;
    (void)guests_size(g, w->node, &size); /* of the first boot: later ones may differ a little */
    if (!is_new(w, node))                 /* it went on after a pause */
        return true;
    return g->options.joined(g->options.context, w->node, &w->last, e);
}

/* The agent of an existing domain joins by itself, so it may have done that long before. */
static bool take_guest_state(struct guests *g, const struct message_guest_state *m, struct err *e)
{
    take_state(g, m);
    const struct ward *w = ward_named(g, m->guest);
    const struct roster_node *here = w && w->at == WARD_BOOTED ? guests_joined_node(g, w->node) : NULL;
    return !here || guests_node(g, w)->built_in || take_joined(g, here, e);
}

enum guests_end guests_take_event(struct guests *g, int64_t deadline_mono, struct err *e)
{
    struct hub_event h;
    struct ward *w;
    if (!hub_next(g->options.hub, deadline_mono, &h, e))
        return GUESTS_FAILED;
    switch (h.kind) {
    case HUB_SIGNAL: return GUESTS_INTERRUPTED;
    case HUB_JOINED:
        if (!take_joined(g, h.node, e))
            return GUESTS_FAILED;
        break;
    case HUB_LOST:
        w = ward_named(g, h.node->name);
        if (w && w->at == WARD_HERE)
            w->at = WARD_OFF;
        if (guests_need(g, h.node->name)) {
            err_set(e, ERR_PARTIAL, "%s is gone: %s", h.node->name, h.why);
            return GUESTS_FAILED;
        }
        break;
    case HUB_MESSAGE:
        if (h.message->type == MESSAGE_GUEST_STATE && !take_guest_state(g, &h.message->guest_state, e))
            return GUESTS_FAILED;
        if (h.message->type == MESSAGE_ENCLOSED && g->is_asked && h.message->enclosed.number == g->answer.number) {
            g->answer = h.message->enclosed;
            g->is_asked = false;
        }
        if (h.message->type == MESSAGE_WATCHED)
            (void)take_watched(g, h.node, &h.message->watched);
        break;
    case HUB_DEADLINE:
    case HUB_PROBED: break;
    }
    return GUESTS_READY;
}

bool guests_hear(struct guests *g, const struct message_guest_state *m, const char **name, char *why, size_t size,
                 bool *is_ours)
{
    struct ward *w = ward_named(g, m->guest);
    bool was_here = w && w->at == WARD_HERE && m->attempt == w->attempt;
    take_state(g, m);
    if (!was_here || (w->at == WARD_HERE && m->state != GUEST_PAUSED))
        return false;
    *name = guests_name(g, w->node);
    *is_ours = guests_node(g, w)->built_in != NULL;
    text_copy(why, size, w->last.text);
    return true;
}
