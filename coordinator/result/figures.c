#include "figures.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "result/clocks.h"
#include "result/price.h"
#include "result/start.h"
#include "result/witness.h"

/* A gap between two signs of life that no queue of ours explains: probes come at 4 Hz in a trial. */
enum { LINK_GAP_MS = 1000 };

struct window_ns {
    int64_t from, to; /* the coordinator's clock */
};

static const struct raw_node *node_of(const struct raw_trial *raw, const struct raw_end *end)
{
    return &raw->nodes[end->node];
}

/* A stamp of the node's clock on the coordinator's; false where the clocks cannot be related. */
static bool to_coordinator(const struct raw_node *node, int64_t node_ns, int64_t *ns, int64_t *bound_ns)
{
    struct bounds_interval at;
    if (node_ns == 0 || !node->bounds || !bounds_at(node->bounds, node_ns, &at, NULL))
        return false;
    *ns = bounds_mid(at);
    *bound_ns = bounds_half(at);
    return true;
}

static bool to_node(const struct raw_node *node, int64_t ns, int64_t *node_ns)
{
    struct bounds_interval at;
    if (!node->bounds || !bounds_node_at(node->bounds, ns, &at, NULL))
        return false;
    *node_ns = bounds_mid(at);
    return true;
}

/* The end of the flow whose first operation opens it. */
static const struct raw_end *sender_of(const struct raw_trial *raw, const struct raw_end *end)
{
    return end->is_over && end->stream.sends ? end : raw_opposite(raw, end);
}

static const struct raw_end *receiver_of(const struct raw_trial *raw, const struct raw_end *end)
{
    return end->is_over && end->stream.sends ? raw_opposite(raw, end) : end;
}

/* The whole window of a load end. */
static bool whole_window(const struct raw_trial *raw, const struct raw_end *load, struct window_ns *w)
{
    const struct raw_end *sender = sender_of(raw, load);
    int64_t bound;
    if (!load->is_over || !sender || !to_coordinator(node_of(raw, load), load->stream.last_op_ns, &w->to, &bound))
        return false;
    if (raw->warmup_ns > 0)
        w->from = raw->at_ns + raw->warmup_ns;
    else if (!to_coordinator(node_of(raw, sender), sender->stream.first_op_ns, &w->from, &bound))
        return false;
    return w->to > w->from;
}

/* Bytes that reached the receiver in the window; -1 when it cannot be told. The whole window ends with
 * the last byte, and without a warm-up begins with the first: then no sample is needed. */
static double bytes_in(const struct raw_trial *raw, const struct raw_end *load, struct window_ns w, enum window window)
{
    const struct raw_end *receiver = receiver_of(raw, load);
    int64_t from = 0, to = 0;
    if (!receiver || !receiver->is_over || !to_node(node_of(raw, receiver), w.from, &from) ||
        !to_node(node_of(raw, receiver), w.to, &to))
        return -1;
    bool is_whole = window == WINDOW_WHOLE;
    double before = is_whole && raw->warmup_ns <= 0 ? 0 : raw_bytes_at(raw, receiver, from);
    return (is_whole ? (double)receiver->stream.bytes : raw_bytes_at(raw, receiver, to)) - before;
}

static bool add_throughput(const struct raw_trial *raw, const struct raw_end *load, struct window_ns w,
                           enum window window, struct stream *s)
{
    double bytes = bytes_in(raw, load, w, window);
    if (bytes < 0)
        return true;
    bool ok = stream_add_figure(s, "throughput", "bit/s", bytes * 8e9 / (double)(w.to - w.from), window,
                                FIGURE_ON_COORDINATOR);
    if (window != WINDOW_WHOLE)
        return ok;
    ok = ok && stream_add_figure(s, "bytes", "B", bytes, window, FIGURE_ON_COORDINATOR);
    /* The same bytes over the time that the node's own clock saw go by. */
    int64_t own_from = 0;
    if (to_node(node_of(raw, load), w.from, &own_from) && load->stream.last_op_ns > own_from)
        ok = ok && stream_add_figure(s, "throughput", "bit/s",
                                     bytes * 8e9 / (double)(load->stream.last_op_ns - own_from), window, FIGURE_ON_OWN);
    return ok;
}

