/* jsonl.c - an object a line, for programs. Keys are those of the JSON of `tare show`, and as stable;
 * docs/live-jsonl.md tells them all. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "live/outlet.h"
#include "live/sink.h"
#include "report/report_json.h"
#include "report/value.h"

struct jsonl {
    struct outlet *out;
    const struct run *run; /* borrowed; NULL before it begins and after its end */
    char uuid[40];
    int64_t no;
    struct live_step step; /* ... of the trial that goes on */
    char step_name[MODEL_STEP];
};

static json_t *now(void)
{
    int64_t ns = clock_real_ns();
    time_t seconds = (time_t)(ns / CLOCK_NS_PER_S);
    struct tm utc;
    char day[32] = "", out[48];
    if (gmtime_r(&seconds, &utc))
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, sizeof out, "%s.%03dZ", day, (int)(ns % CLOCK_NS_PER_S / CLOCK_NS_PER_MS));
    return json_string(out);
}

static void put(struct jsonl *j, enum outlet_worth worth, const char *event, json_t *value);

static void tell_dropped(struct jsonl *j, bool at_once)
{
    uint64_t dropped = outlet_dropped(j->out, at_once);
    if (dropped > 0)
        put(j, OUTLET_RESULT, "note",
            VALUE_OBJECT({ "level", json_string("warning") },
                         { "text", json_string("lines were left out: the reader was slow") },
                         { "dropped", json_integer((json_int_t)dropped) }));
}

/* Takes `value`; "event" and "time" come first in the line. Out of memory: the line is dropped. */
static void put(struct jsonl *j, enum outlet_worth worth, const char *event, json_t *value)
{
    tell_dropped(j, worth == OUTLET_RESULT);
    json_t *whole = VALUE_OBJECT({ "event", json_string(event) }, { "time", now() });
    if (whole && value && json_object_update_missing(whole, value) == 0) {
        char *text = json_dumps(whole, JSON_COMPACT | JSON_REAL_PRECISION(15));
        struct buffer line = { 0 };
        if (text && buffer_put(&line, text, strlen(text)) && buffer_put(&line, "\n", 1))
            (void)outlet_put(j->out, worth, line.text, line.size);
        buffer_clear(&line);
        free(text);
    }
    json_decref(whole);
    json_decref(value);
}

static bool jsonl_open(int fd, void **state, struct err *e)
{
    struct jsonl *j = calloc(1, sizeof *j);
    if (!j)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (!outlet_open(fd, NULL, &j->out, e)) {
        free(j);
        return false;
    }
    *state = j;
    return true;
}

static void jsonl_close(void *state)
{
    struct jsonl *j = state;
    (void)outlet_close(&j->out);
    free(j);
}

static void jsonl_note(void *state, enum log_level level, const char *text)
{
    put(state, OUTLET_NEWS, "note",
        VALUE_OBJECT({ "level", json_string(level == LOG_INFO ? "info" : log_word(level)) },
                     { "text", value_text(text) }));
}

static void jsonl_node(void *state, const struct live_node *node)
{
    put(state, OUTLET_RESULT, "node",
        VALUE_OBJECT({ "name", value_text(node->name) }, { "state", json_string("joined") },
                     { "program", value_text(node->program) }, { "version", value_text(node->version) },
                     { "address", value_text(node->address) }));
}

static void jsonl_run(void *state, const struct run *run, int trials, const struct live_expected *expected)
{
    struct jsonl *j = state;
    j->run = run;
    j->no = run->no;
    text_copy(j->uuid, sizeof j->uuid, run->uuid);
    json_t *nodes = json_array(), *steps = json_array();
    for (size_t i = 0; i < run->node_count; i++)
        nodes = value_append(nodes, VALUE_OBJECT({ "name", value_text(run->nodes[i].name) },
                                                 { "role", value_text(run->nodes[i].role) }));
    for (size_t i = 0; i < run->step_count; i++)
        steps = value_append(steps, VALUE_OBJECT({ "name", value_text(run->steps[i].name) },
                                                 { "workload", value_text(run->steps[i].workload) }));
    put(j, OUTLET_RESULT, "run",
        VALUE_OBJECT({ "run", value_text(run->uuid) }, { "no", json_integer(run->no) },
                     { "scenario", value_text(run->scenario) }, { "rounds", json_integer(run->rounds) },
                     { "trial_count", json_integer(trials) }, { "left_ns", json_integer(expected->left.least) },
                     { "left_most_ns", json_integer(expected->left.most) }, { "nodes", nodes }, { "steps", steps }));
}

