#include "report_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/limit_words.h"
#include "report/report_compare.h"
#include "report/value.h"
#include "result/latency.h"
#include "result/summary.h"
#include "result/total.h"

enum { SCHEMA = 1 };

/* A list of a struct's array; `element` makes one value. */
#define LIST(function, owner, array, count, element)               \
    static json_t *function(const struct owner *in)                \
    {                                                              \
        json_t *made = json_array();                               \
        for (size_t i = 0; i < in->count; i++)                     \
            made = value_append(made, element(in, &in->array[i])); \
        return made;                                               \
    }

static json_t *node_value(const struct run *run, const struct run_node *node)
{
    return VALUE_OBJECT({ "name", value_text(node->name) }, { "role", value_text(node->role) },
                        { "product", value_text(node->product) }, { "version", value_text(node->version) },
                        { "address", value_text(node->address) }, { "instance", value_text(node->instance) },
                        { "boot_id", value_text(node->boot_id) },
                        { "shares_machine", json_boolean(summary_shares_machine(run, node)) },
                        { "fingerprint", value_parsed(node->fingerprint) });
}
LIST(node_list, run, nodes, node_count, node_value)

static json_t *step_value(const struct run *run, const struct run_step *step)
{
    (void)run;
    return VALUE_OBJECT({ "name", value_text(step->name) }, { "workload", value_text(step->workload) },
                        { "when", value_text(step->when) }, { "to", value_word(step->to) },
                        { "options", value_parsed(step->options) });
}
LIST(step_list, run, steps, step_count, step_value)

static json_t *skew_value(const struct trial *trial, const struct skew *skew)
{
    (void)trial;
    return VALUE_OBJECT({ "a", value_text(skew->a) }, { "b", value_text(skew->b) },
                        { "skew_ns", json_integer(skew->ns) }, { "bound_ns", json_integer(skew->bound_ns) });
}
LIST(skew_list, trial, skews, skew_count, skew_value)

static json_t *cost_value(const struct trial *trial, const struct cost *cost)
{
    (void)trial;
    return VALUE_OBJECT({ "node", value_text(cost->node) }, { "scope", json_string(cost_scope_name(cost->scope)) },
                        { "wall_ns", json_integer(cost->wall_ns) }, { "cpus", json_integer(cost->cpus) },
                        { "used_ns", json_integer(cost->used_ns) }, { "user_ns", json_integer(cost->user_ns) },
                        { "sys_ns", json_integer(cost->sys_ns) }, { "iowait_ns", json_integer(cost->iowait_ns) },
                        { "steal_ns", json_integer(cost->steal_ns) },
                        { "idle_baseline_ns", value_if(cost->idle_baseline_ns >= 0, cost->idle_baseline_ns) });
}
LIST(cost_list, trial, costs, cost_count, cost_value)

/* What is not known is null, and "why" says so. */
static json_t *kernel_clock_value(const struct trial *trial, const struct kernel_clock *c)
{
    const bool known = !*c->why;
    (void)trial;
    return VALUE_OBJECT({ "node", value_text(c->node) }, { "moment", json_string(moment_name(c->moment)) },
                        { "own_ns", json_integer(c->own_ns) }, { "ppm", value_real(c->ppm) },
                        { "offset_ns", value_if(known, c->offset_ns) }, { "slew_ns", value_if(known, c->slew_ns) },
                        { "error_ns", value_if(known, c->error_ns) },
                        { "synchronized", known ? json_boolean(c->synchronized) : json_null() },
                        { "status", known ? value_text(c->status) : json_null() },
                        { "clocksource", value_word(c->clocksource) }, { "why", value_word(c->why) });
}
LIST(kernel_clock_list, trial, kernel_clocks, kernel_clock_count, kernel_clock_value)

static json_t *around_value(const struct trial *trial, const struct around *a)
{
    (void)trial;
    return VALUE_OBJECT({ "node", value_text(a->node) }, { "seen_by", value_text(a->seen_by) },
                        { "cpus", json_integer(a->cpus) }, { "from_ns", json_integer(a->from_ns) },
                        { "to_ns", json_integer(a->to_ns) }, { "run_ns", value_if(a->run_ns >= 0, a->run_ns) },
                        { "wait_ns", value_if(a->wait_ns >= 0, a->wait_ns) },
                        { "worst_ns", value_if(a->worst_ns >= 0, a->worst_ns) },
                        { "steal_ns", value_if(a->steal_ns >= 0, a->steal_ns) });
}
LIST(around_list, trial, arounds, around_count, around_value)

