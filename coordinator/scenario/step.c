#include "step.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ip.h"
#include "base/text.h"
#include "base/words.h"
#include "scenario/keys.h"
#include "scenario/matrix.h"
#include "scenario/memory_size.h"

#define EXAMPLE "{name: stream, run: net_stream, to: peer, on: [host]}"

struct head {
    char name[SCENARIO_STEP_NAME];
    int when, wire;
    bool optional;
};

#define AT(member) offsetof(struct head, member)

/* clang-format off */
static const struct field HEAD_FIELDS[] = {
    { .key = "name", .kind = FIELD_NAME, .offset = AT(name), .capacity = SCENARIO_STEP_NAME,
      .doc = "what the report calls the step" },
    { .key = "when", .kind = FIELD_CHOICE, .offset = AT(when), .choices = "paired|together" /* enum when */, .fallback = "paired",
      .doc = "its nodes one after the other, or at the same instant" },
    { .key = "wire", .kind = FIELD_CHOICE, .offset = AT(wire), .choices = "as_is|unshaped" /* unshaped: index 1 */, .fallback = "as_is",
      .doc = "unshaped: meanwhile a lab's ports carry what the machine can do; for a lab alone" },
    { .key = "optional", .kind = FIELD_BOOL, .offset = AT(optional), .fallback = "false",
      .doc = "true: left out, and said why, where what it needs is not to be had; the other steps run" },
};
/* clang-format on */
const struct schema SCENARIO_STEP = { "step", HEAD_FIELDS, ARRAY_SIZE(HEAD_FIELDS), sizeof(struct head) };

static const char LATER[] = "order|seed|while_host_runs|instances|limits|repeats|count";

/* All options of all workloads: what a step may say whose own workload is not known. */
static bool is_an_option(const char *key)
{
    const struct workload_info *workload;
    for (size_t i = 0; (workload = catalogue_entry(i)); i++)
        if (schema_field(workload->options, key))
            return true;
    return false;
}

static void say_unknown_workload(const struct reader *r, const struct yaml_value *value)
{
    char known[512] = "", shown[512];
    const struct workload_info *workload;
    for (size_t i = 0; (workload = catalogue_entry(i)); i++)
        words_add(known, sizeof known, workload->name);
    const char *nearest = catalogue_nearest(value->text);
    if (nearest)
        READER_SAY(r, value, "run: no workload is named '%.64s': did you mean '%s'?", value->text, nearest);
    else
        READER_SAY(r, value, "run: no workload is named '%.64s' (one of: %s)", value->text,
                   words_show(known, shown, sizeof shown));
}

/* The workload of the step `map`; NULL, told, when it says none that exists. */
static const struct workload_info *read_workload(const struct reader *r, const struct yaml_value *map)
{
    const struct yaml_value *run = yaml_get(map, "run");
    if (!run)
        reader_missing(r, map, "run", "the workload, as in run: net_stream");
    if (!run || run->broken)
        return NULL;
    if (run->kind != YAML_TEXT) {
        READER_SAY(r, run, "run must be the name of one workload");
        return NULL;
    }
    const struct workload_info *workload = catalogue_find(run->text);
    if (!workload)
        say_unknown_workload(r, run);
    return workload;
}

static void check_keys(const struct reader *r, const struct yaml_value *map, const struct workload_info *workload)
{
    const struct yaml_value *run = yaml_get(map, "run");
    const char *meant =
        !workload && run && !run->broken && run->kind == YAML_TEXT ? catalogue_nearest(run->text) : NULL;
    if (meant)
        workload = catalogue_find(meant);
    struct reader_keys keys = { .fields = &SCENARIO_STEP,
                                .options = workload ? workload->options : NULL,
                                .others = "run|to|on|matrix",
                                .later = LATER };
    if (workload) {
        reader_check_keys(r, map, &keys);
        return;
    }
    /* One key at a time, so that the options of whatever was meant are passed over. */
    for (const struct yaml_value *value = map->first; value; value = value->next) {
        struct yaml_value alone = *value, single = { .kind = YAML_MAP, .first = &alone };
        alone.next = NULL;
        if (!is_an_option(value->key->text))
            reader_check_keys(r, &single, &keys);
    }
}

