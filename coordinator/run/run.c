#include "run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/units.h"
#include "run/attempt.h"
#include "run/delivery.h"
#include "run/design.h"
#include "run/earlier.h"
#include "run/enough.h"
#include "run/guests.h"
#include "run/leaving.h"
#include "run/record.h"

enum { UNARMED_RETRIES = 2, WAIT_NEWS_MS = 5000 };

static const char *const ORDER_WORDS[] = { "written", "random", "abba" }; /* by enum block_order */

struct conductor {
    const struct run_options *options;
    uint64_t seed;
    struct plan *plan;
    struct pace *pace;
    struct guests *guests;
    struct delivery *delivery;
    struct run run; /* its trials only where they say when enough is known */
    uint32_t trials_given;
    int round;         /* of the last trial, from 0 */
    int64_t guests_ns; /* that guests were started and ended for in it */
    int bad;           /* trials that were not measured whole */
};

static bool interrupted(struct conductor *c, struct err *e)
{
    signals_obey_at_once(); /* a second Ctrl-C; the archive is safe at every moment */
    c->run.status = RUN_PARTIAL;
    text_copy(c->run.why, sizeof c->run.why, "interrupted");
    return err_set(e, ERR_INTERRUPTED, "interrupted; what was finished is kept");
}

/* ---- waiting for the nodes ---- */

static size_t list_missing(const struct conductor *c, char *names, size_t size)
{
    const struct scenario *s = c->options->scenario;
    size_t count = 0;
    names[0] = '\0';
    for (size_t i = 0; i < s->node_count; i++) {
        const struct roster_node *n = roster_by_name(hub_roster(c->options->hub), s->nodes[i].name);
        if ((n && n->is_joined) || node_is_started(&s->nodes[i]) || !node_has_agent(&s->nodes[i]))
            continue;
        text_append(names, size, "%s%s", count++ ? ", " : "", s->nodes[i].name);
    }
    return count;
}

static void tell_who_joined(struct conductor *c, const struct roster_node *n)
{
    live_node(c->options->live,
              &(struct live_node){
                  .name = n->name, .program = n->hello.program, .version = n->hello.version, .address = n->address });
}

static bool wait_for_nodes(struct conductor *c, struct err *e)
{
    char names[256];
    int64_t deadline = clock_mono_ns() + c->options->wait_ns, news = clock_mono_ns() + clock_ms(1000);
    while (list_missing(c, names, sizeof names) > 0) {
        struct hub_event h;
        if (!hub_next(c->options->hub, news < deadline ? news : deadline, &h, e))
            return false;
        if (h.kind == HUB_SIGNAL)
            return interrupted(c, e);
        if (h.kind == HUB_JOINED)
            tell_who_joined(c, h.node);
        if (h.kind != HUB_DEADLINE)
            continue;
        if (clock_mono_ns() >= deadline)
            return err_set(e, ERR_NODE_MISSING, "missing after %.0f s: %s%s", (double)c->options->wait_ns / 1e9, names,
                           c->options->join_hint ? c->options->join_hint : "");
        live_note(c->options->live, "waiting for %s, up to %.0f s more%s", names,
                  (double)(deadline - clock_mono_ns()) / 1e9, c->options->join_hint ? c->options->join_hint : "");
        news += clock_ms(WAIT_NEWS_MS);
    }
    return true;
}

/* ---- the trials ---- */

static bool keep(struct conductor *c, const struct trial *trial, struct err *e)
{
    return archive_trial(c->options->archive, &c->run, trial, e);
}

static void place_trial(struct trial *trial, const struct plan_trial *place, enum block_order order, uint32_t number)
{
    *trial = (struct trial){ .step = place->step,
                             .round = place->round,
                             .block = place->block,
                             .idx = place->idx,
                             .attempt = place->attempt,
                             .order = (int)number - 1,
                             .kind = TRIAL_MEASURE_KIND,
                             .verdict = VERDICT_NONE };
    text_copy(trial->block_order, sizeof trial->block_order, ORDER_WORDS[order]);
}

