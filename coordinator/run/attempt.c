#include "attempt_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "result/figures.h"
#include "run/prober.h"

int64_t attempt_overhead_ns(void)
{
    return clock_ms(PROBE_EVERY_MS * (PROBES_BEFORE + PROBES_AFTER) + ARM_LEAST_MS + 50);
}

/* ---- who takes part ---- */

/* The machine whose CPUs player `i` really has: a guest's are its host's. */
static void place_on_machine(struct attempt *a, int scenario_node, size_t i)
{
    const struct scenario *s = a->context->scenario;
    const int on = s->nodes[scenario_node].on;
    const struct roster_node *host = on >= 0 ? roster_by_name(hub_roster(a->context->hub), s->nodes[on].name) : NULL;
    const struct roster_node *machine = host && host->is_joined ? host : a->players[i].node;
    text_copy(a->raw.nodes[i].machine, sizeof a->raw.nodes[i].machine, machine->hello.boot_id);
}

static size_t add_player(struct attempt *a, int scenario_node)
{
    const struct scenario_node *declared = &a->context->scenario->nodes[scenario_node];
    const char *name = declared->name;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (strcmp(a->raw.nodes[i].name, name) == 0)
            return i;
    size_t i = a->raw.node_count++;
    struct roster_node *node = node_has_agent(declared) ? roster_by_name(hub_roster(a->context->hub), name) : NULL;
    a->players[i].node = node;
    a->players[i].stock = node_has_agent(declared) ? NULL : declared;
    a->players[i].declared = scenario_node;
    a->players[i].own = declared->address;
    text_copy(a->raw.nodes[i].address, sizeof a->raw.nodes[i].address, declared->netserver.address);
    a->raw.nodes[i].is_stock = !node_has_agent(declared);
    text_copy(a->raw.nodes[i].name, sizeof a->raw.nodes[i].name, name);
    if (node) {
        text_copy(a->raw.nodes[i].boot_id, sizeof a->raw.nodes[i].boot_id, node->hello.boot_id);
        place_on_machine(a, scenario_node, i);
        text_copy(a->raw.nodes[i].address, sizeof a->raw.nodes[i].address,
                  *declared->address ? declared->address : node->address);
        a->raw.nodes[i].bounds = node->bounds;
    }
    return i;
}

static enum raw_kind kind_of(const struct workload_info *workload)
{
    switch (workload->kind) {
    case WORKLOAD_STREAM: return RAW_STREAM;
    case WORKLOAD_TRANSACTIONS: return RAW_TRANSACTIONS;
    case WORKLOAD_DATAGRAMS: return RAW_DATAGRAMS;
    case WORKLOAD_LAPS: return RAW_LAPS;
    }
    return RAW_STREAM;
}

static bool cast(struct attempt *a, struct err *e)
{
    size_t most = a->place->load_count + 1;
    a->players = calloc(most, sizeof *a->players);
    a->raw.nodes = calloc(most, sizeof *a->raw.nodes);
    a->jobs = calloc(a->place->load_count, sizeof *a->jobs);
    a->raw.kind = kind_of(a->step->workload);
    a->raw.workload = a->step->workload;
    a->raw.options = a->step->options;
    a->raw.warmup_ns = a->time.warmup_ns;
    a->raw.length_ns = a->time.usual_ns;
    a->raw.tolerance_ns = a->context->scenario->start.tolerance_ns;
    a->raw.clock_limit_ppm = a->context->scenario->limits.clock_ppm;
    if (!a->players || !a->raw.nodes || !a->jobs)
        return err_set(e, ERR_INTERNAL, "out of memory");
    for (size_t i = 0; i < a->place->load_count; i++) {
        struct job *job = &a->jobs[a->job_count++];
        job->load = add_player(a, a->place->loads[i]);
        job->peer = a->step->workload->needs_peer ? add_player(a, a->step->to) : job->load;
        job->is_serving = a->players[job->peer].stock != NULL; /* it is not asked to */
        randombytes_buf(job->token, sizeof job->token);
    }
    return true;
}