static void read_peer(const struct reader *r, const struct yaml_value *map, struct scenario_step *step)
{
    const struct yaml_value *to = yaml_get(map, "to");
    if (!step->workload || (!to && !step->workload->needs_peer && !step->workload->needs_guest))
        return;
    if (!to && step->workload->needs_guest) {
        reader_missing(r, map, "to", "the guest that it starts, as in to: guest");
        return;
    }
    if (!to) {
        reader_missing(r, map, "to", "the node of role peer at the other end");
        return;
    }
    if (!step->workload->needs_peer && !step->workload->needs_guest) {
        READER_SAY(r, to->key, "to: %s needs no peer: leave it out", step->workload->name);
        return;
    }
    int index = reader_node(r, to, "to");
    if (index < 0)
        return;
    const struct scenario_node *node = &r->scenario->nodes[index];
    if (step->workload->needs_guest) {
        if (!node->built_in && node->role != ROLE_COUNT)
            READER_SAY(r, to, "to: '%s' is no built-in guest: %s starts and ends none but those", node->name,
                       step->workload->name);
        else if (!node->is_fresh && node->role != ROLE_COUNT)
            READER_SAY(r, to, "to: '%s' is kept for all rounds (instances: kept): %s ends it", node->name,
                       step->workload->name);
        else
            step->to = index;
        return;
    }
    if (node->role == ROLE_PEER || !node_has_agent(node))
        step->to = index;
    else if (node->role != ROLE_COUNT)
        READER_SAY(r, to, "to: '%s' is a %s: name a node of role peer", node->name, node_role_name(node->role));
}

/* The first step before `map` that has its name, or NULL. */
static const struct yaml_value *find_twin(const struct yaml_value *first, const struct yaml_value *map)
{
    const struct yaml_value *name = yaml_get(map, "name");
    for (; name && *name->text && first != map; first = first->next) {
        const struct yaml_value *other = yaml_get(first, "name");
        if (other && strcmp(other->text, name->text) == 0)
            return first;
    }
    return NULL;
}

/* A guest is started by the agent of its own host. */
static void check_host(const struct reader *r, const struct yaml_value *on, const struct scenario_step *step)
{
    const struct scenario *s = r->scenario;
    const int host = step->to >= 0 ? s->nodes[step->to].on : -1;
    if (host >= 0 && step->on_count > 0 && (step->on_count != 1 || step->on[0] != host))
        READER_SAY(r, on, "on: %s is the host's, which starts '%s': say on: [%s]", step->workload->name,
                   s->nodes[step->to].name, s->nodes[host].name);
}

/* Between an address of IPv4 and one of IPv6 goes no data. */
static void check_families(const struct reader *r, const struct yaml_value *on, const struct scenario_step *step)
{
    const struct scenario *s = r->scenario;
    const char *peer = step->to >= 0 ? s->nodes[step->to].address : "";
    for (size_t i = 0; *peer && i < step->on_count; i++) {
        const struct scenario_node *node = &s->nodes[step->on[i]];
        struct ip a, b;
        if (*node->address && ip_parse(node->address, &a) && ip_parse(peer, &b) && a.size != b.size)
            READER_SAY(r, reader_place_of(r, on, step->on[i]),
                       "on: '%s' is at %s and '%s' at %s: give both an address of the same family", node->name,
                       node->address, s->nodes[step->to].name, peer);
    }
}

/* The source that an earlier step has node `index` build; NULL for none. */
static const char *earlier_source(const struct scenario *s, int index)
{
    for (size_t i = 0; i < s->step_count; i++)
        for (size_t n = 0; s->steps[i].workload && s->steps[i].workload->source && n < s->steps[i].on_count; n++)
            if (s->steps[i].on[n] == index)
                return s->steps[i].workload->source(s->steps[i].options);
    return NULL;
}

