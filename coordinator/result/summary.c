#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "result/summary_parts.h"
#include "result/total.h"

/* The figures that a LOAD stream carries, where their spreads go, and what a node's parallel streams make of
 * theirs. Rates add up only over the same time: theirs are of the common window where there is one. */
static const struct {
    const char *name;
    size_t offset;
    enum { SUM_OF_RATES, SUM, MEAN } together;
} FIGURES[] = {
    { "throughput", offsetof(struct summary_row, throughput), SUM_OF_RATES },
    { "transactions", offsetof(struct summary_row, transactions), SUM_OF_RATES },
    { "sent", offsetof(struct summary_row, sent), SUM },
    { "loss", offsetof(struct summary_row, loss), MEAN },
    { "retransmits", offsetof(struct summary_row, retransmits), SUM },
    { "rtt", offsetof(struct summary_row, rtt), MEAN },
    { "cpu_node", offsetof(struct summary_row, cpu_node), MEAN },
    { "cpu_peer", offsetof(struct summary_row, cpu_peer), MEAN },
};

/* A start that did not happen says nothing about those that did. */
static const int BADNESS[VERDICT_COUNT] = {
    [VERDICT_LATE] = 4, [VERDICT_UNPROVEN] = 3, [VERDICT_TOGETHER] = 2, [VERDICT_SINGLE] = 1, [VERDICT_NONE] = 0,
};

enum verdict summary_worse(enum verdict a, enum verdict b) { return BADNESS[a] >= BADNESS[b] ? a : b; }

/* Flags of what came from outside: the figure is then not one of what was to be measured, or by no clock. */
static const char *const DISTURBANCES[] = { "link", "noisy", "envelope", CLOCK_FAULT };

bool summary_counts(const struct run *run, const struct trial *trial)
{
    if (trial->kind != TRIAL_MEASURE_KIND)
        return false;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial *other = &run->trials[i];
        if (other->block == trial->block && other->idx == trial->idx && other->attempt > trial->attempt)
            return false;
    }
    return true;
}

const struct flag *summary_disturbance(const struct trial *trial)
{
    for (size_t f = 0; f < trial->flag_count; f++)
        for (size_t i = 0; i < ARRAY_SIZE(DISTURBANCES); i++)
            if (strcmp(trial->flags[f].kind, DISTURBANCES[i]) == 0)
                return &trial->flags[f];
    return NULL;
}