static json_t *flag_value(const struct trial *trial, const struct flag *flag)
{
    return VALUE_OBJECT({ "kind", value_text(flag->kind) }, { "text", value_text(flag->text) },
                        { "node", flag->stream < 0 ? json_null() : value_text(trial->streams[flag->stream].node) },
                        { "value", value_real(flag->value) }, { "limit", value_real(flag->limit) });
}
LIST(flag_list, trial, flags, flag_count, flag_value)

static json_t *one_figure(const struct figure *figure)
{
    return VALUE_OBJECT({ "value", value_real(figure->value) }, { "unit", value_text(figure->unit) },
                        { "window", json_string(window_name(figure->window)) },
                        { "clock", json_string(figure_clock_name(figure->clock)) },
                        { "path", value_word(figure->path) });
}

/* Under each name its main figure; the same in other windows or by other clocks is in its "others". */
static json_t *figures(const struct stream *stream)
{
    json_t *made = json_object();
    for (size_t i = 0; made && i < stream->figure_count; i++) {
        const char *name = stream->figures[i].name;
        const struct figure *main = stream_main_figure(stream, name);
        if (main != &stream->figures[i])
            continue;
        json_t *others = json_array(), *value = one_figure(main), *key = value_text(name);
        for (size_t j = 0; j < stream->figure_count; j++)
            if (&stream->figures[j] != main && strcmp(stream->figures[j].name, name) == 0)
                others = value_append(others, one_figure(&stream->figures[j]));
        bool ok = json_object_set_new(value, "others", others) == 0;
        ok = ok && json_object_set(made, json_string_value(key), value) == 0;
        json_decref(value);
        json_decref(key);
        if (!ok) {
            json_decref(made);
            made = NULL;
        }
    }
    return made;
}

static json_t *clock_value(const struct trial *trial, const char *node)
{
    for (size_t i = 0; i < trial->clock_count; i++) {
        const struct clock_fit *c = &trial->clocks[i];
        if (strcmp(c->node, node) == 0)
            return VALUE_OBJECT({ "dilation_ppm", value_real(c->ppm) }, { "bound_ppm", value_real(c->ppm_bound) },
                                { "offset_ns", json_integer(c->offset_ns) },
                                { "offset_bound_ns", json_integer(c->bound_ns) },
                                { "wander_ppm", value_real(c->wander_ppm) }, { "stamps", value_word(c->stamps) },
                                { "probes", json_integer(c->probes) });
    }
    return VALUE_OBJECT({ "dilation_ppm", json_null() }, { "bound_ppm", json_null() });
}

static json_t *after_start(const struct trial *trial, int64_t op_ns)
{
    int64_t after = 0;
    bool known = trial->at_ns != 0 && op_ns != 0 && !__builtin_sub_overflow(op_ns, trial->at_ns, &after);
    return value_if(known, after);
}

/* What its figures are made of, in order. */
static json_t *lap_list(const struct stream *stream)
{
    json_t *made = json_array();
    for (size_t i = 0; i < stream->lap_count; i++) {
        const struct lap *lap = &stream->laps[i];
        made =
            value_append(made, VALUE_OBJECT({ "test", value_text(lap->test) }, { "number", json_integer(lap->number) },
                                            { "own_first_op_ns", json_integer(lap->first_ns) },
                                            { "own_last_op_ns", json_integer(lap->last_ns) },
                                            { "counters", value_parsed(lap->counters) }));
    }
    return made;
}

/* `limits`: NULL for a witness, which is not under test. */
static json_t *stream_value(const struct run *run, const struct trial *trial, const struct stream *stream,
                            const struct limits *limits)
{
    double host_cpu_s = 0;
    bool knows_cost = stream->role == STREAM_LOAD && summary_host_cpu_s(run, trial, stream, &host_cpu_s);
    bool began = stream->first_op_ns != 0, ended = stream->last_op_ns != 0;
    return VALUE_OBJECT(
        { "node", value_text(stream->node) }, { "peer", value_word(stream->peer) },
        { "role", json_string(stream_role_name(stream->role)) }, { "direction", value_word(stream->direction) },
        { "figures", figures(stream) }, { "laps", lap_list(stream) }, { "clock", clock_value(trial, stream->node) },
        { "cost", VALUE_OBJECT({ "host_cpu_s", knows_cost ? value_real(host_cpu_s) : json_null() }) },
        { "limited_by", limits ? json_string(limited_by_name(limits_judge(limits))) : json_null() },
        { "limits", limits ? limit_words_json(limits) : json_array() }, { "operates", json_boolean(stream->operates) },
        { "gate", value_word(stream->gate) }, { "release", value_word(stream->release) },
        { "first_op_ns", value_if(began, stream->first_op_ns) },
        { "first_op_after_start_ns", after_start(trial, stream->first_op_ns) },
        { "first_op_bound_ns", value_if(began, stream->first_op_bound_ns) },
        { "last_op_ns", value_if(ended, stream->last_op_ns) },
        { "last_op_bound_ns", value_if(ended, stream->last_op_bound_ns) },
        { "own_first_op_ns", value_if(stream->own_first_op_ns != 0, stream->own_first_op_ns) },
        { "own_elapsed_ns", value_if(stream->own_elapsed_ns > 0, stream->own_elapsed_ns) },
        { "arrived_ns", value_if(stream->arrived_ns != 0, stream->arrived_ns) },
        { "arrived_after_start_ns", after_start(trial, stream->arrived_ns) },
        { "arrived_bound_ns", value_if(stream->arrived_ns != 0, stream->arrived_bound_ns) });
}