/* A built-in guest has a compiler when it is asked for, and starts with the one tree that it builds. */
static void check_builders(const struct reader *r, const struct yaml_value *on, const struct scenario_step *step)
{
    for (size_t i = 0; step->workload && step->workload->source && step->options && i < step->on_count; i++) {
        const struct scenario_node *node = &r->scenario->nodes[step->on[i]];
        const struct yaml_value *place = reader_place_of(r, on, step->on[i]);
        const char *other = node->built_in ? earlier_source(r->scenario, step->on[i]) : NULL;
        if (node->built_in && !node->built_in->compiler)
            READER_SAY(r, place, "on: '%s' is a built-in guest without a compiler: say compiler: true in its built_in",
                       node->name);
        else if (other && strcmp(other, step->workload->source(step->options)) != 0)
            READER_SAY(r, place, "on: '%s' builds '%.80s' already: a built-in guest starts with one source", node->name,
                       other);
    }
}

/* Whether its options go together, as those of the only cell of a step without a matrix must. */
static void check_fit(const struct reader *r, const struct yaml_value *map, const struct scenario_step *step)
{
    struct err e = { 0 };
    const char *key = step->workload->misfit ? step->workload->misfit(step->options, &e) : NULL;
    const struct yaml_value *place = key ? yaml_get(map, key) : NULL;
    if (key)
        READER_SAY(r, place ? place : map, "%s", e.text);
}

static void read_options(const struct reader *r, const struct yaml_value *map, bool is_cell, struct scenario_step *step)
{
    step->options = calloc(1, step->workload->options->size);
    if (!step->options)
        reader_no_memory(r);
    else if (reader_fields(r, map, step->workload->options, step->options) && !is_cell)
        check_fit(r, map, step);
}

/* `map` has no `matrix`; `is_cell`: it came from one. */
static void read_step(const struct reader *r, const struct yaml_value *map, const struct workload_info *workload,
                      bool is_cell, struct scenario_step *step)
{
    struct head head;
    reader_fields(r, map, &SCENARIO_STEP, &head);
    memcpy(step->name, head.name, sizeof step->name);
    step->when = (enum when)head.when;
    step->is_unshaped = head.wire == 1;
    step->is_optional = head.optional;
    step->workload = workload;
    check_keys(r, map, step->workload);
    if (step->workload)
        read_options(r, map, is_cell, step);
    read_peer(r, map, step);
    const struct yaml_value *on = yaml_get(map, "on");
    if (on)
        reader_nodes(r, on, "on", &step->on, &step->on_count);
    else
        reader_missing(r, map, "on", "the nodes to measure, as in on: [host]");
    if (on && step->workload && step->workload->needs_guest) {
        check_host(r, on, step);
    } else if (on) {
        check_families(r, on, step);
        check_builders(r, on, step);
    }
}

/* The sum that plan_left_ns makes must not overflow, and nobody waits that long on purpose. */
static void check_time(const struct reader *r, const struct yaml_value *value)
{
    static const int64_t YEAR_NS = INT64_C(365) * 24 * 3600 * CLOCK_NS_PER_S;
    const struct scenario *s = r->scenario;
    int64_t left_ns = YEAR_NS / s->repeats; /* for each round */
    for (size_t i = 0; i < s->step_count; i++) {
        if (!s->steps[i].workload || !s->steps[i].options)
            return;
        const struct workload_time time = catalogue_time(s->steps[i].workload, s->steps[i].options);
        int64_t trials = s->steps[i].when == WHEN_TOGETHER ? 1 : (int64_t)s->steps[i].on_count;
        left_ns -= trials * (time.usual_ns + time.warmup_ns);
        if (left_ns < 0) {
            READER_SAY(r, value, "steps: all rounds together take longer than a year: shorten a step or repeat less");
            return;
        }
    }
}

static void say_twin(const struct reader *r, const struct yaml_value *name, const struct yaml_value *twin)
{
    if (twin->line > 0)
        READER_SAY(r, name, "name: '%s' is the step in line %d already: give each its own", name->text, twin->line);
    else
        READER_SAY(r, name, "name: '%s' is another step already: give each its own", name->text);
}