static size_t player_of(const struct attempt *a, const struct roster_node *node)
{
    size_t i = 0;
    while (i < a->raw.node_count && a->players[i].node != node)
        i++;
    return i;
}

/* ---- giving up ---- */

void attempt_blame(struct attempt *a, enum attempt_end end, const char *fmt, ...)
{
    if (*a->why)
        return; /* the first cause, not what follows from it */
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->why, sizeof a->why, fmt, args);
    va_end(args);
    text_disarm(a->why); /* a node's own words may be in it */
    a->end = end;
}

/* Whose answer was missing: names of the players for which `is_missing`. */
static void blame_missing(struct attempt *a, enum attempt_end end, const char *what,
                          bool (*is_missing)(const struct attempt *, size_t))
{
    char names[128] = "";
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (is_missing(a, i))
            text_append(names, sizeof names, "%s%s", *names ? ", " : "", a->raw.nodes[i].name);
    attempt_blame(a, end, "%s: %s", names, what);
}

static bool is_unprobed(const struct attempt *a, size_t i)
{
    return !a->players[i].stock &&
           a->players[i].node->probes < (a->state == TRIAL_CALIBRATE ? PROBES_BEFORE : PROBES_AFTER);
}

static bool is_unready(const struct attempt *a, size_t i)
{
    for (size_t j = 0; j < a->job_count; j++)
        if ((a->state == TRIAL_SERVE && a->jobs[j].peer == i && !a->jobs[j].is_serving) ||
            (a->state == TRIAL_PREPARE && a->jobs[j].load == i && !a->jobs[j].is_ready))
            return true;
    return false;
}

static bool is_unarmed(const struct attempt *a, size_t i) { return !a->players[i].stock && !a->players[i].is_armed; }

static bool is_unfinished(const struct attempt *a, size_t i)
{
    return !a->players[i].stock && !a->players[i].is_finished;
}

static bool any(const struct attempt *a, bool (*is_missing)(const struct attempt *, size_t))
{
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (is_missing(a, i))
            return true;
    return false;
}

static bool act(struct attempt *a, enum trial_action action, struct err *e)
{
    switch (action) {
    case DO_SEND_SERVE:
        a->deadline_mono = clock_mono_ns() + a->time.prepare_ns;
        return attempt_prepare(a, PART_SERVE, e);
    case DO_SEND_PREPARE:
        a->deadline_mono = clock_mono_ns() + a->time.prepare_ns;
        return attempt_prepare(a, PART_LOAD, e);
    case DO_SEND_ARM:
        attempt_arm(a);
        attempt_watch(a, true);
        attempt_probe_hosts(a, false);
        return true;
    case DO_WATCH_SAMPLES:
        a->deadline_mono = a->at_mono + a->time.warmup_ns + a->time.most_ns + clock_ms(GRACE_MS);
        a->rates_mono = a->at_mono + clock_ms(RATES_EVERY_MS);
        a->measured_mono = a->time.warmup_ns > 0 ? a->at_mono + a->time.warmup_ns : 0;
        return true;
    case DO_PROBE_AGAIN:
        attempt_watch(a, false);
        a->deadline_mono = clock_mono_ns() + clock_ms(SETTLE_MS);
        attempt_probe(a, PROBE_EVERY_MS, true);
        return true;
    case DO_CANCEL_AND_ARCHIVE: attempt_cancel(a); return true;
    case DO_ARCHIVE:
    case DO_IGNORE:
    case TRIAL_ACTION_COUNT: return true;
    }
    return true;
}

/* ---- from what happened to an event of the table ---- */

