#include "attempt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "result/figures.h"
#include "run/fsm.h"

enum {
    /* Eight good probes bound an idle clock to microseconds; these are 0.4 s of them before and
     * 0.25 s after, which with the time in between also fixes the rate. */
    PROBE_EVERY_MS = 10,
    PROBES_BEFORE = 40,
    PROBES_AFTER = 25,
    PROBE_LOADED_MS = 250,

    CALIBRATE_MS = 5000,
    PREPARE_MS = 15000,
    GRACE_MS = 6000, /* what agents take to drain or abort (4 s), and some */
    SETTLE_MS = 4000,
    ARM_LEAST_MS = 50,
    ARM_ROUND_TRIPS = 10,
    SAMPLE_EVERY_MS = 1000,
    STARTERS_MAX = 1024, /* of one part */
};

/* A node of this trial; its place is that of its raw_node. */
struct player {
    struct roster_node *node;
    uint32_t starters;
    bool is_armed, is_finished;
};

struct job {
    size_t load, peer; /* players; peer == load where there is none */
    unsigned char token[MESSAGE_TOKEN];
    uint32_t port;
    bool is_serving, is_ready;
};

struct attempt {
    const struct attempt_context *context;
    const struct plan_trial *place;
    const struct scenario_step *step;
    const struct workload_times *times;
    uint32_t number;
    struct player *players; /* with raw.nodes: the same count and order */
    struct job *jobs;
    size_t job_count;
    struct raw_trial raw;
    enum trial_state state;
    int64_t deadline_mono, at_mono, rates_mono;
    bool disarmed;
    enum attempt_end end;
    char why[MODEL_TEXT];
};

int64_t attempt_overhead_ns(void)
{
    return clock_ms(PROBE_EVERY_MS * (PROBES_BEFORE + PROBES_AFTER) + ARM_LEAST_MS + 50);
}

/* ---- who takes part ---- */

static size_t add_player(struct attempt *a, int scenario_node)
{
    const char *name = a->context->scenario->nodes[scenario_node].name;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (strcmp(a->raw.nodes[i].name, name) == 0)
            return i;
    size_t i = a->raw.node_count++;
    struct roster_node *node = roster_by_name(hub_roster(a->context->hub), name);
    a->players[i].node = node;
    text_copy(a->raw.nodes[i].name, sizeof a->raw.nodes[i].name, name);
    if (node) {
        text_copy(a->raw.nodes[i].boot_id, sizeof a->raw.nodes[i].boot_id, node->hello.boot_id);
        a->raw.nodes[i].bounds = node->bounds;
    }
    return i;
}