bool summary_uses(const struct run *run, const struct trial *trial)
{
    return !trial->partial && !summary_disturbance(trial) && summary_counts(run, trial);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct spread summary_spread(double *values, size_t count)
{
    struct spread s = { count, NAN, NAN, NAN, NAN };
    if (count == 0)
        return s;
    qsort(values, count, sizeof *values, ascending);
    s.least = values[0];
    s.most = values[count - 1];
    s.median = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    s.sum = 0;
    for (size_t i = 0; i < count; i++)
        s.sum += values[i];
    return s;
}

static bool is_of(const struct stream *stream, const struct summary_row *row)
{
    return stream->role == STREAM_LOAD && strcmp(stream->node, row->node) == 0 &&
           strcmp(stream->direction, row->direction) == 0;
}

static const struct stream *stream_of(const struct trial *trial, const struct summary_row *row)
{
    for (size_t i = 0; trial->step == row->step && i < trial->stream_count; i++)
        if (is_of(&trial->streams[i], row))
            return &trial->streams[i];
    return NULL;
}

/* Figure number `f` of all of the row's streams of a trial; NaN when one of them has none. */
static double together(const struct trial *trial, const struct summary_row *row, size_t f)
{
    const struct stream *first = stream_of(trial, row);
    double whole = 0, common = 0, count = 0;
    for (const struct stream *s = first; s && s < trial->streams + trial->stream_count; s++) {
        if (!is_of(s, row))
            continue;
        const struct figure *main = stream_main_figure(s, FIGURES[f].name);
        const struct figure *at_once = stream_figure(s, FIGURES[f].name, WINDOW_COMMON, FIGURE_ON_COORDINATOR);
        whole += main ? main->value : NAN;
        common += at_once ? at_once->value : NAN;
        count++;
    }
    if (count < 1)
        return NAN;
    if (FIGURES[f].together == MEAN)
        return whole / count;
    return FIGURES[f].together == SUM_OF_RATES && count > 1 && isfinite(common) ? common : whole;
}

/* False only when memory is out: a histogram that can't be read is none. */
static bool add_latencies(const struct trial *trial, struct summary_row *row)
{
    struct hist *one = malloc(sizeof *one);
    bool ok = one != NULL;
    for (size_t i = 0; ok && i < trial->stream_count; i++) {
        const struct stream *s = &trial->streams[i];
        if (!is_of(s, row) || s->latencies_size == 0 || !hist_unpack(s->latencies, s->latencies_size, one, NULL))
            continue;
        if (!row->latencies)
            row->latencies = calloc(1, sizeof *row->latencies);
        ok = row->latencies != NULL;
        if (ok)
            hist_merge(row->latencies, one);
    }
    free(one);
    return ok;
}

static void consider_start(struct summary_row *row, int64_t ns, int64_t bound_ns)
{
    double reach = fabs((double)ns) + (double)bound_ns;
    if (row->has_start && reach <= fabs((double)row->start_ns) + (double)row->start_bound_ns)
        return;
    row->has_start = true;
    row->start_ns = ns;
    row->start_bound_ns = bound_ns;
}

static void add_start(struct summary_row *row, const struct trial *trial)
{
    if (row->trials == 1 || BADNESS[trial->verdict] > BADNESS[row->verdict]) {
        row->verdict = trial->verdict;
        row->verdict_trials = 0;
        row->late = trial->late;
    }
    row->verdict_trials += trial->verdict == row->verdict;
    for (size_t i = 0; i < trial->skew_count; i++)
        consider_start(row, trial->skews[i].ns, trial->skews[i].bound_ns);
    for (size_t i = 0; trial->skew_count == 0 && trial->at_ns != 0 && i < trial->stream_count; i++) {
        const struct stream *s = &trial->streams[i];
        int64_t after = 0;
        if (s->operates && s->first_op_ns != 0 && !__builtin_sub_overflow(s->first_op_ns, trial->at_ns, &after))
            consider_start(row, after, s->first_op_bound_ns);
    }
}

/* The worse of two. */
static void add_release(struct summary_row *row, const struct stream *stream)
{
    if (!row->release || strcmp(stream->release, RELEASE_EXEC) == 0)
        row->release = stream->release;
}

/* `choices` and `values` are as long as the run has trials; `values` is for use on the way. */
static bool fill_row(const struct run *run, const struct summary_choice *choices, double *values,
                     struct summary_row *row)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial *trial = &run->trials[i];
        if (!choices[i].counts || !stream_of(trial, row))
            continue;
        row->trials++;
        row->used += choices[i].used;
        add_start(row, trial);
        add_release(row, stream_of(trial, row));
    }
    for (size_t f = 0; f < ARRAY_SIZE(FIGURES); f++) {
        size_t count = 0;
        for (size_t i = 0; i < run->trial_count; i++) {
            double value = choices[i].used ? together(&run->trials[i], row, f) : NAN;
            if (isfinite(value))
                values[count++] = value;
        }
        struct spread spread = summary_spread(values, count);
        memcpy((char *)row + FIGURES[f].offset, &spread, sizeof spread);
    }
    bool ok = true;
    for (size_t i = 0; ok && i < run->trial_count; i++)
        ok = !choices[i].used || run->trials[i].step != row->step || add_latencies(&run->trials[i], row);
    return ok;
}

static bool has_row(const struct summary *summary, int step, const struct stream *stream)
{
    for (size_t i = 0; i < summary->row_count; i++)
        if (summary->rows[i].step == step && is_of(stream, &summary->rows[i]))
            return true;
    return false;
}

static size_t rank_of(const struct run *run, const char *node)
{
    size_t i = 0;
    while (i < run->node_count && strcmp(run->nodes[i].name, node) != 0)
        i++;
    return i;
}

/* Put a row for the stream where it belongs, if there is none. */
static bool add_row(const struct run *run, int step, const struct stream *stream, struct summary *summary)
{
    if (stream->role != STREAM_LOAD || has_row(summary, step, stream))
        return true;
    struct summary_row *rows = reallocarray(summary->rows, summary->row_count + 1, sizeof *rows);
    if (!rows)
        return false;
    summary->rows = rows;
    size_t at = summary->row_count++;
    for (; at > 0; at--) {
        const struct summary_row *before = &rows[at - 1];
        if (before->step < step || (before->step == step && rank_of(run, before->node) <= rank_of(run, stream->node)))
            break;
        rows[at] = *before;
    }
    rows[at] = (struct summary_row){ .step = step, .node = stream->node, .direction = stream->direction, .late = "" };
    return true;
}

static bool has_total(const struct summary *summary, const struct summary_row *row)
{
    for (size_t i = 0; i < summary->total_count; i++)
        if (summary->totals[i].step == row->step && strcmp(summary->totals[i].direction, row->direction) == 0)
            return true;
    return false;
}