/* The nodes under test are "streams", what the other ends saw of the same bytes is "witnesses": who
 * adds up streams shall not count a byte twice. */
static json_t *stream_list(const struct run *run, const struct trial *trial, const struct limits *limits,
                           enum stream_role role)
{
    json_t *made = json_array();
    for (size_t i = 0; i < trial->stream_count; i++)
        if (trial->streams[i].role == role)
            made = value_append(made,
                                stream_value(run, trial, &trial->streams[i], role == STREAM_LOAD ? &limits[i] : NULL));
    return made;
}

static json_t *total_value(const char *direction, enum window window, const struct total *total)
{
    return VALUE_OBJECT({ "figure", value_text(total->figure) }, { "unit", value_text(total->unit) },
                        { "direction", value_word(direction) }, { "window", json_string(window_name(window)) },
                        { "streams", json_integer((json_int_t)total->streams) }, { "sum", value_real(total->sum) },
                        { "min", value_real(total->least) }, { "max", value_real(total->most) },
                        { "jain", value_real(total->jain) });
}

/* What several nodes made at once, for each direction and window; [] where one was alone. */
static json_t *total_list(const struct trial *trial)
{
    json_t *made = json_array();
    for (size_t i = 0; i < trial->stream_count; i++) {
        const char *direction = trial->streams[i].direction;
        bool told = false;
        for (size_t k = 0; k < i; k++)
            told |= strcmp(trial->streams[k].direction, direction) == 0;
        for (int window = 0; window < WINDOW_COUNT && !told; window++) {
            struct total total;
            if (total_of(trial, direction, (enum window)window, &total))
                made = value_append(made, total_value(direction, (enum window)window, &total));
        }
    }
    return made;
}

/* A text a line; null without any. */
static json_t *line_list(const char *lines)
{
    const char *at = lines ? lines : "";
    json_t *made = *at ? json_array() : json_null();
    while (*at) {
        char one[1024];
        size_t size = strcspn(at, "\n");
        snprintf(one, sizeof one, "%.*s", (int)size, at);
        made = value_append(made, value_text(one));
        at += size + (at[size] == '\n');
    }
    return made;
}

static json_t *domain_value(const struct stream *s)
{
    json_t *points = json_array();
    for (size_t i = 0; i < s->point_count; i++)
        points = value_append(points, json_pack("[I, I, I]", (json_int_t)s->points[i].raw_ns,
                                                (json_int_t)s->points[i].bytes, (json_int_t)s->points[i].operations));
    return VALUE_OBJECT({ "node", value_text(s->node) }, { "host", value_text(s->peer) }, { "points", points });
}

/* What guests had used in all: [the host's own stamp, CPU, time in which it did not run], in ns each. */
static json_t *domain_list(const struct trial *trial)
{
    json_t *made = json_array();
    for (size_t i = 0; i < trial->stream_count; i++)
        if (trial->streams[i].role == STREAM_DOMAIN)
            made = value_append(made, domain_value(&trial->streams[i]));
    return made;
}

/* null where its work was kept to nothing. */
static json_t *confined_value(const struct confined *c)
{
    if (c->how == CONFINED_NOT)
        return json_null();
    return VALUE_OBJECT({ "how", json_string(confined_how_name(c->how)) }, { "cpus", value_text(c->cpus) },
                        { "memory_bytes", json_integer(c->bytes) });
}