static bool cast(struct attempt *a, struct err *e)
{
    size_t most = a->place->load_count + 1;
    a->players = calloc(most, sizeof *a->players);
    a->raw.nodes = calloc(most, sizeof *a->raw.nodes);
    a->jobs = calloc(a->place->load_count, sizeof *a->jobs);
    a->raw.warmup_ns = a->times->warmup_ns;
    a->raw.length_ns = a->times->length_ns;
    a->raw.tolerance_ns = a->context->scenario->start.tolerance_ns;
    if (!a->players || !a->raw.nodes || !a->jobs)
        return err_set(e, ERR_INTERNAL, "out of memory");
    for (size_t i = 0; i < a->place->load_count; i++) {
        struct job *job = &a->jobs[a->job_count++];
        job->load = add_player(a, a->place->loads[i]);
        job->peer = a->step->to >= 0 ? add_player(a, a->step->to) : job->load;
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

static void blame(struct attempt *a, enum attempt_end end, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void blame(struct attempt *a, enum attempt_end end, const char *fmt, ...)
{
    if (*a->why)
        return; /* the first cause, not what follows from it */
    va_list args;
    va_start(args, fmt);
    vsnprintf(a->why, sizeof a->why, fmt, args);
    va_end(args);
    a->end = end;
}

static bool send_to(struct attempt *a, size_t player, const struct message *m)
{
    struct err e = { 0 };
    if (hub_send(a->context->hub, a->players[player].node, m, &e))
        return true;
    blame(a, ATTEMPT_LOST, "%s", e.text);
    return false;
}

static void cancel(struct attempt *a)
{
    struct message m = { .type = MESSAGE_CANCEL, .cancel = { .trial = a->number } };
    text_copy(m.cancel.reason, sizeof m.cancel.reason, a->why);
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct err e = { 0 };
        struct roster_node *node = a->players[i].node;
        if (node && node->is_joined && !hub_send(a->context->hub, node, &m, &e))
            log_debug("%s", e.text); /* it is the one that is gone, as a rule */
    }
}

/* Whose answer was missing: names of the players for which `is_missing`. */
static void blame_missing(struct attempt *a, enum attempt_end end, const char *what,
                          bool (*is_missing)(const struct attempt *, size_t))
{
    char names[128] = "";
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (is_missing(a, i))
            text_append(names, sizeof names, "%s%s", *names ? ", " : "", a->raw.nodes[i].name);
    blame(a, end, "%s: %s", names, what);
}

static bool is_unprobed(const struct attempt *a, size_t i)
{
    return a->players[i].node->probes < (a->state == TRIAL_CALIBRATE ? PROBES_BEFORE : PROBES_AFTER);
}

static bool is_unready(const struct attempt *a, size_t i)
{
    for (size_t j = 0; j < a->job_count; j++)
        if ((a->state == TRIAL_SERVE && a->jobs[j].peer == i && !a->jobs[j].is_serving) ||
            (a->state == TRIAL_PREPARE && a->jobs[j].load == i && !a->jobs[j].is_ready))
            return true;
    return false;
}

static bool is_unarmed(const struct attempt *a, size_t i) { return !a->players[i].is_armed; }
static bool is_unfinished(const struct attempt *a, size_t i) { return !a->players[i].is_finished; }

static bool any(const struct attempt *a, bool (*is_missing)(const struct attempt *, size_t))
{
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (is_missing(a, i))
            return true;
    return false;
}

/* ---- actions ---- */

static void probe_all(struct attempt *a, int64_t every_ms, bool restart)
{
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct roster_node *node = a->players[i].node;
        if (restart)
            node->probes = 0;
        hub_probe(a->context->hub, node, clock_ms(every_ms));
        /* Not all at once: the coordinator would stamp the second answer while it reads the first. */
        node->probe_mono += clock_ms(every_ms) * (int64_t)i / (int64_t)a->raw.node_count;
    }
}

static bool prepare_part(struct attempt *a, uint32_t job_number, uint32_t part, struct err *e)
{
    const struct job *job = &a->jobs[job_number];
    struct message m = { .type = MESSAGE_PREPARE,
                         .prepare = {
                             .trial = a->number, .job = job_number, .part = part, .token_size = MESSAGE_TOKEN } };
    text_copy(m.prepare.workload, sizeof m.prepare.workload, a->step->workload->name);
    memcpy(m.prepare.token, job->token, MESSAGE_TOKEN);
    if (!schema_pack(a->step->workload->options, a->step->options, m.prepare.options, sizeof m.prepare.options, e))
        return false;
    if (part == PART_LOAD && job->peer != job->load) {
        text_copy(m.prepare.address, sizeof m.prepare.address, a->players[job->peer].node->address);
        m.prepare.port = job->port;
    }
    (void)send_to(a, part == PART_LOAD ? job->load : job->peer, &m); /* blamed; seen at the next look */
    return true;
}

static bool prepare_all(struct attempt *a, uint32_t part, struct err *e)
{
    for (uint32_t j = 0; j < a->job_count; j++)
        if ((part == PART_LOAD || a->jobs[j].peer != a->jobs[j].load) && !prepare_part(a, j, part, e))
            return false;
    return true;
}

/* Starters on the machine of player `i`, and with `before` only those of players in front of it. */
static uint32_t starters_on_machine(const struct attempt *a, size_t i, bool before)
{
    uint32_t count = 0;
    for (size_t j = 0; j < (before ? i : a->raw.node_count); j++)
        if (strcmp(a->raw.nodes[j].boot_id, a->raw.nodes[i].boot_id) == 0)
            count += a->players[j].starters;
    return count;
}

/* T, in every node's own clock. False (blamed) when a clock is not bounded. */
static void arm_all(struct attempt *a)
{
    int64_t worst_rtt = 0;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node->rtt_ns > worst_rtt)
            worst_rtt = a->players[i].node->rtt_ns;
    int64_t ahead =
        ARM_ROUND_TRIPS * worst_rtt > clock_ms(ARM_LEAST_MS) ? ARM_ROUND_TRIPS * worst_rtt : clock_ms(ARM_LEAST_MS);
    probe_all(a, PROBE_LOADED_MS, false);
    a->raw.at_ns = clock_raw_ns() + ahead;
    a->at_mono = clock_mono_at_raw_ns(a->raw.at_ns);
    a->deadline_mono = a->at_mono;
    for (size_t i = 0; i < a->raw.node_count; i++) {
        struct roster_node *node = a->players[i].node;
        struct bounds_interval at;
        struct err e = { 0 };
        if (!bounds_node_at(node->bounds, a->raw.at_ns, &at, &e)) {
            blame(a, ATTEMPT_FAILED, "%s: %s", node->name, e.text);
            return;
        }
        a->raw.nodes[i].at_ns = bounds_mid(at);
        node->worst_gap_ns = 0;
        hub_set_armed(a->context->hub, node, true);
        /* Spinning, above all under FIFO, only where every spinner has a CPU of its own. */
        (void)send_to(a, i,
                      &(struct message){ .type = MESSAGE_ARM,
                                         .arm = { .trial = a->number,
                                                  .at_ns = a->raw.nodes[i].at_ns,
                                                  .may_spin = starters_on_machine(a, i, false) <= node->cpus,
                                                  .slot = starters_on_machine(a, i, true) } });
    }
}

