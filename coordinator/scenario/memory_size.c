#include "memory_size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "scenario/yaml_tree.h"

static const char UNIT[] = "x memory";
static const double MIB = 1024.0 * 1024, TIMES_MOST = 1000;

/* "2x memory", "1.5x memory" */
static bool is_in_memories(const char *text, double *times)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    *times = strtod(text, &end);
    return strcmp(end, UNIT) == 0;
}

static bool has_any(const struct yaml_value *value)
{
    double times;
    bool any = value->kind == YAML_TEXT && is_in_memories(value->text, &times);
    for (const struct yaml_value *each = value->first; !any && each; each = each->next)
        any = has_any(each);
    return any;
}

/* Of the largest guest among the step's nodes; -1, and *unknown (borrowed) names it, where one is no built-in. */
static int64_t largest_memory(const struct reader *r, const struct yaml_value *map, const char **unknown)
{
    const struct yaml_value *on = yaml_get(map, "on");
    const struct yaml_value *each = on && on->kind == YAML_LIST ? on->first : on;
    int64_t most = 0;
    size_t first, count;
    for (; each; each = on->kind == YAML_LIST ? each->next : NULL)
        for (size_t i = 0; reader_find(r, each->text, &first, &count) && i < count; i++) {
            const struct scenario_node *node = &r->scenario->nodes[first + i];
            *unknown = node->role == ROLE_GUEST && !node->built_in ? node->name : *unknown;
            if (node->built_in && node->built_in->memory_bytes > most)
                most = node->built_in->memory_bytes;
        }
    return *unknown ? -1 : most;
}

/* As bytes, or "" where they cannot be known, told. */
static const char *as_bytes(const struct reader *r, const struct yaml_value *map, const struct yaml_value *value,
                            double times)
{
    const char *unknown = NULL;
    const int64_t memory = largest_memory(r, map, &unknown);
    char text[32];
    if (unknown)
        READER_SAY(r, value, "'%.40s': what memory '%.64s' has is not known before it runs: say the size itself",
                   value->text, unknown);
    else if (memory == 0)
        READER_SAY(r, value, "'%.40s': the step has no built-in guest, whose memory that would be: say the size itself",
                   value->text);
    else if (times <= 0 || times > TIMES_MOST)
        READER_SAY(r, value, "'%.40s': more than 0x and at most %.0fx", value->text, TIMES_MOST);
    else {
        units_print_size((int64_t)(ceil(times * (double)memory / MIB) * MIB), text, sizeof text);
        return yaml_tree_keep_text(r->tree, text, strlen(text));
    }
    return "";
}

/* A copy of `value` in which they are bytes. NULL when memory is out. */
static struct yaml_value *resolved(const struct reader *r, const struct yaml_value *map, const struct yaml_value *value)
{
    struct yaml_value *copy = yaml_tree_keep(r->tree, sizeof *copy), **end = copy ? &copy->first : NULL;
    double times;
    if (!copy)
        return NULL;
    *copy = *value;
    copy->next = NULL;
    if (value->kind == YAML_TEXT && is_in_memories(value->text, &times)) {
        copy->text = as_bytes(r, map, value, times);
        copy->broken = copy->text && !*copy->text;
        return copy->text ? copy : NULL;
    }
    for (const struct yaml_value *each = value->first; each; each = each->next, end = &(*end)->next)
        if (!(*end = resolved(r, map, each)))
            return NULL;
    return copy;
}

/* The values of `map` that are sizes among the `options`, and those of its matrix. NULL when memory is out. */
static struct yaml_value *resolved_step(const struct reader *r, const struct yaml_value *step,
                                        const struct yaml_value *map, const struct schema *options)
{
    struct yaml_value *copy = yaml_tree_keep(r->tree, sizeof *copy), **end = copy ? &copy->first : NULL;
    if (!copy)
        return NULL;
    *copy = *map;
    copy->next = NULL;
    for (const struct yaml_value *each = map->first; each; each = each->next, end = &(*end)->next) {
        const struct field *field = schema_field(options, each->key->text);
        const bool is_matrix = strcmp(each->key->text, "matrix") == 0 && each->kind == YAML_MAP;
        if (field && field->kind == FIELD_SIZE && has_any(each)) {
            *end = resolved(r, step, each);
        } else if (is_matrix && has_any(each)) {
            *end = resolved_step(r, step, each, options);
        } else if ((*end = yaml_tree_keep(r->tree, sizeof *copy))) {
            **end = *each;
            (*end)->next = NULL;
        }
        if (!*end)
            return NULL;
    }
    return copy;
}

const struct yaml_value *memory_sizes(const struct reader *r, const struct yaml_value *map,
                                      const struct schema *options)
{
    if (!has_any(map))
        return map;
    const struct yaml_value *step = resolved_step(r, map, map, options);
    if (!step)
        reader_no_memory(r);
    return step ? step : map;
}