/* The state's goal, when it is reached. */
static bool goal(const struct attempt *a, enum trial_event *event)
{
    switch (a->state) {
    case TRIAL_CALIBRATE: *event = ON_CLOCKS_BOUNDED; return !any(a, is_unprobed);
    case TRIAL_SETTLE: *event = ON_CLOCKS_BOUNDED; return !any(a, is_unprobed) && a->unwatched == 0;
    case TRIAL_SERVE: *event = ON_ALL_SERVING; return !any(a, is_unready) || a->jobs[0].peer == a->jobs[0].load;
    case TRIAL_PREPARE: *event = ON_ALL_READY; return !any(a, is_unready) && a->uncooled == 0;
    case TRIAL_ARM: *event = ON_ALL_ARMED; return !any(a, is_unarmed);
    case TRIAL_RUN: *event = ON_ALL_FINISHED; return !any(a, is_unfinished);
    default: return false;
    }
}

static void blame_deadline(struct attempt *a)
{
    char what[64], wait[32];
    switch (a->state) {
    case TRIAL_CALIBRATE:
        blame_missing(a, ATTEMPT_FAILED, "too few answers to the clock probes within 5 s", is_unprobed);
        break;
    case TRIAL_SERVE:
    case TRIAL_PREPARE:
        snprintf(what, sizeof what, "not ready within %s", units_show_wait(a->time.prepare_ns, wait, sizeof wait));
        blame_missing(a, ATTEMPT_FAILED, what, is_unready);
        break;
    case TRIAL_ARM: blame_missing(a, ATTEMPT_UNARMED, "no answer to ARM before the start", is_unarmed); break;
    case TRIAL_RUN:
        blame_missing(a, ATTEMPT_FAILED, "not finished 6 s after the end of the measured time", is_unfinished);
        break;
    default: break;
    }
}

static enum trial_event to_trial_event(struct attempt *a, const struct hub_event *h, bool *is_event)
{
    size_t player = h->node ? player_of(a, h->node) : a->raw.node_count;
    enum trial_event event = ON_DEADLINE;
    *is_event = true;
    switch (h->kind) {
    case HUB_DEADLINE:
        if (clock_mono_ns() < a->deadline_mono)
            break;
        blame_deadline(a);
        return ON_DEADLINE;
    case HUB_SIGNAL: attempt_blame(a, ATTEMPT_STOPPED, "interrupted"); return ON_STOP;
    case HUB_LOST:
        if (player == a->raw.node_count && !guests_need(a->context->guests, h->node->name))
            break;
        attempt_blame(a, ATTEMPT_LOST, "%s is gone: %s", h->node->name, h->why);
        return ON_NODE_LOST;
    case HUB_MESSAGE:
        attempt_hear_host(a, h->node, h->message);
        if (player < a->raw.node_count)
            attempt_hear(a, player, h->message);
        break;
    case HUB_JOINED: attempt_hear_joined(a, h->node); break;
    case HUB_PROBED: break;
    }
    if (*a->why)
        return a->end == ATTEMPT_LOST ? ON_NODE_LOST : ON_NODE_FAILED;
    *is_event = goal(a, &event);
    return event;
}

/* When the loop has something to do by itself. */
static int64_t next_wake(struct attempt *a)
{
    int64_t now = clock_mono_ns();
    if (a->at_mono && !a->disarmed && now >= a->at_mono)
        attempt_disarm(a);
    if (a->state == TRIAL_RUN && now >= a->rates_mono)
        attempt_show_rates(a);
    if (a->state == TRIAL_RUN && a->measured_mono && now >= a->measured_mono) {
        a->measured_mono = 0;
        attempt_watch(a, true); /* prices are of what is measured */
    }
    int64_t wake = a->deadline_mono;
    if (a->state == TRIAL_RUN && a->rates_mono < wake)
        wake = a->rates_mono;
    if (a->state == TRIAL_RUN && a->measured_mono && a->measured_mono < wake)
        wake = a->measured_mono;
    return wake;
}

/* ---- the loop ---- */