/* From T on the nodes are heard at their usual pace again. */
static void disarm(struct attempt *a)
{
    for (size_t i = 0; i < a->raw.node_count; i++)
        hub_set_armed(a->context->hub, a->players[i].node, false);
    a->disarmed = true;
}

static bool act(struct attempt *a, enum trial_action action, struct err *e)
{
    switch (action) {
    case DO_SEND_SERVE: a->deadline_mono = clock_mono_ns() + clock_ms(PREPARE_MS); return prepare_all(a, PART_SERVE, e);
    case DO_SEND_PREPARE:
        a->deadline_mono = clock_mono_ns() + clock_ms(PREPARE_MS);
        return prepare_all(a, PART_LOAD, e);
    case DO_SEND_ARM: arm_all(a); return true;
    case DO_WATCH_SAMPLES:
        a->deadline_mono = a->at_mono + a->times->warmup_ns + a->times->length_ns + clock_ms(GRACE_MS);
        a->rates_mono = a->at_mono + clock_ms(SAMPLE_EVERY_MS);
        return true;
    case DO_PROBE_AGAIN:
        a->deadline_mono = clock_mono_ns() + clock_ms(SETTLE_MS);
        probe_all(a, PROBE_EVERY_MS, true);
        return true;
    case DO_CANCEL_AND_ARCHIVE: cancel(a); return true;
    case DO_ARCHIVE:
    case DO_IGNORE:
    case TRIAL_ACTION_COUNT: return true;
    }
    return true;
}

/* ---- what the nodes say ---- */

static void on_ready(struct attempt *a, size_t player, const struct message_ready *m)
{
    if (m->job >= a->job_count || m->starters > STARTERS_MAX) {
        blame(a, ATTEMPT_FAILED, "%s: a READY for job %" PRIu32 " that it has not", a->raw.nodes[player].name, m->job);
        return;
    }
    struct job *job = &a->jobs[m->job];
    bool is_load = m->part == PART_LOAD && job->load == player && !job->is_ready;
    bool is_serve = m->part == PART_SERVE && job->peer == player && job->peer != job->load && !job->is_serving;
    if (!is_load && !is_serve)
        return;
    a->players[player].starters += m->starters;
    if (is_load) {
        job->is_ready = true;
    } else {
        job->is_serving = true;
        job->port = m->port;
    }
}

/* The end of a flow that `player` speaks of; NULL (blamed) when it is none of this trial. */
static struct raw_end *end_of(struct attempt *a, size_t player, uint32_t job, uint32_t flow)
{
    struct raw_end *end = raw_end(&a->raw, player, job, flow);
    bool is_load = job < a->job_count && a->jobs[job].load == player;
    bool is_peer = job < a->job_count && a->jobs[job].peer == player;
    if (!end && (is_load || is_peer))
        end = raw_add_end(&a->raw, player, is_load ? a->jobs[job].peer : a->jobs[job].load,
                          is_load ? STREAM_LOAD : STREAM_WITNESS, job, flow);
    if (!end)
        blame(a, ATTEMPT_FAILED, "%s speaks of flow %" PRIu32 " of job %" PRIu32 ", which it has not",
              a->raw.nodes[player].name, flow, job);
    return end;
}