/* Another node runs on the machine whose CPUs it reads: of the same system, or a guest of it. */
static bool shares_machine(const struct raw_trial *raw, const struct raw_node *node)
{
    for (size_t i = 0; i < raw->node_count; i++)
        if (&raw->nodes[i] != node && *node->boot_id &&
            (strcmp(raw->nodes[i].boot_id, node->boot_id) == 0 || strcmp(raw->nodes[i].machine, node->boot_id) == 0))
            return true;
    return false;
}

/* CPU seconds a GB of everything that the node's flows carried from T on; -1 when unknown. */
static double cpu_per_gb(const struct raw_trial *raw, size_t node)
{
    const struct raw_node *n = &raw->nodes[node];
    double bytes = 0;
    for (size_t i = 0; i < raw->end_count; i++)
        if (raw->ends[i].node == node && raw->ends[i].is_over)
            bytes += (double)raw->ends[i].stream.bytes;
    if (!n->is_done || bytes <= 0)
        return -1;
    return (double)(shares_machine(raw, n) ? n->done.process_used_ns : n->done.machine_used_ns) / bytes;
}

static bool add_cpu(const struct raw_trial *raw, const struct raw_end *load, struct stream *s)
{
    double node = cpu_per_gb(raw, load->node), peer = cpu_per_gb(raw, load->other);
    return (node < 0 || stream_add_figure(s, "cpu_node", "s/GB", node, WINDOW_WHOLE, FIGURE_ON_OWN)) &&
           (peer < 0 || stream_add_figure(s, "cpu_peer", "s/GB", peer, WINDOW_WHOLE, FIGURE_ON_OWN));
}

static bool add_tcp(const struct raw_trial *raw, const struct raw_end *load, struct stream *s)
{
    const struct raw_end *sender = sender_of(raw, load);
    if (!sender || !sender->is_over)
        return true;
    const struct message_stream *tcp = &sender->stream;
    return stream_add_figure(s, "retransmits", "1", tcp->retransmits, WINDOW_WHOLE, FIGURE_ON_OWN) &&
           (tcp->rtt_us == 0 || stream_add_figure(s, "rtt", "s", tcp->rtt_us / 1e6, WINDOW_WHOLE, FIGURE_ON_OWN)) &&
           (tcp->min_rtt_us == 0 ||
            stream_add_figure(s, "rtt_min", "s", tcp->min_rtt_us / 1e6, WINDOW_WHOLE, FIGURE_ON_OWN));
}

static bool copy_points(const struct raw_end *end, struct stream *s)
{
    if (end->point_count == 0)
        return true;
    s->points = calloc(end->point_count, sizeof *s->points);
    if (!s->points)
        return false;
    memcpy(s->points, end->points, end->point_count * sizeof *s->points);
    s->point_count = end->point_count;
    return true;
}

static bool fill_stream(const struct raw_trial *raw, const struct raw_end *end, struct stream *s)
{
    const struct raw_node *node = node_of(raw, end);
    text_copy(s->node, sizeof s->node, node->name);
    text_copy(s->peer, sizeof s->peer, raw->nodes[end->other].name);
    s->role = end->role;
    if (end->is_over) {
        text_copy(s->direction, sizeof s->direction, end->stream.sends ? "send" : "receive");
        text_copy(s->gate, sizeof s->gate, end->stream.gate);
        s->operates = end->stream.sends != 0;
        s->own_elapsed_ns = end->stream.last_op_ns - end->stream.first_op_ns;
        if (!to_coordinator(node, end->stream.first_op_ns, &s->first_op_ns, &s->first_op_bound_ns))
            s->first_op_ns = s->first_op_bound_ns = 0;
        if (!to_coordinator(node, end->stream.last_op_ns, &s->last_op_ns, &s->last_op_bound_ns))
            s->last_op_ns = s->last_op_bound_ns = 0;
        if (s->operates || !to_coordinator(node, end->stream.arrived_ns, &s->arrived_ns, &s->arrived_bound_ns))
            s->arrived_ns = s->arrived_bound_ns = 0;
    }
    return copy_points(end, s);
}

/* The time in which every load end's flow ran; empty when one of them has no window. */
static struct window_ns common_window(const struct raw_trial *raw)
{
    struct window_ns common = { INT64_MIN, INT64_MAX }, w;
    for (size_t i = 0; i < raw->end_count; i++) {
        if (raw->ends[i].role != STREAM_LOAD)
            continue;
        if (!whole_window(raw, &raw->ends[i], &w))
            return (struct window_ns){ 0, 0 };
        common.from = w.from > common.from ? w.from : common.from;
        common.to = w.to < common.to ? w.to : common.to;
    }
    return common;
}

