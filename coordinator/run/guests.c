#include "guests_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

enum {
    SLACK_MS = 5000,  /* beyond what the agent says that it takes */
    TRIES = 2,        /* the second one is the retry */
    IDLE_MS = 1000,   /* in which the idle host is looked at; its ticks of 10 ms make it 1 % of a CPU */
    ANSWER_MS = 3000, /* of a watch */
};

struct guests *guests_new(const struct guests_options *options)
{
    const struct scenario *s = options->scenario;
    struct guests *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->options = *options;
    g->lent = g->enclosed = -1;
    g->envelopes = calloc(s->node_count + 1, sizeof *g->envelopes);
    g->wards = calloc(s->node_count + 1, sizeof *g->wards);
    g->hosts = calloc(s->node_count + 1, sizeof *g->hosts);
    g->sizes = calloc(s->node_count + 1, sizeof *g->sizes);
    if (!g->wards || !g->hosts || !g->sizes || !g->envelopes) {
        guests_destroy(&g);
        return NULL;
    }
    for (size_t i = 0; i < s->node_count; i++) {
        const struct scenario_node *node = &s->nodes[i];
        size_t h = 0;
        if (node->on < 0 || !node_is_started(node))
            continue;
        g->wards[g->ward_count++] = (struct ward){ .node = (int)i, .host = node->on };
        while (h < g->host_count && g->hosts[h].node != node->on)
            h++;
        if (h == g->host_count)
            g->hosts[g->host_count++] = (struct host){ .node = node->on, .idle_rate = -1 };
    }
    return g;
}

void guests_destroy(struct guests **guests)
{
    struct guests *g = *guests;
    *guests = NULL;
    if (!g)
        return;
    free(g->wards);
    free(g->sizes);
    free(g->envelopes);
    free(g->hosts);
    free(g);
}

bool guests_are_any(const struct guests *g) { return g->ward_count > 0; }

const char *guests_state(const struct guests *g)
{
    bool any_runs = false, any_is_held = false;
    for (size_t i = 0; i < g->ward_count; i++) {
        any_runs |= g->wards[i].at == WARD_HERE;
        any_is_held |= g->wards[i].at == WARD_PAUSED;
    }
    return g->ward_count == 0 ? "" : any_runs ? "running" : any_is_held ? "paused" : "off";
}

bool guests_host(const struct guests *g, size_t n, struct roster_node **host)
{
    if (n >= g->host_count)
        return false;
    *host = guests_joined_node(g, g->hosts[n].node);
    return true;
}

static const struct host *host_named(const struct guests *g, const char *name)
{
    for (size_t i = 0; i < g->host_count; i++)
        if (strcmp(guests_name(g, g->hosts[i].node), name) == 0)
            return &g->hosts[i];
    return NULL;
}

bool guests_need(const struct guests *g, const char *node) { return host_named(g, node) != NULL; }

int64_t guests_idle_rate(const struct guests *g, const char *host)
{
    const struct host *h = host_named(g, host);
    return h ? h->idle_rate : -1;
}

uint32_t guests_next_watch(struct guests *g) { return ++g->watches; }

/* ---- orders ---- */

static bool send_to_host(struct guests *g, const struct ward *w, const struct message *m, struct err *e)
{
    struct roster_node *host = guests_joined_node(g, w->host);
    if (!host)
        return err_set(e, ERR_NODE_MISSING, "%s, the host of %s, is not here", guests_name(g, w->host),
                       guests_name(g, w->node));
    return hub_send(g->options.hub, host, m, e);
}

/* The built-in guest's own key; the one of its last start ends with that. */
static bool give_key(struct guests *g, const struct ward *w, struct message_guest_start *m, struct err *e)
{
    struct invite invite;
    struct keyring *keyring = hub_keyring(g->options.hub);
    bool ok = keyring_invite(keyring, guests_name(g, w->node), "tcp://host:1", &invite, e); /* its host knows where */
    if (ok) {
        text_copy(m->server_key, sizeof m->server_key, invite.server_key);
        text_copy(m->public_key, sizeof m->public_key, invite.node.public_key);
        text_copy(m->secret_key, sizeof m->secret_key, invite.node.secret_key);
    }
    invite_wipe(&invite);
    return ok;
}