static void on_sample(struct attempt *a, size_t player, const struct message_sample *m)
{
    struct err e = { 0 };
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    if (end && !raw_add_points(end, m->points, m->points_size, &e))
        blame(a, ATTEMPT_FAILED, "%s: %s", a->raw.nodes[player].name, e.text);
}

static void on_stream(struct attempt *a, size_t player, const struct message_stream *m)
{
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    if (!end || end->is_over)
        return;
    bool is_sane = m->bytes >= 0 && m->operations >= 0 && m->first_op_ns >= 0 && m->last_op_ns >= m->first_op_ns;
    if (!is_sane) {
        blame(a, ATTEMPT_FAILED, "%s: a flow that ended before it began", a->raw.nodes[player].name);
        return;
    }
    end->stream = *m;
    end->is_over = true;
}

static uint32_t trial_of(const struct message *m)
{
    switch (m->type) {
    case MESSAGE_READY: return m->ready.trial;
    case MESSAGE_ARMED: return m->armed.trial;
    case MESSAGE_SAMPLE: return m->sample.trial;
    case MESSAGE_STREAM: return m->stream.trial;
    case MESSAGE_DONE: return m->done.trial;
    case MESSAGE_FAILED: return m->failed.trial;
    default: return 0;
    }
}

static void on_message(struct attempt *a, size_t player, const struct message *m)
{
    if (trial_of(m) != a->number)
        return; /* late news of a trial that is over */
    switch (m->type) {
    case MESSAGE_READY: on_ready(a, player, &m->ready); break;
    case MESSAGE_ARMED: a->players[player].is_armed = true; break;
    case MESSAGE_SAMPLE: on_sample(a, player, &m->sample); break;
    case MESSAGE_STREAM: on_stream(a, player, &m->stream); break;
    case MESSAGE_DONE:
        a->raw.nodes[player].done = m->done;
        a->raw.nodes[player].is_done = a->players[player].is_finished = true;
        break;
    case MESSAGE_FAILED: blame(a, ATTEMPT_FAILED, "%s: %s", a->raw.nodes[player].name, m->failed.reason); break;
    default: break;
    }
}

/* ---- from what happened to an event of the table ---- */

/* The state's goal, when it is reached. */
static bool goal(const struct attempt *a, enum trial_event *event)
{
    switch (a->state) {
    case TRIAL_CALIBRATE:
    case TRIAL_SETTLE: *event = ON_CLOCKS_BOUNDED; return !any(a, is_unprobed);
    case TRIAL_SERVE: *event = ON_ALL_SERVING; return !any(a, is_unready) || a->jobs[0].peer == a->jobs[0].load;
    case TRIAL_PREPARE: *event = ON_ALL_READY; return !any(a, is_unready);
    case TRIAL_ARM: *event = ON_ALL_ARMED; return !any(a, is_unarmed);
    case TRIAL_RUN: *event = ON_ALL_FINISHED; return !any(a, is_unfinished);
    default: return false;
    }
}

static void blame_deadline(struct attempt *a)
{
    switch (a->state) {
    case TRIAL_CALIBRATE:
        blame_missing(a, ATTEMPT_FAILED,
                      "too few answers to the clock probes within 5 s (is UDP open to the coordinator's port?)",
                      is_unprobed);
        break;
    case TRIAL_SERVE:
    case TRIAL_PREPARE: blame_missing(a, ATTEMPT_FAILED, "not ready within 15 s", is_unready); break;
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
    case HUB_SIGNAL: blame(a, ATTEMPT_STOPPED, "interrupted"); return ON_STOP;
    case HUB_LOST:
        if (player == a->raw.node_count)
            break;
        blame(a, ATTEMPT_LOST, "%s is gone: not heard for %.1f s", h->node->name, ROSTER_DEAD_MS / 1e3);
        return ON_NODE_LOST;
    case HUB_MESSAGE:
        if (player < a->raw.node_count)
            on_message(a, player, h->message);
        break;
    case HUB_JOINED:
    case HUB_PROBED: break;
    }
    if (*a->why)
        return a->end == ATTEMPT_LOST ? ON_NODE_LOST : ON_NODE_FAILED;
    *is_event = goal(a, &event);
    return event;
}