static bool is_bad_start(const struct trial *trial)
{
    return trial->verdict == VERDICT_LATE || trial->verdict == VERDICT_UNPROVEN;
}

/* What follows from how an attempt ended. True: go on with the plan. */
static bool judge(struct conductor *c, const struct trial *trial, enum attempt_end end, struct err *e)
{
    enum on_bad on_bad = c->options->scenario->start.on_bad;
    switch (end) {
    case ATTEMPT_STOPPED: return interrupted(c, e);
    case ATTEMPT_LOST:
        text_copy(c->run.why, sizeof c->run.why, trial->why);
        return err_set(e, ERR_PARTIAL, "%s; the run ends here, what was finished is kept", trial->why);
    case ATTEMPT_UNARMED: /* says nothing about the nodes, only about this moment of the machine */
        c->bad += !plan_retry(c->plan, UNARMED_RETRIES);
        return true;
    case ATTEMPT_FAILED: c->bad++; return true;
    case ATTEMPT_DONE: break;
    }
    if (!is_bad_start(trial) || on_bad == ON_BAD_KEEP)
        return true;
    if (on_bad == ON_BAD_REPEAT) {
        (void)plan_again(c->plan); /* none left: the last attempt stands, with its verdict */
        return true;
    }
    text_copy(c->run.why, sizeof c->run.why, "a bad start");
    return err_set(e, ERR_PARTIAL, "the start was %s%s%s, and the scenario says on_bad: abort",
                   verdict_name(trial->verdict), *trial->late ? ": " : "", trial->late);
}

static bool prepare_guests(struct conductor *c, const struct plan_trial *place, struct err *e)
{
    switch (guests_prepare(c->guests, place, e)) {
    case GUESTS_INTERRUPTED: return interrupted(c, e);
    case GUESTS_FAILED: return false;
    case GUESTS_READY: break;
    }
    return true;
}

static struct leaving leaving_of(struct conductor *c)
{
    return (struct leaving){ c->options->scenario, c->plan, &c->run, c->options->live };
}

/* *is_there: what is to be built has arrived; else all that build it are left out. */
static bool is_delivered(struct conductor *c, enum delivery_end end, bool *is_there, struct err *e)
{
    const struct leaving leaving = leaving_of(c);
    struct err failure = { 0 };
    bool left = false;
    *is_there = end == DELIVERY_DONE;
    switch (end) {
    case DELIVERY_INTERRUPTED: return interrupted(c, e);
    case DELIVERY_FAILED:
        return leaving_builds(&leaving, e->text, &left, &failure) ? left : err_set(e, failure.exit, "%s", failure.text);
    case DELIVERY_DONE: break;
    }
    return true;
}

/* A lab's alone: the ports of real machines are left as they are. */
static bool lift_shaping(const struct conductor *c, bool lifts, struct err *e)
{
    const struct run_options *o = c->options;
    return o->lift_shaping ? o->lift_shaping(o->lab, lifts, e)
                           : !lifts || err_set(e, ERR_USAGE, "`wire: unshaped` is for a lab alone: use --lab");
}

static int64_t left_ns(const struct conductor *c)
{
    const struct span_ns left = pace_left(c->pace, c->plan);
    return left.least + (left.most - left.least) / 2;
}

/* The guests are as the trial needs them; how long that takes in each round is kept. */
static bool settle_guests(struct conductor *c, const struct plan_trial *place, struct err *e)
{
    const int64_t from_mono = clock_mono_ns();
    if (!prepare_guests(c, place, e))
        return false;
    if (c->round != place->round) {
        pace_saw_guests(c->pace, c->guests_ns);
        c->guests_ns = 0;
        c->round = place->round;
    }
    c->guests_ns += clock_mono_ns() - from_mono;
    return true;
}