/* One for the step and direction of `row`, when any trial of them has a total. */
static bool add_total(const struct run *run, const struct summary_choice *choices, const struct summary_row *row,
                      struct summary *summary)
{
    struct summary_total made = { .step = row->step, .direction = row->direction };
    struct spread *const spreads[] = { &made.sum, &made.least, &made.most, &made.jain };
    size_t count = 0;
    double *values = calloc((run->trial_count + 1) * ARRAY_SIZE(spreads), sizeof *values);
    if (!values)
        return false;
    for (size_t i = 0; i < run->trial_count; i++) {
        struct total total;
        if (run->trials[i].step != row->step || !choices[i].used ||
            !total_at_once(&run->trials[i], row->direction, &total))
            continue;
        const double parts[] = { total.sum, total.least, total.most, total.jain };
        for (size_t k = 0; k < ARRAY_SIZE(parts); k++)
            values[k * (run->trial_count + 1) + count] = parts[k];
        made.unit = total.unit;
        made.streams = total.streams > made.streams ? total.streams : made.streams;
        count++;
    }
    for (size_t k = 0; k < ARRAY_SIZE(spreads); k++)
        *spreads[k] = summary_spread(values + k * (run->trial_count + 1), count);
    free(values);
    if (count == 0)
        return true;
    struct summary_total *totals = reallocarray(summary->totals, summary->total_count + 1, sizeof *totals);
    if (!totals)
        return false;
    summary->totals = totals;
    totals[summary->total_count++] = made;
    return true;
}

bool summary_of(const struct run *run, struct summary **summary, struct err *e)
{
    struct summary *made = calloc(1, sizeof *made);
    struct summary_choice *choices = calloc(run->trial_count + 1, sizeof *choices);
    double *values = calloc(run->trial_count + 1, sizeof *values);
    bool ok = made && choices && values;
    for (size_t i = 0; ok && i < run->trial_count; i++) {
        choices[i].counts = summary_counts(run, &run->trials[i]);
        choices[i].used = summary_uses(run, &run->trials[i]);
        for (size_t s = 0; ok && choices[i].counts && s < run->trials[i].stream_count; s++)
            ok = add_row(run, run->trials[i].step, &run->trials[i].streams[s], made);
    }
    ok = ok && summary_add_named(run, choices, values, made);
    for (size_t i = 0; ok && i < made->row_count; i++)
        ok = fill_row(run, choices, values, &made->rows[i]);
    for (size_t i = 0; ok && i < made->row_count; i++)
        ok = has_total(made, &made->rows[i]) || add_total(run, choices, &made->rows[i], made);
    free(choices);
    free(values);
    if (!ok) {
        summary_destroy(&made);
        return err_set(e, ERR_INTERNAL, "out of memory for a summary");
    }
    *summary = made;
    return true;
}

void summary_destroy(struct summary **summary)
{
    if (!summary || !*summary)
        return;
    for (size_t i = 0; i < (*summary)->row_count; i++)
        free((*summary)->rows[i].latencies);
    free((*summary)->rows);
    free((*summary)->totals);
    free((*summary)->figures);
    free(*summary);
    *summary = NULL;
}

bool summary_shares_machine(const struct run *run, const struct run_node *node)
{
    for (size_t i = 0; i < run->node_count; i++)
        if (node->boot_id[0] && strcmp(run->nodes[i].name, node->name) != 0 &&
            strcmp(run->nodes[i].boot_id, node->boot_id) == 0)
            return true;
    return false;
}

static const struct cost *cost_of(const struct trial *trial, const char *node, enum cost_scope scope)
{
    for (size_t i = 0; i < trial->cost_count; i++)
        if (trial->costs[i].scope == scope && strcmp(trial->costs[i].node, node) == 0)
            return &trial->costs[i];
    return NULL;
}

static bool is_load(const struct trial *trial, const char *node)
{
    for (size_t i = 0; i < trial->stream_count; i++)
        if (trial->streams[i].role == STREAM_LOAD && strcmp(trial->streams[i].node, node) == 0)
            return true;
    return false;
}

/* The one host of the trial, NULL when there are several, or none. */
static const struct run_node *only_host(const struct run *run, const struct trial *trial)
{
    const struct run_node *host = NULL;
    for (size_t i = 0; i < trial->cost_count; i++) {
        const struct run_node *node = run_find_node(run, trial->costs[i].node);
        if (!node || node == host || strcmp(node->role, "host") != 0)
            continue;
        if (host)
            return NULL;
        host = node;
    }
    return host;
}

bool summary_host_cpu_s(const struct run *run, const struct trial *trial, const struct stream *stream, double *seconds)
{
    const struct run_node *node = run_find_node(run, stream->node);
    const struct cost *cost = NULL;
    if (node && strcmp(node->role, "host") == 0) {
        cost = cost_of(trial, node->name, summary_shares_machine(run, node) ? COST_PROCESS : COST_MACHINE);
    } else if (node && strcmp(node->role, "guest") == 0) {
        const struct run_node *host = only_host(run, trial);
        cost = cost_of(trial, node->name, COST_DOMAIN);
        if (!cost && host && !summary_shares_machine(run, host) && !is_load(trial, host->name))
            cost = cost_of(trial, host->name, COST_MACHINE);
    }
    if (!cost)
        return false;
    double baseline = cost->idle_baseline_ns > 0 ? (double)cost->idle_baseline_ns : 0;
    *seconds = ((double)cost->used_ns - baseline) / CLOCK_NS_PER_S;
    return true;
}