static json_t *trial_parts(const struct run *run, const struct trial *trial, const struct limits *limits)
{
    const struct run_step *step = &run->steps[trial->step];
    json_t *start =
        VALUE_OBJECT({ "verdict", json_string(verdict_name(trial->verdict)) }, { "late", value_word(trial->late) },
                     { "pairs", skew_list(trial) }, { "around", around_list(trial) },
                     { "at_ns", value_if(trial->at_ns != 0, trial->at_ns) }, { "at", value_utc(trial->at_real_ns) });
    return VALUE_OBJECT(
        { "trial", json_integer(trial->order + 1) }, /* as the table numbers them */
        { "step", value_text(step->name) }, { "workload", value_text(step->workload) },
        { "round", json_integer(trial->round) }, { "block", json_integer(trial->block) },
        { "idx", json_integer(trial->idx) }, { "attempt", json_integer(trial->attempt) },
        { "order", json_integer(trial->order) }, { "when", value_text(step->when) },
        { "kind", json_string(trial_kind_name(trial->kind)) }, { "counts", json_boolean(summary_uses(run, trial)) },
        { "partial", json_boolean(trial->partial) }, { "why", value_word(trial->why) },
        { "guest_state", value_word(trial->guest_state) }, { "confined", confined_value(&trial->confined) },
        { "start", start }, { "streams", stream_list(run, trial, limits, STREAM_LOAD) },
        { "witnesses", stream_list(run, trial, limits, STREAM_WITNESS) }, { "totals", total_list(trial) },
        { "kernel_clocks", kernel_clock_list(trial) }, { "costs", cost_list(trial) }, { "domains", domain_list(trial) },
        { "flags", flag_list(trial) });
}

/* NULL when memory is out, as of all values here. */
static json_t *trial_value(const struct run *run, const struct facts *facts, const struct trial *trial)
{
    struct limits *limits = calloc(trial->stream_count + 1, sizeof *limits);
    struct err e = { 0 };
    json_t *made = limits && limits_of(run, facts, trial, limits, &e) ? trial_parts(run, trial, limits) : NULL;
    free(limits);
    return made;
}

json_t *report_json_trial(const struct run *run, const struct trial *trial)
{
    struct facts *facts = NULL;
    struct err e = { 0 };
    json_t *made = facts_of(run, &facts, &e) ? trial_value(run, facts, trial) : NULL;
    facts_destroy(&facts);
    return made;
}

static json_t *trial_list(const struct run *run, const struct facts *facts)
{
    json_t *made = json_array();
    for (size_t i = 0; i < run->trial_count; i++)
        made = value_append(made, trial_value(run, facts, &run->trials[i]));
    return made;
}

static json_t *latency_value(const struct run *run, const struct summary_row *row)
{
    struct latency_figure figures[LATENCY_FIGURES];
    json_t *made = json_object();
    latency_figures(row->latencies, figures);
    for (size_t i = 0; made && i < LATENCY_FIGURES; i++) {
        json_t *one = VALUE_OBJECT({ "value", value_real(figures[i].ns / 1e9) }, { "unit", json_string("s") });
        if (json_object_set_new(made, figures[i].name, one) != 0) {
            json_decref(made);
            made = NULL;
        }
    }
    return VALUE_OBJECT({ "step", value_text(run->steps[row->step].name) }, { "node", value_text(row->node) },
                        { "direction", value_word(row->direction) }, { "trials", json_integer(row->used) },
                        { "transactions", json_integer((json_int_t)row->latencies->total) }, { "figures", made });
}

/* What the table has: of the transactions of all rounds, for percentiles of rounds have no sum. */
static json_t *latency_list(const struct run *run)
{
    struct summary *summary = NULL;
    json_t *made = summary_of(run, &summary, NULL) ? json_array() : NULL;
    for (size_t i = 0; made && i < summary->row_count; i++)
        if (summary->rows[i].latencies)
            made = value_append(made, latency_value(run, &summary->rows[i]));
    summary_destroy(&summary);
    return made;
}

bool report_json(const struct run *run, FILE *out, struct err *e)
{
    struct comparisons *comparisons = NULL;
    struct facts *facts = NULL;
    if (!facts_of(run, &facts, e) || !compare_run(run, &comparisons, e)) {
        facts_destroy(&facts);
        return false;
    }
    char seed[24]; /* a number of 64 bits, which many a reader of JSON would round */
    snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
    json_t *root = VALUE_OBJECT(
        { "schema", json_integer(SCHEMA) }, { "run", value_text(run->uuid) }, { "no", json_integer(run->no) },
        { "scenario", value_text(run->scenario) }, { "status", json_string(run_status_name(run->status)) },
        { "why", value_word(run->why) }, { "started", value_utc(run->started_real_ns) },
        { "ended", value_utc(run->ended_real_ns) }, { "version", value_text(run->version) },
        { "scenario_schema", json_integer(run->schema) }, { "overrides", line_list(run->overrides) },
        { "left_out", line_list(run->left_out) }, { "seed", json_string(seed) },
        { "rounds", json_integer(run->rounds) }, { "tolerance_ns", json_integer(run->tolerance_ns) },
        { "nodes", node_list(run) }, { "steps", step_list(run) }, { "trials", trial_list(run, facts) },
        { "latencies", latency_list(run) }, { "comparisons", report_compare_json(comparisons) });
    comparisons_destroy(&comparisons);
    facts_destroy(&facts);
    return value_write(root, out, e);
}