static bool run_trial(struct conductor *c, const struct plan_trial *place, struct err *e)
{
    const struct scenario *s = c->options->scenario;
    const struct attempt_context context = { c->options->hub, s,           c->options->live,
                                             c->guests,       c->delivery, c->options->probe_log };
    enum attempt_end end = ATTEMPT_FAILED;
    struct trial trial;
    const struct enough enough = { s, c->plan, &c->run, c->options->live };
    uint32_t number = ++c->trials_given;
    const struct scenario_step *placed = &s->steps[place->step];
    const struct workload_time time = catalogue_time(placed->workload, placed->options);
    const struct live_step step = { .name = placed->name,
                                    .round = place->round,
                                    .rounds = s->repeats,
                                    .trial = plan_total(c->plan) - plan_left(c->plan) - 1,
                                    .trials = plan_total(c->plan),
                                    .attempt = place->attempt,
                                    .warmup_ns = time.warmup_ns,
                                    .length_ns = time.usual_ns,
                                    .overhead_ns = attempt_overhead_ns(),
                                    .left_ns = left_ns(c) };
    const struct leaving leaving = leaving_of(c);
    bool is_there = false, left = false;
    place_trial(&trial, place, s->order, number);
    if (!settle_guests(c, place, e) || !is_delivered(c, delivery_prepare(c->delivery, place, e), &is_there, e))
        return false;
    if (!is_there)
        return true;
    if (!lift_shaping(c, placed->is_unshaped, e))
        return false;
    text_copy(trial.guest_state, sizeof trial.guest_state, guests_state(c->guests));
    live_begin(c->options->live, &step);
    const int64_t from_mono = clock_mono_ns();
    bool ok = attempt_run(&context, place, number, &trial, &end, e);
    if (ok && end == ATTEMPT_FAILED && trial.at_ns == 0)
        ok = leaving_unready(&leaving, place, trial.why, &left, e);
    if (ok && end == ATTEMPT_DONE)
        pace_saw(c->pace, place, clock_mono_ns() - from_mono);
    ok = ok && (left || keep(c, &trial, e));
    if (ok && !left)
        live_trial(c->options->live, &step, &trial, left_ns(c));
    ok = ok &&
         (left || (judge(c, &trial, end, e) && enough_keep(&enough, &trial, e) && enough_judge(&enough, place, e)));
    trial_clear(&trial);
    return ok;
}

static bool run_plan(struct conductor *c, struct err *e)
{
    struct plan_trial place;
    bool is_there = false;
    if (!is_delivered(c, delivery_to_hosts(c->delivery, e), &is_there, e))
        return false;
    while (plan_next(c->plan, &place))
        if (!run_trial(c, &place, e))
            return false;
    if (!enough_tell(&(const struct enough){ c->options->scenario, c->plan, &c->run, c->options->live }, e))
        return false;
    if (c->bad > 0) {
        snprintf(c->run.why, sizeof c->run.why, "%d of %" PRIu32 " trials not measured whole", c->bad, c->trials_given);
        return err_set(e, ERR_PARTIAL, "%s", c->run.why);
    }
    return true;
}

/* Node `index` of the scenario as it is at this moment; `state` where it is a guest that was started. */
static bool keep_node(struct conductor *c, size_t index, const struct message_guest_state *state, struct err *e)
{
    const struct scenario_node *node = &c->options->scenario->nodes[index];
    struct run_node *row = run_add_node(&c->run);
    if (row && node->on >= 0)
        text_copy(row->on, sizeof row->on, c->options->scenario->nodes[node->on].name);
    return row ? record_node(row, node, roster_by_name(hub_roster(c->options->hub), node->name), state, e) &&
                     archive_node(c->options->archive, &c->run, row, e)
               : err_set(e, ERR_INTERNAL, "out of memory");
}

static bool guest_joined(void *context, int index, const struct message_guest_state *state, struct err *e)
{
    struct conductor *c = context;
    tell_who_joined(c, roster_by_name(hub_roster(c->options->hub), c->options->scenario->nodes[index].name));
    if (*state->accel)
        pace_set_accel(c->pace, index, strcmp(state->accel, "kvm") == 0 ? PACE_KVM : PACE_EMULATED);
    return keep_node(c, (size_t)index, state, e);
}