static void jsonl_begin(void *state, const struct live_step *step)
{
    struct jsonl *j = state;
    j->step = *step;
    text_copy(j->step_name, sizeof j->step_name, step->name);
    put(j, OUTLET_RESULT, "begin",
        VALUE_OBJECT({ "no", json_integer(j->no) }, { "place", json_integer(step->trial + 1) },
                     { "trial_count", json_integer(step->trials) }, { "step", value_text(step->name) },
                     { "round", json_integer(step->round) }, { "attempt", json_integer(step->attempt) },
                     { "warmup_ns", json_integer(step->warmup_ns) }, { "length_ns", json_integer(step->length_ns) },
                     { "left_ns", json_integer(step->left_ns) }));
}

static json_t *rate_value(const struct live_rate *r)
{
    json_t *rate = r->is_known ? VALUE_OBJECT({ "value", value_real(r->rate) }, { "unit", json_string(r->unit) },
                                              { "last", value_real(r->last_rate) })
                               : json_null();
    const char *name = strcmp(r->unit, "1/s") == 0 ? "transactions" : "throughput";
    return VALUE_OBJECT(
        { "node", value_text(r->node) }, { "peer", value_word(r->peer) }, { "direction", json_string(r->direction) },
        { "figures", VALUE_OBJECT({ name, rate }) },
        { "host_cpus", r->host_cpus > 0 ? value_real(r->host_cpus) : json_null() },
        { "clock", VALUE_OBJECT({ "offset_bound_ns", value_if(r->clock_bound_ns >= 0, r->clock_bound_ns) },
                                { "stamps", value_word(r->stamps ? r->stamps : "") }) });
}

static void jsonl_rates(void *state, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    struct jsonl *j = state;
    if (at_ns < 0)
        return; /* that it is being prepared "begin" said */
    json_t *streams = json_array();
    for (size_t i = 0; i < count; i++)
        streams = value_append(streams, rate_value(&rates[i]));
    put(j, OUTLET_RATE, "rates",
        VALUE_OBJECT({ "no", json_integer(j->no) }, { "place", json_integer(j->step.trial + 1) },
                     { "step", value_text(j->step_name) }, { "round", json_integer(j->step.round) },
                     { "attempt", json_integer(j->step.attempt) }, { "after_start_ns", json_integer(at_ns) },
                     { "streams", streams }));
}

static void jsonl_trial(void *state, const struct live_step *step, const struct trial *trial, int64_t left_ns)
{
    struct jsonl *j = state;
    json_t *value = j->run ? report_json_trial(j->run, trial) : NULL;
    json_t *more = VALUE_OBJECT({ "no", json_integer(j->no) }, { "place", json_integer(step->trial + 1) },
                                { "left_ns", json_integer(left_ns) });
    if (value && more && json_object_update_missing(more, value) == 0)
        put(j, OUTLET_RESULT, "trial", json_incref(more));
    json_decref(value);
    json_decref(more);
}

static void jsonl_end(void *state, const char *status, int exit_code, const char *error)
{
    struct jsonl *j = state;
    j->run = NULL;
    put(j, OUTLET_RESULT, "done",
        VALUE_OBJECT({ "run", value_word(j->uuid) }, { "no", value_if(j->no != 0, j->no) },
                     { "status", value_word(status) }, { "exit_code", json_integer(exit_code) },
                     { "error", value_word(error) }));
}

const struct live_sink live_jsonl = { .open = jsonl_open,
                                      .close = jsonl_close,
                                      .note = jsonl_note,
                                      .node = jsonl_node,
                                      .run = jsonl_run,
                                      .begin = jsonl_begin,
                                      .rates = jsonl_rates,
                                      .trial = jsonl_trial,
                                      .end = jsonl_end };
