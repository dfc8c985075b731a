#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "scenario/keys.h"
#include "scenario/method.h"
#include "scenario/node.h"
#include "scenario/override.h"
#include "scenario/reader.h"
#include "scenario/step.h"
#include "scenario/yaml.h"

struct head {
    char name[SCENARIO_NAME];
};

struct start {
    int64_t tolerance_ns, wander_ppm;
};

struct limits {
    int64_t clock_ppm;
};

struct again {
    int64_t repeat;
};

/* clang-format off */
static const struct field HEAD_FIELDS[] = {
    { .key = "name", .kind = FIELD_NAME, .offset = offsetof(struct head, name), .capacity = SCENARIO_NAME,
      .doc = "what the archive and the report call this scenario" },
};
static const struct field START_FIELDS[] = {
    { .key = "tolerance", .kind = FIELD_DURATION, .offset = offsetof(struct start, tolerance_ns),
      .min = CLOCK_NS_PER_US, .max = INT64_C(10) * CLOCK_NS_PER_S, .fallback = "100us",
      .doc = "how far apart the nodes of a trial may start" },
    { .key = "wander_ppm", .kind = FIELD_INT, .offset = offsetof(struct start, wander_ppm), .min = 0, .max = 100000, .fallback = "1",
      .doc = "what every bound assumes: that no clock's rate wanders by more during a trial, in ppm" },
};
static const struct field LIMITS_FIELDS[] = {
    { .key = "clock_ppm", .kind = FIELD_INT, .offset = offsetof(struct limits, clock_ppm), .min = 1, .max = 500000, .fallback = "500",
      .doc = "a trial is flagged when a node's clock surely runs faster or slower than the coordinator's by more, in ppm" },
};
static const struct field AGAIN_FIELDS[] = {
    { .key = "repeat", .kind = FIELD_INT, .offset = offsetof(struct again, repeat), .min = 1, .max = 10,
      .doc = "how often a trial is tried again, 1 to 10" },
};
/* clang-format on */

#define SCHEMA(name, fields, type)                     \
    {                                                  \
        name, fields, ARRAY_SIZE(fields), sizeof(type) \
    }
const struct schema SCENARIO_HEAD = SCHEMA("scenario", HEAD_FIELDS, struct head);
const struct schema SCENARIO_START = SCHEMA("start", START_FIELDS, struct start);
const struct schema SCENARIO_LIMITS = SCHEMA("limits", LIMITS_FIELDS, struct limits);
const struct schema SCENARIO_ON_BAD = SCHEMA("on_bad", AGAIN_FIELDS, struct again);

static void read_version(const struct reader *r, const struct yaml_value *root)
{
    const struct yaml_value *tare = yaml_get(root, "tare");
    if (!tare)
        reader_missing(r, root, "tare", "the version of what follows: begin with tare: 1");
    else if (!tare->broken && (tare->kind != YAML_TEXT || strcmp(tare->text, "1") != 0))
        READER_SAY(r, tare, "tare: %.40s%sthis program reads version 1: write tare: 1",
                   tare->kind == YAML_TEXT ? tare->text : "", tare->kind == YAML_TEXT ? ": " : "");
}

static void read_head(const struct reader *r, const struct yaml_value *root)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_HEAD,
                                             .others = "tare|nodes|start|limits|steps|" METHOD_KEYS,
                                             .later = "" };
    reader_check_keys(r, root, &KEYS);
    read_version(r, root);
    struct head head;
    reader_fields(r, root, &SCENARIO_HEAD, &head);
    memcpy(r->scenario->name, head.name, sizeof head.name);
}

/* `on_bad: {repeat: 2}` or one word. */
static void read_on_bad(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_ON_BAD, .others = "", .later = "" };
    struct scenario *s = r->scenario;
    if (value->broken)
        return;
    if (value->kind == YAML_MAP) {
        struct again again;
        reader_check_keys(r, value, &KEYS);
        reader_fields(r, value, &SCENARIO_ON_BAD, &again);
        s->start.on_bad = ON_BAD_REPEAT;
        s->start.repeat = (int)again.repeat;
    } else if (value->kind == YAML_TEXT && strcmp(value->text, "abort") == 0) {
        s->start.on_bad = ON_BAD_ABORT;
    } else if (value->kind != YAML_TEXT || strcmp(value->text, "keep") != 0) {
        READER_SAY(r, value, "on_bad must be keep, abort or {repeat: N}");
    }
}

static void read_start(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_START, .others = "on_bad", .later = "" };
    struct start start;
    schema_defaults(&SCENARIO_START, &start);
    if (value && reader_map(r, value, "start", "{tolerance: 100us, on_bad: keep}")) {
        reader_check_keys(r, value, &KEYS);
        reader_fields(r, value, &SCENARIO_START, &start);
        const struct yaml_value *on_bad = yaml_get(value, "on_bad");
        if (on_bad)
            read_on_bad(r, on_bad);
    }
    r->scenario->start.tolerance_ns = start.tolerance_ns;
    r->scenario->start.wander_ppm = (double)start.wander_ppm;
}