/* Room for one more, at `map`; NULL, told, where there is none. */
static struct scenario_step *add_step(const struct reader *r, const struct yaml_value *map)
{
    struct scenario *s = r->scenario;
    if (s->step_count == SCENARIO_STEPS_MAX) {
        READER_SAY(r, map, "more than %d steps: split the scenario", SCENARIO_STEPS_MAX);
        return NULL;
    }
    struct scenario_step *steps = reallocarray(s->steps, s->step_count + 1, sizeof *steps);
    if (!steps) {
        reader_no_memory(r);
        return NULL;
    }
    s->steps = steps;
    steps[s->step_count] = (struct scenario_step){ .to = -1 };
    return &steps[s->step_count++];
}

static bool copy_step(const struct scenario_step *from, struct scenario_step *to)
{
    size_t size = from->workload->options->size;
    *to = *from;
    to->options = malloc(size);
    to->on = calloc(from->on_count + 1, sizeof *to->on);
    if (!to->options || !to->on)
        return false;
    memcpy(to->options, from->options, size);
    for (size_t i = 0; i < from->on_count; i++)
        to->on[i] = from->on[i];
    return true;
}

/* The cells of `matrix` as steps of their own, all like `pattern`. False when reading on makes no sense. */
static bool add_cells(const struct reader *r, const struct yaml_value *map, const struct matrix *matrix,
                      const struct scenario_step *pattern)
{
    struct scenario *s = r->scenario;
    const struct yaml_value *place = yaml_get(map, "matrix");
    struct scenario_matrix *matrices = reallocarray(s->matrices, s->matrix_count + 1, sizeof *matrices);
    struct err first = { 0 };
    if (!matrices) {
        reader_no_memory(r);
        return false;
    }
    s->matrices = matrices;
    struct scenario_matrix *told = &matrices[s->matrix_count++];
    *told = (struct scenario_matrix){ .first = s->step_count };
    text_copy(told->name, sizeof told->name, pattern->name);
    matrix_axes(matrix, told->axes, sizeof told->axes);
    for (size_t i = 0; i < matrix_count(matrix); i++) {
        struct err e = { 0 };
        struct scenario_step *step = add_step(r, map);
        if (!step)
            return false;
        if (!copy_step(pattern, step)) {
            reader_no_memory(r);
            return false;
        }
        if (matrix_cell(matrix, i, step->options, step->name, sizeof step->name, &e)) {
            told->count++;
            continue;
        }
        free(step->options);
        free(step->on);
        s->step_count--;
        told->left_out++;
        first = told->left_out == 1 ? e : first;
    }
    if (told->count == 0)
        READER_SAY(r, place, "matrix: none of its cells can be run: %s", first.text);
    return true;
}

/* The step `map`, or the steps that its matrix makes of it. */
static bool read_steps_of(const struct reader *r, const struct yaml_value *map)
{
    const struct workload_info *workload = read_workload(r, map);
    const size_t before = diags_count(r->diags);
    if (workload)
        map = memory_sizes(r, map, workload->options);
    struct matrix *matrix = workload ? matrix_read(r, map, workload) : NULL;
    struct scenario_step pattern = { .to = -1 };
    bool goes_on = true;
    if (!matrix) {
        struct scenario_step *step = add_step(r, map);
        if (step)
            read_step(r, map, workload, yaml_get(map, "matrix") != NULL, step);
        return step != NULL;
    }
    read_step(r, matrix_pattern(matrix), workload, true, &pattern);
    if (diags_count(r->diags) == before)
        goes_on = add_cells(r, map, matrix, &pattern);
    free(pattern.options);
    free(pattern.on);
    matrix_destroy(&matrix);
    return goes_on;
}

void steps_read(const struct reader *r, const struct yaml_value *value)
{
    if (value->broken)
        return;
    if (value->kind != YAML_LIST || value->count == 0) {
        READER_SAY(r, value, "steps must list at least one step, as in - %s", EXAMPLE);
        return;
    }
    for (const struct yaml_value *map = value->first; map; map = map->next) {
        if (!reader_map(r, map, "a step", EXAMPLE))
            continue;
        if (!read_steps_of(r, map))
            return;
        const struct yaml_value *twin = find_twin(value->first, map);
        if (twin)
            say_twin(r, yaml_get(map, "name"), twin);
    }
    check_time(r, value);
}
