#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "agent/sampler.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"

/* After the measured time: what is queued still has to arrive (netperf's server waits as long). */
enum { GRACE_MS = 4000 };

/* ---- a flow's thread ---- */

static void post_stream(struct trial *t, const struct part_flow *f)
{
    struct meter_point end = meter_read(&f->meter);
    struct message m = { .type = MESSAGE_STREAM,
                         .stream = { .trial = t->number,
                                     .job = f->part->order.job,
                                     .flow = f->number,
                                     .sends = f->starts,
                                     .released_ns = f->gate.released_ns,
                                     .first_op_ns = f->times.first_op_ns,
                                     .last_op_ns = f->times.last_op_ns,
                                     .arrived_ns = f->times.arrived_ns,
                                     .bytes = (int64_t)end.bytes,
                                     .operations = (int64_t)end.operations,
                                     .retransmits = f->tcp.retransmits,
                                     .rtt_us = f->tcp.rtt_us,
                                     .min_rtt_us = f->tcp.min_rtt_us,
                                     .mss = f->tcp.mss,
                                     .send_buffer = (uint32_t)f->tcp.send_buffer_bytes,
                                     .receive_buffer = (uint32_t)f->tcp.receive_buffer_bytes,
                                     .lost = (int64_t)f->counts.lost,
                                     .late = (int64_t)f->counts.late,
                                     .duplicates = (int64_t)f->counts.duplicates,
                                     .failed = (int64_t)f->counts.failed,
                                     .strange = (int64_t)f->counts.strange } };
    if (f->latencies)
        m.stream.latencies_size = hist_pack(f->latencies, m.stream.latencies);
    text_copy(m.stream.gate, sizeof m.stream.gate, f->gate.how ? f->gate.how : "");
    text_copy(m.stream.congestion, sizeof m.stream.congestion, f->tcp.congestion);
    text_copy(m.stream.route, sizeof m.stream.route, f->route);
    (void)mailbox_put(t->out, &m);
}

static struct crew *crew_of(struct part *part) { return (struct crew *)((char *)part - offsetof(struct crew, part)); }

void part_tell_lap(struct part_flow *f, const struct part_lap *lap)
{
    struct trial *t = crew_of(f->part)->trial;
    const struct lap_kind *kind = catalogue_find(f->part->workload->name)->laps;
    struct message m = { .type = MESSAGE_LAP,
                         .lap = { .trial = t->number,
                                  .job = f->part->order.job,
                                  .flow = f->number,
                                  .test = lap->test,
                                  .number = lap->number,
                                  .first_ns = lap->first_ns,
                                  .last_ns = lap->last_ns,
                                  .counters_size = kind->counter_count * sizeof(int64_t) } };
    for (uint32_t i = 0; i < kind->counter_count; i++)
        bytes_put(m.lap.counters + i * sizeof(int64_t), sizeof(int64_t), (uint64_t)lap->counters[i]);
    if (lap->times)
        m.lap.times_size = hist_pack(lap->times, m.lap.times);
    (void)mailbox_put(t->out, &m); /* lost, the figure is missing, and told */
}

/* Wait for ARM; false when the trial is cancelled instead. */
static bool wait_for_arm(struct trial *t, struct message_arm *arm)
{
    pthread_mutex_lock(&t->lock);
    while (!t->is_armed && !atomic_load(&t->cancelled))
        pthread_cond_wait(&t->changed, &t->lock);
    *arm = t->arm;
    pthread_mutex_unlock(&t->lock);
    return !atomic_load(&t->cancelled);
}

/* What the workload does between ARM and T is done; false when it failed, or the trial is cancelled. */
static bool wait_for_way(struct crew *c)
{
    struct trial *t = c->trial;
    pthread_mutex_lock(&t->lock);
    while (c->way == WAY_AHEAD && !atomic_load(&t->cancelled))
        pthread_cond_wait(&t->changed, &t->lock);
    bool ok = c->way == WAY_DONE && !atomic_load(&t->cancelled);
    pthread_mutex_unlock(&t->lock);
    return ok;
}

/* Up to the instant, or shortly before for who passes the gate himself. */
static bool wait_for_start(struct trial *t, struct part_flow *f, const struct message_arm *arm)
{
    const struct crew *crew = crew_of(f->part);
    f->gate.at_ns = arm->at_ns;
    f->gate.may_spin = arm->may_spin != 0;
    f->gate.cancelled = &t->cancelled;
    f->gate.slot = (int)(arm->slot + crew->first_slot);
    for (uint32_t i = 0; i < f->number; i++)
        f->gate.slot += part_flow_is_gated(&f->part->flows[i]);
    const struct workload *w = f->part->workload;
    if (w->hand_over && w->hand_over(f))
        return !atomic_load(&t->cancelled);
    if (!start_gate_approach(&f->gate))
        return false;
    if (!w->passes_gate)
        (void)start_gate_pass(&f->gate);
    return !atomic_load(&t->cancelled);
}