/* With nothing to build it needs no compiler, which its host might not be able to make. */
static bool pack_options(const struct guest_options *declared, bool builds, char *text, size_t size, struct err *e)
{
    struct guest_options options = *declared;
    options.compiler &= builds;
    return schema_pack(&GUEST_SCHEMA, &options, text, size, e);
}

static bool order_start(struct guests *g, struct ward *w, enum guest_start_purpose purpose, struct err *e)
{
    const struct scenario_node *node = guests_node(g, w);
    struct message *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_INTERNAL, "out of memory");
    m->type = MESSAGE_GUEST_START;
    w->attempt = m->guest_start.attempt = ++g->attempts;
    m->guest_start.purpose = purpose;
    text_copy(m->guest_start.guest, sizeof m->guest_start.guest, node->name);
    text_copy(m->guest_start.domain, sizeof m->guest_start.domain, node->domain);
    const unsigned char *tree = g->options.tree ? g->options.tree(g->options.context, w->node) : NULL;
    if (tree) {
        memcpy(m->guest_start.tree, tree, TREE_HASH);
        m->guest_start.tree_size = TREE_HASH;
    }
    bool ok = !node->built_in ||
              (pack_options(node->built_in, tree != NULL, m->guest_start.options, sizeof m->guest_start.options, e) &&
               give_key(g, w, &m->guest_start, e));
    if (ok && g->options.address)
        g->options.address(g->options.lab, (size_t)(w - g->wards), m->guest_start.address,
                           sizeof m->guest_start.address);
    ok = ok && send_to_host(g, w, m, e);
    sodium_memzero(&m->guest_start, sizeof m->guest_start);
    free(m);
    w->at = purpose == GUEST_START_LENT ? WARD_LENT : WARD_COMING;
    w->round = g->round;
    w->is_bad = false;
    w->deadline_mono = clock_mono_ns() + clock_ms(SLACK_MS);
    return ok;
}

static bool start(struct guests *g, struct ward *w, struct err *e) { return order_start(g, w, GUEST_START_NOW, e); }

static bool end(struct guests *g, struct ward *w, struct err *e)
{
    struct message m = { .type = MESSAGE_GUEST_STOP, .guest_stop = { .attempt = w->attempt } };
    text_copy(m.guest_stop.guest, sizeof m.guest_stop.guest, guests_name(g, w->node));
    w->at = WARD_GOING;
    w->deadline_mono = clock_mono_ns() + clock_ms(SLACK_MS);
    return send_to_host(g, w, &m, e);
}

static bool hold(struct guests *g, struct ward *w, bool pauses, struct err *e)
{
    struct message m = { .type = MESSAGE_GUEST_HOLD,
                         .guest_hold = { .hold = pauses ? GUEST_HOLD_PAUSE : GUEST_HOLD_NONE } };
    text_copy(m.guest_hold.guest, sizeof m.guest_hold.guest, guests_name(g, w->node));
    w->at = pauses ? WARD_PAUSING : WARD_RESUMING;
    w->deadline_mono = clock_mono_ns() + clock_ms(SLACK_MS + ANSWER_MS);
    return send_to_host(g, w, &m, e);
}

/* ---- until all are where they should be ---- */

/* Where it shall be: OFF, HERE or PAUSED. */
static enum ward_state goal_of(const struct guests *g, const struct ward *w, bool needed)
{
    static const enum ward_state GOALS[] = {
        [GUEST_IS_OFF] = WARD_OFF, [GUEST_RUNS_ON] = WARD_HERE, [GUEST_IS_PAUSED] = WARD_PAUSED
    };
    if (w->node == g->lent)
        return WARD_OFF;
    return needed ? WARD_HERE : GOALS[guests_node(g, w)->while_host_runs];
}

static bool is_moving(const struct ward *w) { return w->at != WARD_OFF && w->at != WARD_HERE && w->at != WARD_PAUSED; }