static bool conduct(struct attempt *a, struct err *e)
{
    while (a->state != TRIAL_DONE && a->state != TRIAL_FAILED) {
        struct hub_event h;
        enum trial_event event;
        bool is_event = goal(a, &event);
        if (*a->why) {
            event = a->end == ATTEMPT_LOST ? ON_NODE_LOST : ON_NODE_FAILED;
            is_event = true;
        }
        if (!is_event) {
            if (!hub_next(a->context->hub, next_wake(a), &h, e))
                return false;
            event = to_trial_event(a, &h, &is_event);
        }
        if (!is_event)
            continue;
        const struct trial_rule *rule = trial_rule_for(a->state, event);
        log_debug("trial %" PRIu32 ": %s -> %s", a->number, trial_state_name(a->state), trial_state_name(rule->next));
        a->state = rule->next;
        if (!act(a, rule->act, e))
            return false;
    }
    return true;
}

static bool check_nodes(struct attempt *a)
{
    for (size_t i = 0; i < a->raw.node_count; i++) {
        const struct roster_node *node = a->players[i].node;
        if (a->players[i].stock)
            continue;
        if (!node || !node->is_joined) {
            attempt_blame(a, ATTEMPT_LOST, "%s is not here", a->raw.nodes[i].name);
            return false;
        }
        char entry[128];
        snprintf(entry, sizeof entry, "%s %016" PRIx64 "\n", a->step->workload->name,
                 catalogue_signature(a->step->workload));
        if (!strstr(node->catalogue, entry)) {
            attempt_blame(a, ATTEMPT_FAILED,
                          "%s (tare-%s %s) has no %s as this tare %s means it: install the same version there",
                          node->name, node->hello.program, node->hello.version, a->step->workload->name, TARE_VERSION);
            return false;
        }
    }
    return true;
}

bool attempt_run(const struct attempt_context *context, const struct plan_trial *place, uint32_t number,
                 struct trial *trial, enum attempt_end *end, struct err *e)
{
    const struct scenario_step *step = &context->scenario->steps[place->step];
    struct attempt a = { .context = context,
                         .place = place,
                         .step = step,
                         .time = catalogue_time(step->workload, step->options),
                         .number = number };
    bool ok = cast(&a, e);
    if (ok && check_nodes(&a)) {
        for (size_t i = 0; i < a.raw.node_count; i++)
            if (a.players[i].node) {
                a.players[i].node->probe_log = context->probe_log;
                prober_forget(a.players[i].node, context->scenario->start.wander_ppm);
            }
        for (size_t i = 0; i < a.raw.node_count; i++)
            if (a.players[i].node)
                text_copy(a.players[i].node->doing, sizeof a.players[i].node->doing, step->name);
        a.deadline_mono = clock_mono_ns() + clock_ms(CALIBRATE_MS);
        attempt_probe(&a, PROBE_EVERY_MS, true);
        attempt_probe_hosts(&a, true);
        attempt_show_rates(&a);
        ok = conduct(&a, e);
        attempt_probe_hosts(&a, false);
        guests_take_back(context->guests);
    }
    for (size_t i = 0; i < a.raw.node_count; i++) {
        struct roster_node *node = a.players[i].node;
        if (!node)
            continue;
        a.raw.nodes[i].worst_gap_ns = a.raw.at_ns ? node->worst_gap_ns : 0;
        a.raw.nodes[i].probes = (uint32_t)bounds_count(node->bounds);
        a.raw.nodes[i].stamps = prober_kind(node);
        a.raw.nodes[i].wall_moves = node->wall_moves;
        hub_probe(context->hub, node, 0);
        hub_set_armed(context->hub, node, false);
        node->doing[0] = '\0';
        node->probe_log = NULL;
    }
    trial->at_real_ns = a.raw.at_ns ? clock_real_ns() - (clock_raw_ns() - a.raw.at_ns) : 0;
    /* Until now, where nobody knew how long it takes. */
    if (a.raw.kind == RAW_LAPS && a.raw.at_ns)
        a.raw.length_ns = clock_raw_ns() - a.raw.at_ns;
    ok = ok && figures_compute(&a.raw, trial, e);
    trial->confined = a.raw.confined;
    trial->partial = *a.why != '\0';
    text_copy(trial->why, sizeof trial->why, a.why);
    *end = a.end;
    raw_clear(&a.raw);
    free(a.players);
    free(a.jobs);
    return ok;
}