static void *run_flow(void *arg)
{
    struct runner *r = arg;
    struct trial *t = r->trial;
    struct part_flow *f = r->flow;
    struct message_arm arm;
    start_gate_prepare();
    bool go = wait_for_arm(t, &arm);
    f->measure_ns = arm.at_ns + f->part->options.times.warmup_ns;
    go = go && (!part_flow_is_gated(f) || wait_for_start(t, f, &arm));
    go = go && (!f->stock || wait_for_way(crew_of(f->part)));
    if (go) {
        struct err e = { 0 };
        bool ok = f->part->workload->run(f, &e);
        post_stream(t, f);
        if (!ok)
            trial_post_failure(t, &e);
    }
    start_gate_leave(&f->gate);
    pthread_mutex_lock(&t->lock);
    r->is_over = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* ---- a part's thread ---- */

static bool spawn_runners(struct crew *c, struct err *e)
{
    for (uint32_t i = 0; i < c->part.flow_count; i++) {
        struct runner *r = &c->runners[i];
        *r = (struct runner){ .trial = c->trial, .flow = &c->part.flows[i] };
        int failure = pthread_create(&r->thread, NULL, run_flow, r);
        if (failure)
            return err_errno(e, failure, "no thread for flow %" PRIu32, i);
        pthread_mutex_lock(&c->trial->lock);
        c->runner_count = i + 1;
        pthread_mutex_unlock(&c->trial->lock);
    }
    pthread_mutex_lock(&c->trial->lock);
    c->trial->crews_connected++;
    pthread_cond_broadcast(&c->trial->changed);
    pthread_mutex_unlock(&c->trial->lock);
    return true;
}

/* Wait until every flow is over, the trial is cancelled or fails, or it is `mono_ns`. */
static bool wait_for_runners(struct crew *c, int64_t mono_ns)
{
    struct trial *t = c->trial;
    const struct timespec until = { mono_ns / CLOCK_NS_PER_S, mono_ns % CLOCK_NS_PER_S };
    bool all = false;
    pthread_mutex_lock(&t->lock);
    for (int timed_out = 0;;) {
        all = true;
        for (uint32_t i = 0; i < c->runner_count; i++)
            all = all && c->runners[i].is_over;
        if (all || timed_out || t->has_failed || atomic_load(&t->cancelled))
            break;
        timed_out = pthread_cond_timedwait(&t->changed, &t->lock, &until) == ETIMEDOUT;
    }
    pthread_mutex_unlock(&t->lock);
    return all;
}

static void post_ready(struct crew *c, int64_t setup_ns)
{
    uint32_t starters = 0;
    for (uint32_t i = 0; i < c->part.flow_count; i++)
        starters += part_flow_is_gated(&c->part.flows[i]);
    struct message m = { .type = MESSAGE_READY,
                         .ready = { .trial = c->trial->number,
                                    .job = c->part.order.job,
                                    .part = c->part.order.part,
                                    .port = c->part.port,
                                    .starters = starters,
                                    .setup_ns = setup_ns } };
    if (c->trial->is_confined)
        text_copy(m.ready.confined, sizeof m.ready.confined, c->trial->confinement.list);
    (void)mailbox_put(c->trial->out, &m);
}

/* The last part to end tells what machine and process have used since ARM. */
static bool fill_use(struct trial *t, struct message_done *done, struct err *e)
{
    struct cpu_process now = cpu_process();
    struct cpu_times *after = malloc(sizeof *after);
    struct cpu_used machine, process = cpu_process_difference(&t->process_before, &now);
    bool ok = after || err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && cpu_machine(after, e) && cpu_difference(&t->machine_before, after, &machine, e);
    free(after);
    if (ok)
        *done = (struct message_done){ .trial = t->number,
                                       .cpus = (uint32_t)machine.cpus,
                                       .wall_ns = machine.wall_ns,
                                       .machine_used_ns = machine.used_ns,
                                       .machine_user_ns = machine.user_ns,
                                       .machine_sys_ns = machine.system_ns,
                                       .machine_iowait_ns = machine.iowait_ns,
                                       .machine_steal_ns = machine.steal_ns,
                                       .process_used_ns = process.used_ns,
                                       .process_user_ns = process.user_ns,
                                       .process_sys_ns = process.system_ns };
    return ok;
}

/* Where the devices could not be asked nothing is told of them. */
static void tell_link_errors(const struct trial *t, char *text, size_t size)
{
    struct netdevs *now = t->knows_devs ? malloc(sizeof *now) : NULL;
    if (now && netdevs_read(now, NULL))
        netdevs_tell_errors(&t->devs_before, now, text, size);
    free(now);
}

/* By the last crew at work. */
static void take_account(struct trial *t)
{
    struct err e = { 0 };
    t->done.type = MESSAGE_DONE;
    if (!fill_use(t, &t->done.done, &e)) {
        trial_post_failure(t, &e);
        return;
    }
    tell_link_errors(t, t->done.done.link_errors, sizeof t->done.done.link_errors);
    trial_post_timekeeping(t, true);
}

static void post_done(struct trial *t)
{
    pthread_mutex_lock(&t->lock);
    if (!t->has_failed && !atomic_load(&t->cancelled)) {
        sampler_finish(t); /* what it has comes before DONE */
        (void)mailbox_put(t->out, &t->done);
    }
    pthread_mutex_unlock(&t->lock);
}

static void post_netserver(struct trial *t, const struct part_flow *f)
{
    enum { PPM_A_PERCENT = 10000 };
    const struct netperf_outcome *o = &f->said;
    struct message m = { .type = MESSAGE_NETSERVER,
                         .netserver = { .trial = t->number,
                                        .job = f->part->order.job,
                                        .flow = f->number,
                                        .received = o->bytes_received,
                                        .sent = o->bytes_sent,
                                        .operations = o->transactions ? o->transactions : o->receive_calls,
                                        .elapsed_ns = (int64_t)(o->elapsed_s * 1e9),
                                        .cpu_ppm = o->has_cpu ? (int64_t)(o->cpu_percent * PPM_A_PERCENT) : -1,
                                        .cpus = o->has_cpu ? (uint32_t)o->cpus : 0 } };
    text_copy(m.netserver.unsaid, sizeof m.netserver.unsaid, f->has_said ? "" : f->unsaid);
    pthread_mutex_lock(&t->lock);
    (void)mailbox_put(t->out, &m);
    pthread_mutex_unlock(&t->lock);
}

/* What others have to say of the flows, when all has gone well here. */
static void conclude(struct crew *c)
{
    struct trial *t = c->trial;
    pthread_mutex_lock(&t->lock);
    bool is_good = t->is_armed && !t->has_failed && !atomic_load(&t->cancelled);
    pthread_mutex_unlock(&t->lock);
    if (!is_good || !c->part.workload->conclude)
        return;
    c->part.workload->conclude(&c->part);
    for (uint32_t i = 0; i < c->part.flow_count; i++)
        if (c->part.flows[i].stock)
            post_netserver(t, &c->part.flows[i]);
}

/* What is left to do between ARM and T. */
static void approach(struct crew *c, int64_t at_ns)
{
    struct err e = { 0 };
    if (!c->part.workload->approach)
        return;
    bool ok = c->part.workload->approach(&c->part, at_ns, &e);
    pthread_mutex_lock(&c->trial->lock);
    c->way = ok ? WAY_DONE : WAY_LOST;
    pthread_cond_broadcast(&c->trial->changed);
    pthread_mutex_unlock(&c->trial->lock);
    if (!ok)
        trial_post_failure(c->trial, &e);
}

/* What is used from now on is the trial's: the warm-up is over, or there is none. By one crew's thread, before it
 * leaves `crews_at_work`; who is last reads it. */
static void begin_account(struct trial *t)
{
    struct cpu_times *now = malloc(sizeof *now);
    if (now && cpu_machine(now, NULL)) {
        t->machine_before = *now;
        t->process_before = cpu_process();
    }
    free(now);
}

/* From ARM to the end of every flow. */
static void see_through(struct crew *c)
{
    struct message_arm arm;
    const struct workload *w = c->part.workload;
    if (wait_for_arm(c->trial, &arm)) {
        approach(c, arm.at_ns);
        const struct workload_time time = catalogue_time(catalogue_find(w->name), &c->part.options);
        int64_t measured = clock_mono_at_raw_ns(arm.at_ns) + time.warmup_ns, end = measured + time.most_ns;
        if (c == c->trial->crews[0] && time.warmup_ns > 0 && !wait_for_runners(c, measured))
            begin_account(c->trial);
        if (!wait_for_runners(c, end)) {
            w->stop(&c->part);
            if (!wait_for_runners(c, end + clock_ms(GRACE_MS)))
                w->abort(&c->part);
        }
    }
    for (uint32_t i = 0; i < c->runner_count; i++)
        pthread_join(c->runners[i].thread, NULL);
}

void *crew_run(void *arg)
{
    struct crew *c = arg;
    const struct workload *w = c->part.workload;
    struct err e = { 0 };
    int64_t begun = clock_raw_ns();
    bool ok = (!c->trial->is_confined || confinement_bind(&c->trial->confinement, &e)) && w->prepare(&c->part, &e);
    if (ok && !w->connect)
        ok = spawn_runners(c, &e);
    if (ok)
        post_ready(c, clock_raw_ns() - begun);
    if (ok && w->connect)
        ok = w->connect(&c->part, &e) && spawn_runners(c, &e);
    if (!ok)
        trial_post_failure(c->trial, &e);
    see_through(c);
    pthread_mutex_lock(&c->trial->lock);
    bool is_last = --c->trial->crews_at_work == 0 && c->trial->is_armed;
    pthread_mutex_unlock(&c->trial->lock);
    if (is_last)
        take_account(c->trial);
    conclude(c);
    pthread_mutex_lock(&c->trial->lock);
    is_last = --c->trial->crews_open == 0 && c->trial->is_armed;
    c->way = WAY_OVER; /* who samples leaves the flows alone from here */
    pthread_mutex_unlock(&c->trial->lock);
    if (is_last) {
        confinement_end(&c->trial->confinement); /* a guest that is started next is no part of it */
        post_done(c->trial);
    }
    w->release(&c->part);
    return NULL;
}
