#include "span.h"

#include <math.h>

#include "result/netserver.h"

static const struct raw_node *node_of(const struct raw_trial *raw, const struct raw_end *end)
{
    return &raw->nodes[end->node];
}

/* A stamp where a window begins or ends. Where a clock's fault has left no bound, an estimate: the figures of such a
 * trial are shown, and enter no comparison. */
static bool edge_of(const struct raw_node *node, int64_t node_ns, int64_t *ns)
{
    struct bounds_interval at;
    if (node_ns == 0 || !node->bounds || !bounds_guess(node->bounds, node_ns, &at, NULL))
        return false;
    *ns = bounds_mid(at);
    return true;
}

bool span_to_coordinator(const struct raw_node *node, int64_t node_ns, int64_t *ns, int64_t *bound_ns)
{
    struct bounds_interval at;
    if (node_ns == 0 || !node->bounds || !bounds_at(node->bounds, node_ns, &at, NULL))
        return false;
    *ns = bounds_mid(at);
    *bound_ns = bounds_half(at);
    return true;
}

bool span_to_node(const struct raw_node *node, int64_t ns, int64_t *node_ns)
{
    struct bounds_interval at;
    if (!node->bounds || !bounds_node_guess(node->bounds, ns, &at, NULL))
        return false;
    *node_ns = bounds_mid(at);
    return true;
}

const struct raw_end *span_sender(const struct raw_trial *raw, const struct raw_end *end)
{
    return netserver_is_other(raw, end) || (end->is_over && end->stream.sends) ? end : raw_opposite(raw, end);
}

const struct raw_end *span_receiver(const struct raw_trial *raw, const struct raw_end *end)
{
    return end->is_over && end->stream.sends && !netserver_is_other(raw, end) ? raw_opposite(raw, end) : end;
}

double span_stretch(const struct raw_trial *raw, const struct raw_end *load)
{
    const struct message_stream *m = &load->stream;
    int64_t from = 0, to = 0;
    if (!load->is_over || m->last_op_ns <= m->first_op_ns || !edge_of(node_of(raw, load), m->first_op_ns, &from) ||
        !edge_of(node_of(raw, load), m->last_op_ns, &to) || to <= from)
        return NAN;
    return (double)(to - from) / (double)(m->last_op_ns - m->first_op_ns);
}

bool span_whole(const struct raw_trial *raw, const struct raw_end *load, struct span *span)
{
    const struct raw_end *sender = span_sender(raw, load);
    if (!load->is_over || !sender || !edge_of(node_of(raw, load), load->stream.last_op_ns, &span->to_ns))
        return false;
    if (raw->warmup_ns > 0)
        span->from_ns = raw->at_ns + raw->warmup_ns;
    else if (!edge_of(node_of(raw, sender), sender->stream.first_op_ns, &span->from_ns))
        return false;
    return span->to_ns > span->from_ns;
}

struct span span_common(const struct raw_trial *raw)
{
    struct span common = { INT64_MIN, INT64_MAX }, whole;
    for (size_t i = 0; i < raw->end_count; i++) {
        if (raw->ends[i].role != STREAM_LOAD)
            continue;
        if (!span_whole(raw, &raw->ends[i], &whole))
            return (struct span){ 0, 0 };
        common.from_ns = whole.from_ns > common.from_ns ? whole.from_ns : common.from_ns;
        common.to_ns = whole.to_ns < common.to_ns ? whole.to_ns : common.to_ns;
    }
    return common;
}

double span_count(const struct raw_trial *raw, const struct raw_end *end, enum raw_count what, const struct span *span,
                  enum window window)
{
    int64_t from = 0, to = 0;
    if (!end || !end->is_over || !span_to_node(node_of(raw, end), span->from_ns, &from) ||
        !span_to_node(node_of(raw, end), span->to_ns, &to))
        return -1;
    bool is_whole = window == WINDOW_WHOLE;
    double before = is_whole && raw->warmup_ns <= 0 ? 0 : raw_count_at(raw, end, what, from);
    double all = (double)(what == RAW_BYTES ? end->stream.bytes : end->stream.operations);
    return (is_whole ? all : raw_count_at(raw, end, what, to)) - before;
}