/* ---- live ---- */

static void show_rates(struct attempt *a)
{
    struct live_rate rates[32];
    size_t count = 0;
    for (size_t i = 0; i < a->raw.end_count && count < ARRAY_SIZE(rates); i++) {
        struct raw_end *load = &a->raw.ends[i];
        const struct raw_end *other = raw_opposite(&a->raw, load);
        if (load->role != STREAM_LOAD || load->point_count < 2 || !other)
            continue;
        /* The last second, of this end's own points. */
        size_t last = load->point_count - 1, first = last;
        while (first > 0 && load->points[last].raw_ns - load->points[first].raw_ns < clock_ms(SAMPLE_EVERY_MS))
            first--;
        double seconds = (double)(load->points[last].raw_ns - load->points[first].raw_ns) / 1e9;
        if (seconds <= 0)
            continue;
        rates[count++] =
            (struct live_rate){ a->raw.nodes[load->node].name, a->raw.nodes[load->other].name,
                                net_stream_load_sends(a->step->options, load->flow) ? "send" : "receive",
                                (double)(load->points[last].bytes - load->points[first].bytes) * 8 / seconds };
    }
    live_rates(a->context->live, a->rates_mono - a->at_mono, rates, count);
    a->rates_mono += clock_ms(SAMPLE_EVERY_MS);
}

/* When the loop has something to do by itself. */
static int64_t next_wake(struct attempt *a)
{
    int64_t now = clock_mono_ns();
    if (a->at_mono && !a->disarmed && now >= a->at_mono)
        disarm(a);
    if (a->state == TRIAL_RUN && now >= a->rates_mono)
        show_rates(a);
    int64_t wake = a->deadline_mono;
    if (a->state == TRIAL_RUN && a->rates_mono < wake)
        wake = a->rates_mono;
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
        if (!node || !node->is_joined) {
            blame(a, ATTEMPT_LOST, "%s is not here", a->raw.nodes[i].name);
            return false;
        }
        char entry[128];
        snprintf(entry, sizeof entry, "%s %016" PRIx64 "\n", a->step->workload->name,
                 schema_signature(a->step->workload->options));
        if (!strstr(node->catalogue, entry)) {
            blame(a, ATTEMPT_FAILED,
                  "%s (tare-%s %s) has no %s as this tare %s means it: install the same version there", node->name,
                  node->hello.program, node->hello.version, a->step->workload->name, TARE_VERSION);
            return false;
        }
    }
    return true;
}

bool attempt_run(const struct attempt_context *context, const struct plan_trial *place, uint32_t number,
                 struct trial *trial, enum attempt_end *end, struct err *e)
{
    const struct scenario_step *step = &context->scenario->steps[place->step];
    struct attempt a = { .context = context, .place = place, .step = step, .times = step->options, .number = number };
    bool ok = cast(&a, e);
    if (ok && check_nodes(&a)) {
        for (size_t i = 0; i < a.raw.node_count; i++)
            bounds_reset(a.players[i].node->bounds);
        a.deadline_mono = clock_mono_ns() + clock_ms(CALIBRATE_MS);
        probe_all(&a, PROBE_EVERY_MS, true);
        ok = conduct(&a, e);
    }
    for (size_t i = 0; i < a.raw.node_count; i++) {
        struct roster_node *node = a.players[i].node;
        if (!node)
            continue;
        a.raw.nodes[i].worst_gap_ns = a.raw.at_ns ? node->worst_gap_ns : 0;
        a.raw.nodes[i].probes = (uint32_t)bounds_count(node->bounds);
        hub_probe(context->hub, node, 0);
        hub_set_armed(context->hub, node, false);
    }
    trial->at_real_ns = a.raw.at_ns ? clock_real_ns() - (clock_raw_ns() - a.raw.at_ns) : 0;
    ok = ok && figures_compute(&a.raw, trial, e);
    trial->partial = *a.why != '\0';
    text_copy(trial->why, sizeof trial->why, a.why);
    *end = a.end;
    raw_clear(&a.raw);
    free(a.players);
    free(a.jobs);
    return ok;
}
