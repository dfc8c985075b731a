#include "figures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "result/around.h"
#include "result/clocks.h"
#include "result/cpu_use.h"
#include "result/kernel_clocks.h"
#include "result/laps.h"
#include "result/latency.h"
#include "result/netserver.h"
#include "result/price.h"
#include "result/span.h"
#include "result/start.h"
#include "result/witness.h"

/* A gap between two signs of life that no queue of ours explains: probes come at 4 Hz in a trial. */
enum { LINK_GAP_MS = 1000 };

static const struct raw_node *node_of(const struct raw_trial *raw, const struct raw_end *end)
{
    return &raw->nodes[end->node];
}

/* `count` in the window as a rate; in the whole one of its own node's clock as well. */
static bool add_rate(const struct raw_trial *raw, const struct raw_end *load, const char *name, const char *unit,
                     double count, const struct span *span, enum window window, struct stream *s)
{
    bool ok = stream_add_figure(s, name, unit, count * 1e9 / (double)(span->to_ns - span->from_ns), window,
                                FIGURE_ON_COORDINATOR);
    int64_t own_from = 0;
    if (window == WINDOW_WHOLE && span_to_node(node_of(raw, load), span->from_ns, &own_from) &&
        load->stream.last_op_ns > own_from)
        ok = ok && stream_add_figure(s, name, unit, count * 1e9 / (double)(load->stream.last_op_ns - own_from), window,
                                     FIGURE_ON_OWN);
    return ok;
}

static bool add_count(struct stream *s, const char *name, const char *unit, double value)
{
    return stream_add_figure(s, name, unit, value, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
}

static bool add_throughput(const struct raw_trial *raw, const struct raw_end *load, const struct span *span,
                           enum window window, struct stream *s)
{
    double bytes = raw->kind == RAW_DATAGRAMS && netserver_is_other(raw, load)
                       ? (window == WINDOW_WHOLE ? netserver_datagram_bytes(raw, load) : -1)
                       : span_count(raw, span_receiver(raw, load), RAW_BYTES, span, window);
    return bytes < 0 || (add_rate(raw, load, "throughput", "bit/s", bytes * 8, span, window, s) &&
                         (window != WINDOW_WHOLE || add_count(s, "bytes", "B", bytes)));
}

static bool add_transactions(const struct raw_trial *raw, const struct raw_end *load, const struct span *span,
                             enum window window, struct stream *s)
{
    double count = span_count(raw, load, RAW_OPERATIONS, span, window);
    return count < 0 || (add_rate(raw, load, "transactions", "1/s", count, span, window, s) &&
                         (window != WINDOW_WHOLE || add_count(s, "transaction_count", "1", count)));
}

/* What was sent, and what of it did not arrive. Datagrams that were on their way when a warm-up ended arrive
 * without having been sent in the window: a loss is never less than none. */
static bool add_loss(const struct raw_trial *raw, const struct raw_end *load, const struct span *span, struct stream *s)
{
    const struct raw_end *sender = span_sender(raw, load), *receiver = span_receiver(raw, load);
    double sent = span_count(raw, sender, RAW_OPERATIONS, span, WINDOW_WHOLE);
    double bytes = span_count(raw, sender, RAW_BYTES, span, WINDOW_WHOLE);
    bool is_stock = netserver_is_other(raw, load); /* that counts what comes, and nothing else */
    double came =
        is_stock ? netserver_datagrams(raw, load) : span_count(raw, receiver, RAW_OPERATIONS, span, WINDOW_WHOLE);
    if (sent < 0 || bytes < 0 || came < 0)
        return true;
    double distinct = is_stock ? came : came - (double)receiver->stream.duplicates,
           lost = sent > distinct ? sent - distinct : 0;
    return add_rate(raw, load, "sent", "bit/s", bytes * 8, span, WINDOW_WHOLE, s) &&
           add_count(s, "datagrams_sent", "1", sent) && add_count(s, "datagrams_received", "1", came) &&
           add_count(s, "lost", "1", lost) && (sent <= 0 || add_count(s, "loss", "1", lost / sent)) &&
           (is_stock || (add_count(s, "late", "1", (double)receiver->stream.late) &&
                         add_count(s, "duplicates", "1", (double)receiver->stream.duplicates))) &&
           add_count(s, "failed", "1", (double)sender->stream.failed);
}

static bool add_latencies(const struct raw_end *load, struct stream *s)
{
    const struct message_stream *m = &load->stream;
    struct latency_figure figures[LATENCY_FIGURES];
    struct hist *h = malloc(sizeof *h);
    s->latencies = malloc(m->latencies_size ? m->latencies_size : 1);
    bool ok = h && s->latencies;
    if (ok && hist_unpack(m->latencies, m->latencies_size, h, NULL) && h->total > 0) {
        s->latencies_size = m->latencies_size;
        memcpy(s->latencies, m->latencies, m->latencies_size);
        latency_figures(h, figures);
        for (size_t i = 0; ok && i < LATENCY_FIGURES; i++)
            ok = stream_add_figure(s, figures[i].name, "s", figures[i].ns / 1e9, WINDOW_WHOLE, FIGURE_ON_OWN);
    }
    free(h);
    return ok;
}

/* What only a whole trial of the kind tells. */
static bool add_kind(const struct raw_trial *raw, const struct raw_end *load, const struct span *span, struct stream *s)
{
    switch (raw->kind) {
    case RAW_STREAM:
    case RAW_LAPS: return true;
    case RAW_DATAGRAMS: return add_loss(raw, load, span, s);
    case RAW_TRANSACTIONS: break;
    }
    double asked = (double)load->stream.operations + (double)load->stream.lost;
    return add_latencies(load, s) &&
           (load->stream.lost <= 0 || (add_count(s, "lost", "1", (double)load->stream.lost) &&
                                       add_count(s, "loss", "1", (double)load->stream.lost / asked)));
}

static bool add_tcp(const struct raw_trial *raw, const struct raw_end *load, struct stream *s)
{
    const struct raw_end *sender = span_sender(raw, load);
    if (!sender || !sender->is_over)
        return true;
    if (raw->kind != RAW_STREAM && sender->stream.mss == 0) /* datagrams */
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

const char *figures_direction(enum raw_kind kind, bool sends)
{
    if (kind == RAW_LAPS)
        return "work";
    if (kind == RAW_TRANSACTIONS)
        return sends ? "ask" : "answer";
    return sends ? "send" : "receive";
}

static bool fill_stream(const struct raw_trial *raw, const struct raw_end *end, struct stream *s)
{
    const struct raw_node *node = node_of(raw, end);
    text_copy(s->node, sizeof s->node, node->name);
    text_copy(s->peer, sizeof s->peer, raw->nodes[end->other].name);
    s->role = end->role;
    if (end->is_over) {
        text_copy(s->direction, sizeof s->direction, figures_direction(raw->kind, end->stream.sends));
        text_copy(s->gate, sizeof s->gate, end->stream.gate);
        s->operates = end->stream.sends != 0 || netserver_is_other(raw, end);
        s->own_first_op_ns = end->stream.first_op_ns;
        s->own_elapsed_ns = end->stream.last_op_ns - end->stream.first_op_ns;
        if (!span_to_coordinator(node, end->stream.first_op_ns, &s->first_op_ns, &s->first_op_bound_ns))
            s->first_op_ns = s->first_op_bound_ns = 0;
        if (!span_to_coordinator(node, end->stream.last_op_ns, &s->last_op_ns, &s->last_op_bound_ns))
            s->last_op_ns = s->last_op_bound_ns = 0;
        if (s->operates || !span_to_coordinator(node, end->stream.arrived_ns, &s->arrived_ns, &s->arrived_bound_ns))
            s->arrived_ns = s->arrived_bound_ns = 0;
    }
    return copy_points(end, s);
}

static bool add_figures(const struct raw_trial *raw, const struct raw_end *load, const struct span *common,
                        struct stream *s)
{
    bool (*const add_main)(const struct raw_trial *, const struct raw_end *, const struct span *, enum window,
                           struct stream *) = raw->kind == RAW_TRANSACTIONS ? add_transactions : add_throughput;
    struct span whole;
    if (raw->kind == RAW_LAPS)
        return laps_keep(raw, load, s) && laps_add(raw, load, s) && (load->flow != 0 || cpu_use_add(raw, load, s));
    if (span_whole(raw, load, &whole) &&
        (!add_main(raw, load, &whole, WINDOW_WHOLE, s) || !add_kind(raw, load, &whole, s)))
        return false;
    return (common->to_ns <= common->from_ns || add_main(raw, load, common, WINDOW_COMMON, s)) &&
           add_tcp(raw, load, s) && cpu_use_add(raw, load, s);
}

static bool add_streams(const struct raw_trial *raw, struct trial *trial)
{
    const struct span common = span_common(raw);
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i];
        struct stream *s = trial_add_stream(trial);
        if (!s || !fill_stream(raw, end, s) || (end->role == STREAM_LOAD && !add_figures(raw, end, &common, s)) ||
            !netserver_add(raw, end, trial, i))
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

/* What is to be known of the two ends of the flows that a node serves. */
static bool add_peer_flags(const struct raw_trial *raw, struct trial *trial)
{
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i];
        const struct raw_node *own = node_of(raw, end), *other = &raw->nodes[end->other];
        if (end->stream.strange > 0 && !trial_add_flag(trial, (int)i, "stranger", (double)end->stream.strange, 0,
                                                       "%s: %" PRId64 " messages or connections were not of this trial",
                                                       own->name, end->stream.strange))
            return false;
        if (end->role == STREAM_LOAD && end->flow == 0 && *own->address && own != other &&
            strcmp(own->address, other->address) == 0 &&
            !trial_add_flag(trial, -1, "loopback", 0, 0,
                            "%s and %s are both at %s: what goes between them leaves no machine", own->name,
                            other->name, own->address))
            return false;
    }
    return cpu_use_flag_peers(raw, trial);
}

