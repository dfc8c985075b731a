#include "cpu_use.h"

#include <stdio.h>
#include <string.h>

static const double PEER_LIMIT = 0.8; /* of a core */

/* Another node runs on the machine whose CPUs it reads: of the same system, or a guest of it. */
static bool shares_machine(const struct raw_trial *raw, const struct raw_node *node)
{
    for (size_t i = 0; i < raw->node_count; i++)
        if (&raw->nodes[i] != node && *node->boot_id &&
            (strcmp(raw->nodes[i].boot_id, node->boot_id) == 0 || strcmp(raw->nodes[i].machine, node->boot_id) == 0))
            return true;
    return false;
}

static int64_t used_ns(const struct raw_trial *raw, const struct raw_node *n)
{
    return shares_machine(raw, n) ? n->done.process_used_ns : n->done.machine_used_ns;
}

/* Bytes that the node's flows carried, or transactions that they made, in the time of which DONE tells: after the
 * warm-up. */
static double work_of(const struct raw_trial *raw, size_t node)
{
    double work = 0;
    if (raw->kind == RAW_LAPS) /* their price is with each lap */
        return 0;
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i];
        const enum raw_count what = raw->kind == RAW_TRANSACTIONS ? RAW_OPERATIONS : RAW_BYTES;
        if (end->node == node && end->is_over)
            work += (double)(what == RAW_OPERATIONS ? end->stream.operations : end->stream.bytes) -
                    (raw->warmup_ns > 0 ? raw_count_at(raw, end, what, raw->nodes[node].at_ns + raw->warmup_ns) : 0);
    }
    return work;
}

static bool add(struct stream *s, const char *what, const char *whose, const char *unit, double value)
{
    char name[32];
    snprintf(name, sizeof name, "%s_%s", what, whose);
    return stream_add_figure(s, name, unit, value, WINDOW_WHOLE, FIGURE_ON_OWN);
}

static bool add_of(const struct raw_trial *raw, size_t node, const char *whose, struct stream *s)
{
    const struct raw_node *n = &raw->nodes[node];
    const struct message_done *d = &n->done;
    double work = work_of(raw, node), all = (double)d->wall_ns * d->cpus;
    double busy = (double)(d->machine_used_ns + d->machine_iowait_ns + d->machine_steal_ns);
    bool transacts = raw->kind == RAW_TRANSACTIONS, ok = true;
    if (!n->is_done)
        return true;
    if (work > 0) {
        double used = (double)used_ns(raw, n);
        ok = add(s, "cpu", whose, transacts ? "s/transaction" : "s/GB", transacts ? used / 1e9 / work : used / work) &&
             add(s, "demand", whose, transacts ? "us/transaction" : "us/KB",
                 busy / 1e3 / (transacts ? work : work / 1024));
    }
    if (all > 0)
        ok = ok && add(s, "util", whose, "%", 100 * (double)d->machine_used_ns / all) &&
             add(s, "busy", whose, "%", 100 * busy / all) &&
             add(s, "iowait", whose, "%", 100 * (double)d->machine_iowait_ns / all) &&
             add(s, "steal", whose, "%", 100 * (double)d->machine_steal_ns / all);
    return ok;
}

bool cpu_use_add(const struct raw_trial *raw, const struct raw_end *load, struct stream *s)
{
    return add_of(raw, load->node, "node", s) && (load->other == load->node || add_of(raw, load->other, "peer", s));
}

bool cpu_use_flag_peers(const struct raw_trial *raw, struct trial *trial)
{
    for (size_t i = 0; i < raw->node_count; i++) {
        const struct raw_node *n = &raw->nodes[i];
        uint32_t flows = 0;
        for (size_t k = 0; k < raw->end_count; k++)
            flows += raw->ends[k].node == i && raw->ends[k].role == STREAM_WITNESS;
        if (!n->is_done || flows == 0 || n->done.wall_ns <= 0)
            continue;
        double cores = (double)used_ns(raw, n) / (double)n->done.wall_ns;
        double limit = PEER_LIMIT * (flows < n->done.cpus || n->done.cpus == 0 ? flows : n->done.cpus);
        if (cores > limit && !trial_add_flag(trial, -1, "peer", cores, limit,
                                             "%s used %.2f cores (limit %.2f): it may be what limits the figures",
                                             n->name, cores, limit))
            return false;
    }
    return true;
}