/* It did not come, or said why it cannot: once more, unless that is no use. */
static bool give_up_or_retry(struct guests *g, struct ward *w, struct err *e)
{
    bool has_run = w->last.running_ns != 0;
    if (++w->tries < TRIES && has_run) {
        live_note(g->options.live, "%s did not come up: %s; trying once more", guests_name(g, w->node), w->why);
        return start(g, w, e);
    }
    return err_set(e, ERR_NODE_MISSING, "guest '%s' on %s: %s", guests_name(g, w->node), guests_name(g, w->host),
                   w->why);
}

/* Its deadline has passed. */
static bool on_lateness(struct guests *g, struct ward *w, struct err *e)
{
    if (w->at == WARD_BOOTED) { /* its end will tell what its console shows */
        w->is_bad = true;
        return end(g, w, e);
    }
    return err_set(
        e, ERR_NODE_MISSING,
        "guest '%s': no word of it from %s in time: does libvirt hang there, or does its agent shut a domain down?",
        guests_name(g, w->node), guests_name(g, w->host));
}

/* One step nearer to its goal. */
static bool move(struct guests *g, struct ward *w, enum ward_state goal, bool may_start, struct err *e)
{
    bool is_there = w->at == WARD_HERE || w->at == WARD_PAUSED;
    if (w->at == goal)
        return true;
    if (w->at == WARD_OFF)
        return w->is_bad ? give_up_or_retry(g, w, e) : start(g, w, e);
    if (goal == WARD_OFF && (is_there || (w->at != WARD_GOING && !may_start)))
        return end(g, w, e);
    if (is_there)
        return hold(g, w, goal == WARD_PAUSED, e);
    return clock_mono_ns() < w->deadline_mono || on_lateness(g, w, e);
}

/* Bring every guest to where it shall be. */
static enum guests_end settle(struct guests *g, bool needed, bool may_start, struct err *e)
{
    for (;;) {
        int64_t wake = INT64_MAX;
        for (size_t i = 0; i < g->ward_count; i++) {
            struct ward *w = &g->wards[i];
            if (!move(g, w, may_start ? goal_of(g, w, needed) : WARD_OFF, may_start, e))
                return GUESTS_FAILED;
            if (is_moving(w) && w->deadline_mono < wake)
                wake = w->deadline_mono;
        }
        if (wake == INT64_MAX)
            return GUESTS_READY;
        enum guests_end heard = guests_take_event(g, wake, e);
        if (heard != GUESTS_READY)
            return heard;
    }
}

/* ---- the idle hosts ---- */

static void send_watch(struct guests *g, bool begins)
{
    for (size_t i = 0; i < g->host_count; i++) {
        struct err e = { 0 };
        struct roster_node *host = guests_joined_node(g, g->hosts[i].node);
        struct message m = { .type = MESSAGE_WATCH, .watch = { .watch = g->watches, .begin = begins } };
        g->hosts[i].is_watched = host && hub_send(g->options.hub, host, &m, &e);
        if (!g->hosts[i].is_watched)
            log_debug("%s: not watched", guests_name(g, g->hosts[i].node));
    }
}

static bool is_waiting(const struct guests *g)
{
    for (size_t i = 0; i < g->host_count; i++)
        if (g->hosts[i].is_watched)
            return true;
    return false;
}

/* What the hosts use while nothing is measured. */
static enum guests_end look_at_idle_hosts(struct guests *g, struct err *e)
{
    enum guests_end heard = GUESTS_READY;
    int64_t until = clock_mono_ns() + clock_ms(IDLE_MS);
    guests_next_watch(g);
    for (size_t i = 0; i < g->host_count; i++)
        g->hosts[i].idle_rate = -1;
    send_watch(g, true);
    while (heard == GUESTS_READY && clock_mono_ns() < until)
        heard = guests_take_event(g, until, e);
    send_watch(g, false);
    until = clock_mono_ns() + clock_ms(ANSWER_MS);
    while (heard == GUESTS_READY && is_waiting(g) && clock_mono_ns() < until)
        heard = guests_take_event(g, until, e);
    return heard;
}