/* Whether the sending end of each flow has told when it began; one that was cut short may not have. */
static bool knows_all_starts(const struct raw_trial *raw)
{
    for (size_t i = 0; i < raw->end_count; i++) {
        const struct raw_end *end = &raw->ends[i], *other = raw_opposite(raw, end);
        bool is_known = (end->is_over && (end->stream.sends || netserver_is_other(raw, end))) ||
                        (other && other->is_over && other->stream.sends);
        if (end->role == STREAM_LOAD && !is_known)
            return false;
    }
    return true;
}

static bool is_any_start_told(const struct raw_trial *raw)
{
    for (size_t i = 0; i < raw->end_count; i++)
        if (raw->ends[i].is_over && (raw->ends[i].stream.sends || netserver_is_other(raw, &raw->ends[i])) &&
            raw->ends[i].stream.first_op_ns != 0)
            return true;
    return false;
}

bool figures_compute(const struct raw_trial *raw, struct trial *trial, struct err *e)
{
    trial->at_ns = raw->at_ns;
    bool ok = add_streams(raw, trial);
    for (size_t i = 0; ok && i < raw->node_count; i++)
        ok = clocks_add(raw, &raw->nodes[i], trial) && kernel_clocks_add(&raw->nodes[i], trial) &&
             add_costs(&raw->nodes[i], trial) && add_link_flag(&raw->nodes[i], trial);
    ok = ok && price_add(raw, trial) && around_add(raw, trial) && add_peer_flags(raw, trial);
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
