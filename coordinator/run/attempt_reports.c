#include "attempt_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/cpu_list.h"
#include "base/text.h"
#include "base/words.h"
#include "result/figures.h"
#include "run/prober.h"

enum { PPM_OF_ALL = 1000 * 1000 };

static void on_ready(struct attempt *a, size_t player, const struct message_ready *m)
{
    if (m->job >= a->job_count || m->starters > STARTERS_MAX || m->port > UINT16_MAX) {
        attempt_blame(a, ATTEMPT_FAILED, "%s: a READY that makes no sense (job %" PRIu32 ")", a->raw.nodes[player].name,
                      m->job);
        return;
    }
    struct job *job = &a->jobs[m->job];
    bool is_load = m->part == PART_LOAD && job->load == player && !job->is_ready;
    bool is_serve = m->part == PART_SERVE && job->peer == player && job->peer != job->load && !job->is_serving;
    if (!is_load && !is_serve)
        return;
    a->players[player].starters += m->starters;
    bool is_its_own;
    (void)plan_enclosed(a->context->scenario, a->place, &is_its_own);
    if (is_load && a->raw.confined.how != CONFINED_NOT && !is_its_own) {
        if (cpu_list_count(m->confined) == 0) {
            attempt_blame(a, ATTEMPT_FAILED, "%s does not say to which CPUs its work is confined",
                          a->raw.nodes[player].name);
            return;
        }
        if (*a->raw.confined.cpus && strcmp(a->raw.confined.cpus, m->confined) != 0) {
            attempt_blame(a, ATTEMPT_FAILED, "%s keeps its work to CPUs %s, and the envelope is %s",
                          a->raw.nodes[player].name, m->confined, a->raw.confined.cpus);
            return;
        }
        text_copy(a->raw.confined.cpus, sizeof a->raw.confined.cpus, m->confined);
    }
    if (is_load) {
        job->is_ready = true;
        attempt_cool(a);
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
    if (!end && (is_load || is_peer) && flow < FLOWS_MAX)
        end = raw_add_end(&a->raw, player, is_load ? a->jobs[job].peer : a->jobs[job].load,
                          is_load ? STREAM_LOAD : STREAM_WITNESS, job, flow);
    if (!end)
        attempt_blame(a, ATTEMPT_FAILED, "%s speaks of flow %" PRIu32 " of job %" PRIu32 ", which it has not",
                      a->raw.nodes[player].name, flow, job);
    return end;
}

static void on_sample(struct attempt *a, size_t player, const struct message_sample *m)
{
    struct err e = { 0 };
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    int64_t most = 2 * (a->time.warmup_ns + a->time.most_ns + clock_ms(GRACE_MS)) / SAMPLED_EVERY_NS;
    if (end && (int64_t)end->point_count > most)
        attempt_blame(a, ATTEMPT_FAILED, "%s: more samples than the trial's time holds", a->raw.nodes[player].name);
    else if (end && !raw_add_points(end, m->points, m->points_size, &e))
        attempt_blame(a, ATTEMPT_FAILED, "%s: %s", a->raw.nodes[player].name, e.text);
}

static bool is_counted(const struct message_stream *m)
{
    return m->lost >= 0 && m->late >= 0 && m->duplicates >= 0 && m->failed >= 0 && m->strange >= 0;
}

static bool is_histogram(const struct message_stream *m, struct err *e)
{
    struct hist *h = malloc(sizeof *h);
    bool ok = h && hist_unpack(m->latencies, m->latencies_size, h, e);
    free(h);
    return ok;
}

static void on_stream(struct attempt *a, size_t player, const struct message_stream *m)
{
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    if (!end || end->is_over)
        return;
    bool is_sane = m->bytes >= 0 && m->operations >= 0 && m->first_op_ns >= 0 && m->last_op_ns >= m->first_op_ns;
    if (!is_sane) {
        attempt_blame(a, ATTEMPT_FAILED, "%s: a flow that ended before it began", a->raw.nodes[player].name);
        return;
    }
    struct err e = { 0 };
    if (!is_counted(m) || !is_histogram(m, &e)) {
        attempt_blame(a, ATTEMPT_FAILED, "%s: counters of a flow that make no sense%s%s", a->raw.nodes[player].name,
                      *e.text ? ": " : "", e.text);
        return;
    }
    end->stream = *m;
    end->is_over = true;
}

/* Its peer's words, who is no agent. */
static void on_netserver(struct attempt *a, size_t player, const struct message_netserver *m)
{
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    if (!end || end->has_netserver)
        return;
    if (m->received < 0 || m->sent < 0 || m->operations < 0 || m->elapsed_ns < 0 || m->cpu_ppm > PPM_OF_ALL) {
        attempt_blame(a, ATTEMPT_FAILED, "%s: a netserver's figures that make no sense", a->raw.nodes[player].name);
        return;
    }
    end->netserver = *m;
    end->has_netserver = true;
    text_disarm(end->netserver.unsaid);
}

static void on_lap(struct attempt *a, size_t player, const struct message_lap *m)
{
    struct err e = { 0 };
    struct raw_end *end = end_of(a, player, m->job, m->flow);
    if (!end)
        return;
    if (a->raw.kind != RAW_LAPS)
        attempt_blame(a, ATTEMPT_FAILED, "%s: a lap of a workload that has none", a->raw.nodes[player].name);
    else if (!raw_add_lap(end, a->step->workload->laps, m, &e))
        attempt_blame(a, ATTEMPT_FAILED, "%s: %s", a->raw.nodes[player].name, e.text);
}

static void on_timekeeping(struct attempt *a, size_t player, const struct message_timekeeping *m)
{
    struct raw_node *node = &a->raw.nodes[player];
    const enum moment moment = m->is_after ? MOMENT_AFTER : MOMENT_BEFORE;
    node->timekeeping[moment] = *m;
    node->has_timekeeping[moment] = true;
    text_disarm(node->timekeeping[moment].clocksource);
    text_disarm(node->timekeeping[moment].unknown);
}

static uint32_t trial_of(const struct message *m)
{
    switch (m->type) {
    case MESSAGE_READY: return m->ready.trial;
    case MESSAGE_ARMED: return m->armed.trial;
    case MESSAGE_SAMPLE: return m->sample.trial;
    case MESSAGE_STREAM: return m->stream.trial;
    case MESSAGE_LAP: return m->lap.trial;
    case MESSAGE_DONE: return m->done.trial;
    case MESSAGE_NETSERVER: return m->netserver.trial;
    case MESSAGE_TIMEKEEPING: return m->timekeeping.trial;
    case MESSAGE_AROUND: return m->around.trial;
    case MESSAGE_FAILED: return m->failed.trial;
    default: return 0;
    }
}

void attempt_hear(struct attempt *a, size_t player, const struct message *m)
{
    if (trial_of(m) != a->number)
        return; /* late news of a trial that is over */
    switch (m->type) {
    case MESSAGE_READY: on_ready(a, player, &m->ready); break;
    case MESSAGE_ARMED: a->players[player].is_armed = true; break;
    case MESSAGE_SAMPLE: on_sample(a, player, &m->sample); break;
    case MESSAGE_STREAM: on_stream(a, player, &m->stream); break;
    case MESSAGE_NETSERVER: on_netserver(a, player, &m->netserver); break;
    case MESSAGE_LAP: on_lap(a, player, &m->lap); break;
    case MESSAGE_TIMEKEEPING: on_timekeeping(a, player, &m->timekeeping); break;
    case MESSAGE_AROUND: a->raw.nodes[player].around = m->around; break;
    case MESSAGE_DONE:
        a->raw.nodes[player].done = m->done;
        a->raw.nodes[player].is_done = a->players[player].is_finished = true;
        break;
    case MESSAGE_FAILED: attempt_blame(a, ATTEMPT_FAILED, "%s: %s", a->raw.nodes[player].name, m->failed.reason); break;
    default: break;
    }
}

/* The rate over the last `over_ms` by an end's points. */
static bool rate_of(const struct raw_end *end, bool transacts, int64_t over_ms, double *rate)
{
    if (!end || end->point_count < 2)
        return false;
    const struct meter_point *last = &end->points[end->point_count - 1], *first = last;
    while (first > end->points && last->raw_ns - first->raw_ns < clock_ms(over_ms))
        first--;
    double count = (double)(transacts ? last->operations - first->operations : 8 * (last->bytes - first->bytes));
    *rate = count * 1e9 / (double)(last->raw_ns - first->raw_ns);
    return last->raw_ns > first->raw_ns;
}

/* How well the node's clock is known now; -1 where it is not yet. */
static int64_t clock_bound_of(const struct bounds *bounds)
{
    struct bounds_interval now;
    struct err e = { 0 };
    return bounds && bounds_node_at(bounds, clock_raw_ns(), &now, &e) ? bounds_half(now) : -1;
}

/* CPUs that the node's domain used of its host over the last second; 0 where it has none, or that is not known. */
static double host_cpus_of(const struct attempt *a, const struct raw_node *node)
{
    const struct raw_domain *d = raw_domain(&a->raw, node->name);
    if (!d || d->point_count < 2)
        return 0;
    const struct meter_point *last = &d->points[d->point_count - 1], *first = last;
    while (first > d->points && last->raw_ns - first->raw_ns < clock_ms(RATES_OVER_MS))
        first--;
    return (double)(last->bytes - first->bytes) / (double)(last->raw_ns - first->raw_ns);
}

static const char *stamps_of(const struct roster_node *node)
{
    return node && node->probes > 0 ? stamp_kind_word(prober_kind(node)) : "";
}

/* Of a workload that measures the network. */
static const struct net_options *net_options_of(const struct attempt *a)
{
    const struct net_any_options *options = a->step->options;
    return &options->net;
}

static struct live_rate live_rate_of(const struct attempt *a, const struct job *job, uint32_t number, uint32_t flow)
{
    const struct raw_node *node = &a->raw.nodes[job->load];
    bool sends = net_load_sends(net_options_of(a), flow), transacts = a->raw.kind == RAW_TRANSACTIONS;
    struct live_rate rate = { .node = node->name,
                              .peer = job->peer == job->load ? "" : a->raw.nodes[job->peer].name,
                              .direction = figures_direction(a->raw.kind, sends),
                              .is_outward = sends,
                              .unit = transacts ? "1/s" : "bit/s",
                              .clock_bound_ns = clock_bound_of(node->bounds),
                              .host_cpus = host_cpus_of(a, node),
                              .stamps = stamps_of(a->players[job->load].node) };
    const struct raw_end *load = raw_end(&a->raw, job->load, number, flow);
    /* What arrived, not what was queued; a transaction is whole where it was begun. */
    bool is_there = sends && !transacts && !a->raw.nodes[job->peer].is_stock;
    const struct raw_end *counts = load && is_there ? raw_opposite(&a->raw, load) : load;
    rate.is_known = rate_of(counts, transacts, RATES_OVER_MS, &rate.rate) &&
                    rate_of(counts, transacts, RATES_EVERY_MS, &rate.last_rate);
    return rate;
}

/* What is done at the moment is known when it is done: its test is the last lap's. */
static const char *lap_word(struct attempt *a, const struct raw_end *load)
{
    return load && load->lap_count > 0 ? words_nth(a->step->workload->laps->tests, load->laps[load->lap_count - 1].test,
                                                   a->doing, sizeof a->doing)
                                       : "work";
}

/* A node that does several things one after the other: all its threads in one row. */
static struct live_rate live_laps_of(struct attempt *a, const struct job *job, uint32_t number)
{
    const struct raw_node *node = &a->raw.nodes[job->load];
    const bool moves_bytes = a->step->workload->laps->moves_bytes;
    struct live_rate rate = { .node = node->name,
                              .peer = "",
                              .direction = lap_word(a, raw_end(&a->raw, job->load, number, 0)),
                              .is_outward = true,
                              .unit = moves_bytes ? "B/s" : "1/s",
                              .clock_bound_ns = clock_bound_of(node->bounds),
                              .host_cpus = host_cpus_of(a, node),
                              .stamps = stamps_of(a->players[job->load].node) };
    for (uint32_t flow = 0; flow < FLOWS_MAX; flow++) {
        const struct raw_end *load = raw_end(&a->raw, job->load, number, flow);
        double own = 0, last = 0;
        if (!load)
            break;
        rate.is_known =
            rate_of(load, !moves_bytes, RATES_OVER_MS, &own) && rate_of(load, !moves_bytes, RATES_EVERY_MS, &last);
        rate.rate += moves_bytes ? own / 8 : own;
        rate.last_rate += moves_bytes ? last / 8 : last;
    }
    return rate;
}

void attempt_show_rates(struct attempt *a)
{
    const bool has_laps = a->raw.kind == RAW_LAPS;
    uint32_t flows = has_laps ? 1 : net_flow_count(net_options_of(a));
    struct live_rate *rates = calloc(a->job_count * flows, sizeof *rates);
    size_t count = 0;
    for (uint32_t j = 0; rates && j < a->job_count; j++)
        for (uint32_t flow = 0; flow < flows; flow++)
            rates[count++] = has_laps ? live_laps_of(a, &a->jobs[j], j) : live_rate_of(a, &a->jobs[j], j, flow);
    live_rates(a->context->live, a->at_mono ? a->rates_mono - a->at_mono : -1, rates, count);
    free(rates);
    do /* once for all the time in which we were kept from running */
        a->rates_mono += clock_ms(RATES_EVERY_MS);
    while (a->at_mono && a->rates_mono <= clock_mono_ns());
}