/* ---- from trial to trial ---- */

/* A guest of an earlier round, whose place a fresh one takes. */
static bool is_stale(const struct guests *g, const struct ward *w, int round)
{
    return (w->at == WARD_HERE || w->at == WARD_PAUSED) && guests_node(g, w)->is_fresh && w->round != round;
}

/* A host is confined to what its guest has, which the guest and the process that it is alone can tell: all are started,
 * for once. */
static enum guests_end measure(struct guests *g, const struct plan_trial *place, struct err *e)
{
    struct guest_size size;
    bool is_its_own;
    const int enclosed = plan_enclosed(g->options.scenario, place, &is_its_own);
    const int guest = enclosed >= 0 ? enclosed : plan_confined_by(g->options.scenario, place);
    const bool has_envelope = enclosed < 0 || *g->envelopes[enclosed].cpus;
    if (guest < 0 || !node_is_started(&g->options.scenario->nodes[guest]) ||
        (guests_size(g, guest, &size) && has_envelope))
        return GUESTS_READY;
    if (!is_its_own)
        live_note(g->options.live, "%s is started first: %s is confined to what it has", guests_name(g, guest),
                  guests_name(g, place->loads[0]));
    g->lent = -1;
    g->round = place->round;
    const enum guests_end settled = settle(g, true, true, e);
    return settled == GUESTS_READY && !has_envelope ? guests_choose_envelope(g, guest, e) : settled;
}

/* All where they shall be for the trial. */
static enum guests_end bring(struct guests *g, const struct plan_trial *place, struct err *e)
{
    bool needed = plan_needs_guests(g->options.scenario, place), changes = !g->is_prepared;
    if (g->ward_count == 0)
        return GUESTS_READY;
    const enum guests_end measured = measure(g, place, e);
    if (measured != GUESTS_READY)
        return measured;
    const struct scenario_step *step = &g->options.scenario->steps[place->step];
    g->lent = step->workload->needs_guest ? step->to : -1;
    for (size_t i = 0; i < g->ward_count; i++) {
        struct ward *w = &g->wards[i];
        enum ward_state goal = goal_of(g, w, needed);
        if (w->at == WARD_HERE && !guests_joined_node(g, w->node)) /* lost between trials */
            w->at = WARD_OFF;
        changes |= goal != w->at;
        if (goal != WARD_OFF && is_stale(g, w, place->round)) {
            changes = true;
            if (!end(g, w, e))
                return GUESTS_FAILED;
        }
    }
    g->is_prepared = true;
    g->round = place->round;
    if (!changes)
        return GUESTS_READY;
    enum guests_end settled = settle(g, needed, true, e);
    return settled == GUESTS_READY ? look_at_idle_hosts(g, e) : settled;
}

enum guests_end guests_prepare(struct guests *g, const struct plan_trial *place, struct err *e)
{
    const enum guests_end brought = bring(g, place, e);
    return brought == GUESTS_READY && g->ward_count > 0 ? guests_enclose(g, place, e) : brought;
}

bool guests_lend(struct guests *g, int node, struct err *e)
{
    for (size_t i = 0; i < g->ward_count; i++)
        if (g->wards[i].node == node)
            return order_start(g, &g->wards[i], GUEST_START_LENT, e);
    return err_set(e, ERR_INTERNAL, "%s is started by nobody", guests_name(g, node));
}

void guests_take_back(struct guests *g)
{
    guests_release(g);
    for (size_t i = 0; i < g->ward_count; i++) {
        struct err e = { 0 };
        if (g->wards[i].at == WARD_LENT && !end(g, &g->wards[i], &e))
            log_debug("%s", e.text); /* its host is gone, which ends the run */
    }
}

void guests_finish(struct guests *g)
{
    g->lent = -1;
    guests_release(g);
    struct err e = { 0 };
    if (g->ward_count > 0 && settle(g, false, false, &e) == GUESTS_FAILED)
        log_warn("%s", e.text);
}