static const unsigned char *guest_tree(void *context, int index)
{
    const struct conductor *c = context;
    const struct scenario *s = c->options->scenario;
    for (size_t i = 0; i < s->step_count; i++) /* NULL as well where all that it builds was left out */
        for (size_t n = 0; !plan_has_ended(c->plan, (int)i) && n < s->steps[i].on_count; n++)
            if (s->steps[i].on[n] == index && s->steps[i].workload->source)
                return delivery_hash(c->delivery, &s->steps[i]);
    return NULL;
}

static bool begin(struct conductor *c, struct live_expected *expected, struct err *e)
{
    const struct scenario *s = c->options->scenario;
    int64_t took_ns = 0;
    c->run.seed = c->seed;
    if (!record_begin(&c->run, s, e) || !earlier_run(c->options->archive, &c->run, &expected->like_no, &took_ns, e) ||
        !archive_begin(c->options->archive, &c->run, e))
        return false;
    if (expected->like_no > 0)
        pace_set_whole(c->pace, took_ns);
    expected->left = pace_left(c->pace, c->plan);
    bool ok = true;
    for (size_t i = 0; ok && i < s->node_count; i++)
        if (!node_is_started(&s->nodes[i])) /* the others when they join */
            ok = keep_node(c, i, NULL, e);
    return ok && design_of(&c->run, s, e);
}

static bool finish(struct conductor *c, bool ok, struct err *e)
{
    struct err late = { 0 };
    c->run.status = ok ? RUN_COMPLETE : RUN_PARTIAL;
    if (!ok && !*c->run.why)
        text_copy(c->run.why, sizeof c->run.why, e->text);
    c->run.ended_real_ns = clock_real_ns();
    if (archive_end(c->options->archive, &c->run, &late))
        return ok;
    if (ok)
        *e = late;
    else
        log_error("%s", late.text);
    return false;
}

bool run_conduct(const struct run_options *options, int64_t *no, struct err *e)
{
    struct conductor c = { .options = options, .seed = options->scenario->seed };
    if (c.seed == 0)
        randombytes_buf(&c.seed, sizeof c.seed);
    c.plan = plan_new(options->scenario, c.seed);
    c.pace = pace_new(options->scenario, attempt_overhead_ns(), options->accel);
    *no = 0;
    const struct guests_options guests = { .scenario = options->scenario,
                                           .hub = options->hub,
                                           .live = options->live,
                                           .wait_ns = options->wait_ns,
                                           .address = options->guest_address,
                                           .lab = options->lab,
                                           .joined = guest_joined,
                                           .tree = guest_tree,
                                           .context = &c };
    const struct delivery_options delivery = { options->scenario, options->hub, options->live, options->wait_ns };
    c.guests = guests_new(&guests);
    struct live_expected expected = { .like_no = 0 };
    bool ok = (c.plan && c.pace && c.guests) || err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && delivery_new(&delivery, &c.delivery, e) && wait_for_nodes(&c, e);
    if (ok) {
        ok = begin(&c, &expected, e);
        *no = c.run.no;
        if (ok)
            live_run(options->live, &c.run, plan_total(c.plan), &expected);
        ok = ok && run_plan(&c, e);
        struct err why = { 0 };
        if (!lift_shaping(&c, false, &why)) { /* the lab may stay */
            ok = ok && err_set(e, why.exit, "%s", why.text);
            log_error("%s", why.text);
        }
        if (c.run.no != 0)
            ok = finish(&c, ok, e);
    }
    if (c.guests)
        guests_finish(c.guests);
    guests_destroy(&c.guests);
    delivery_destroy(&c.delivery);
    run_clear(&c.run);
    pace_destroy(&c.pace);
    plan_destroy(&c.plan);
    return ok;
}