static bool add_streams(const struct raw_trial *raw, struct trial *trial)
{
    struct window_ns common = common_window(raw), whole;
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i];
        struct stream *s = trial_add_stream(trial);
        if (!s || !fill_stream(raw, end, s))
            return false;
        if (end->role != STREAM_LOAD)
            continue;
        if (whole_window(raw, end, &whole) && !add_throughput(raw, end, whole, WINDOW_WHOLE, s))
            return false;
        if (common.to > common.from && !add_throughput(raw, end, common, WINDOW_COMMON, s))
            return false;
        if (!add_tcp(raw, end, s) || !add_cpu(raw, end, s))
            return false;
    }
    return true;
}

static bool add_costs(const struct raw_node *n, struct trial *trial)
{
    const struct message_done *d = &n->done;
    if (!n->is_done)
        return true;
    struct cost *machine = trial_add_cost(trial);
    if (!machine)
        return false;
    *machine = (struct cost){ .scope = COST_MACHINE,
                              .wall_ns = d->wall_ns,
                              .cpus = (int)d->cpus,
                              .used_ns = d->machine_used_ns,
                              .user_ns = d->machine_user_ns,
                              .sys_ns = d->machine_sys_ns,
                              .iowait_ns = d->machine_iowait_ns,
                              .steal_ns = d->machine_steal_ns,
                              .idle_baseline_ns = -1 };
    text_copy(machine->node, sizeof machine->node, n->name);
    struct cost *process = trial_add_cost(trial);
    if (!process)
        return false;
    *process = (struct cost){ .scope = COST_PROCESS,
                              .wall_ns = d->wall_ns,
                              .cpus = (int)d->cpus,
                              .used_ns = d->process_used_ns,
                              .user_ns = d->process_user_ns,
                              .sys_ns = d->process_sys_ns,
                              .idle_baseline_ns = -1 };
    text_copy(process->node, sizeof process->node, n->name);
    return true;
}

static bool add_link_flag(const struct raw_node *n, struct trial *trial)
{
    const char *errors = n->done.link_errors;
    if (n->is_done && *errors &&
        !trial_add_flag(trial, -1, "link_errors", 0, 0, "%s: during the trial %s%s", n->name, errors,
                        strstr(errors, "collisions") ? ": does one end of the wire think that it is half duplex?" : ""))
        return false;
    if (n->worst_gap_ns <= clock_ms(LINK_GAP_MS))
        return true;
    return trial_add_flag(trial, -1, "link", (double)n->worst_gap_ns / 1e9, LINK_GAP_MS / 1e3,
                          "%s was not heard for %.1f s during the trial", n->name, (double)n->worst_gap_ns / 1e9);
}

/* Whether the sending end of each flow has told when it began; one that was cut short may not have. */
static bool knows_all_starts(const struct raw_trial *raw)
{
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i], *other = raw_opposite(raw, end);
        bool is_known = (end->is_over && end->stream.sends) || (other && other->is_over && other->stream.sends);
        if (end->role == STREAM_LOAD && !is_known)
            return false;
    }
    return true;
}

static bool is_any_start_told(const struct raw_trial *raw)
{
    for (size_t i = 0; i < raw->end_count; i++)
        if (raw->ends[i].is_over && raw->ends[i].stream.sends && raw->ends[i].stream.first_op_ns != 0)
            return true;
    return false;
}

bool figures_compute(const struct raw_trial *raw, struct trial *trial, struct err *e)
{
    trial->at_ns = raw->at_ns;
    bool ok = add_streams(raw, trial);
    for (size_t i = 0; ok && i < raw->node_count; i++)
        ok = clocks_add(raw, &raw->nodes[i], trial) && add_costs(&raw->nodes[i], trial) &&
             add_link_flag(&raw->nodes[i], trial);
    ok = ok && price_add(raw, trial);
    if (!ok)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (!start_judge(trial, raw->tolerance_ns, e))
        return false;
    bool is_proven = trial->verdict == VERDICT_TOGETHER || trial->verdict == VERDICT_SINGLE;
    if (is_proven && !knows_all_starts(raw))
        trial->verdict = VERDICT_UNPROVEN;
    if (trial->verdict == VERDICT_NONE && is_any_start_told(raw))
        trial->verdict = VERDICT_UNPROVEN; /* by clocks that are not understood */
    return witness_check(raw, trial, e);
}