static void read_limits(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_LIMITS, .others = "", .later = "steal" };
    struct limits limits;
    schema_defaults(&SCENARIO_LIMITS, &limits);
    if (value && reader_map(r, value, "limits", "{clock_ppm: 500}")) {
        reader_check_keys(r, value, &KEYS);
        reader_fields(r, value, &SCENARIO_LIMITS, &limits);
    }
    r->scenario->limits.clock_ppm = (double)limits.clock_ppm;
}

static void read_scenario(const struct reader *r, const struct yaml_value *root)
{
    const struct yaml_value *nodes = yaml_get(root, "nodes"), *steps = yaml_get(root, "steps");
    read_head(r, root);
    method_read_repeats(r, root);
    read_start(r, yaml_get(root, "start"));
    read_limits(r, yaml_get(root, "limits"));
    if (nodes)
        nodes_read(r, nodes);
    else
        reader_missing(r, root, "nodes", "the machines, as in nodes: {host: {role: host}}");
    if (steps)
        steps_read(r, steps);
    else
        reader_missing(r, root, "steps", "what to run, as in steps: [{name: send, run: net_stream, ...}]");
    method_read_compare(r, root);
}

/* All of them in one text, as the archive keeps them: a line each. */
static char *join(const char *const *overrides)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    if (!to)
        return NULL;
    for (size_t i = 0; overrides && overrides[i]; i++)
        fprintf(to, "%s%s", i ? "\n" : "", overrides[i]);
    return fclose(to) == 0 ? text : NULL;
}

bool scenario_parse_with(const char *text, size_t size, const char *const *overrides, struct scenario **scenario,
                         struct diags *diags)
{
    static const char BOM[] = "\xef\xbb\xbf";
    bool has_bom = size >= 3 && memcmp(text, BOM, 3) == 0;
    const char *body = has_bom ? text + 3 : text;
    size_t body_size = has_bom ? size - 3 : size;
    size_t before = diags_count(diags);
    diags_set_text(diags, body, body_size);
    struct yaml_tree *tree = yaml_tree_new(body, body_size, diags);
    if (!tree)
        return false;
    for (size_t i = 0; overrides && overrides[i]; i++)
        override_apply(tree, overrides[i], diags);
    struct scenario *read = calloc(1, sizeof *read);
    struct reader reader = { read, diags, tree };
    if (!read || !(read->text = calloc(1, size + 1)) || !(read->overrides = join(overrides)) ||
        !(read->left_out = strdup(""))) {
        reader_no_memory(&reader);
    } else {
        memcpy(read->text, text, size);
        read->compare.base = -1;
        if (reader_map(&reader, yaml_tree_root(tree), "a scenario", "'tare: 1' and 'name: lab' on lines of their own"))
            read_scenario(&reader, yaml_tree_root(tree));
    }
    yaml_tree_destroy(&tree);
    if (diags_count(diags) != before) {
        scenario_destroy(&read);
        return false;
    }
    *scenario = read;
    return true;
}

bool scenario_parse(const char *text, size_t size, struct scenario **scenario, struct diags *diags)
{
    return scenario_parse_with(text, size, NULL, scenario, diags);
}

/* All of `fd`, at most one byte more than a scenario may have; -1 with errno on failure. */
static ssize_t read_all(int fd, char *to)
{
    size_t used = 0;
    while (used <= YAML_SIZE_MAX) {
        ssize_t got = read(fd, to + used, YAML_SIZE_MAX + 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (ssize_t)used;
}

bool scenario_load_with(const char *path, const char *const *overrides, struct scenario **scenario, struct diags *diags)
{
    bool is_stdin = strcmp(path, "-") == 0, good = false;
    char *text = malloc(YAML_SIZE_MAX + 1);
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = text && fd >= 0 ? read_all(fd, text) : -1;
    if (size >= 0)
        good = scenario_parse_with(text, (size_t)size, overrides, scenario, diags);
    else
        diags_add(diags, 0, 0, 0, "cannot be read: %s", strerror(errno));
    if (fd >= 0 && !is_stdin)
        close(fd);
    free(text);
    return good;
}

bool scenario_load(const char *path, struct scenario **scenario, struct diags *diags)
{
    return scenario_load_with(path, NULL, scenario, diags);
}

void scenario_clear_step(struct scenario_step *step)
{
    free(step->options);
    free(step->on);
}

void scenario_destroy(struct scenario **scenario)
{
    struct scenario *s = *scenario;
    if (!s)
        return;
    for (size_t i = 0; i < s->step_count; i++)
        scenario_clear_step(&s->steps[i]);
    free(s->steps);
    free(s->matrices);
    free(s->compare.with);
    free(s->groups);
    for (size_t i = 0; i < s->node_count; i++)
        free(s->nodes[i].built_in);
    free(s->nodes);
    free(s->overrides);
    free(s->left_out);
    free(s->text);
    free(s);
    *scenario = NULL;
}
