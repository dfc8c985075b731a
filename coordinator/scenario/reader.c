#include "reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

enum {
    WORDS = 1024,                                       /* the keys of any mapping, and what is shown of a list */
    ALL_NAMES = 2 * SCENARIO_NODES_MAX * SCENARIO_NAME, /* the names of all nodes and groups */
};

/* Whether a further mistake would only be counted: then its text is not worth a search. */
static bool is_full(const struct reader *r) { return diags_count(r->diags) >= DIAG_MOST; }

void reader_no_memory(const struct reader *r) { diags_add(r->diags, 0, 0, 0, "out of memory while reading it"); }

bool reader_map(const struct reader *r, const struct yaml_value *value, const char *what, const char *example)
{
    if (value->broken)
        return false;
    if (value->kind == YAML_MAP)
        return true;
    READER_SAY(r, value, "%s must be a mapping, as in %s", what, example);
    return false;
}

static void add_schema(char *words, size_t size, const struct schema *schema)
{
    for (size_t i = 0; schema && i < schema->count; i++)
        words_add(words, size, schema->fields[i].key);
}

static void say_unknown(const struct reader *r, const struct yaml_value *key, const struct reader_keys *keys)
{
    char known[WORDS] = "", shown[WORDS], nearest[64];
    if (is_full(r)) {
        READER_SAY(r, key, "unknown key");
        return;
    }
    add_schema(known, sizeof known, keys->fields);
    words_add(known, sizeof known, keys->others);
    add_schema(known, sizeof known, keys->options);
    if (words_nearest(known, key->text, nearest, sizeof nearest))
        READER_SAY(r, key, "unknown key '%.64s': did you mean '%s'?", key->text, nearest);
    else
        READER_SAY(r, key, "unknown key '%.64s' (known here: %s)", key->text, words_show(known, shown, sizeof shown));
}

void reader_check_keys(const struct reader *r, const struct yaml_value *map, const struct reader_keys *keys)
{
    for (const struct yaml_value *value = map->first; value; value = value->next) {
        const char *key = value->key->text;
        if (schema_field(keys->fields, key) || words_index(keys->others, key) >= 0 ||
            (keys->options && schema_field(keys->options, key)) || (keys->told && words_index(keys->told, key) >= 0))
            continue;
        if (words_index(keys->later, key) >= 0)
            READER_SAY(r, value->key, "'%s' comes with a later version of tare: leave it out", key);
        else
            say_unknown(r, value->key, keys);
    }
}

void reader_missing(const struct reader *r, const struct yaml_value *map, const char *key, const char *doc)
{
    for (const struct yaml_value *value = map->first; value; value = value->next)
        if (text_distance(value->key->text, key) == 1)
            return;
    READER_SAY(r, map, "'%s' is missing (%s)", key, doc);
}

bool reader_fields(const struct reader *r, const struct yaml_value *map, const struct schema *schema, void *object)
{
    bool good = true;
    schema_defaults(schema, object);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        const struct yaml_value *value = yaml_get(map, field->key);
        struct err e = { 0 };
        if (!value && field->fallback)
            continue;
        if (value && !value->broken && value->kind == YAML_TEXT && field_set(field, object, value->text, &e))
            continue;
        good = false;
        if (!value)
            reader_missing(r, map, field->key, field->doc);
        else if (value->kind != YAML_TEXT)
            READER_SAY(r, value, "%s must be a single value (%s)", field->key, field->doc);
        else if (!value->broken)
            READER_SAY(r, value, "%s", e.text);
    }
    return good;
}

static void say_unknown_node(const struct reader *r, const struct yaml_value *value, const char *key)
{
    const struct scenario *s = r->scenario;
    char known[ALL_NAMES] = "", shown[WORDS], nearest[64];
    for (size_t i = 0; i < s->group_count && !is_full(r); i++)
        words_add(known, sizeof known, s->groups[i].name);
    for (size_t i = 0; i < s->node_count && !is_full(r); i++)
        words_add(known, sizeof known, s->nodes[i].name);
    if (words_nearest(known, value->text, nearest, sizeof nearest))
        READER_SAY(r, value, "%s: no node is named '%.64s': did you mean '%s'?", key, value->text, nearest);
    else
        READER_SAY(r, value, "%s: no node is named '%.64s' (declared: %s)", key, value->text,
                   words_show(known, shown, sizeof shown));
}

bool reader_find(const struct reader *r, const char *name, size_t *first, size_t *count)
{
    const struct scenario *s = r->scenario;
    for (size_t i = 0; i < s->group_count; i++)
        if (strcmp(s->groups[i].name, name) == 0) {
            *first = s->groups[i].first;
            *count = s->groups[i].count;
            return true;
        }
    for (size_t i = 0; i < s->node_count; i++)
        if (strcmp(s->nodes[i].name, name) == 0) {
            *first = i;
            *count = 1;
            return true;
        }
    return false;
}

/* The nodes that `value` names, none of them when it is wrong, which is told. */
static bool find_nodes(const struct reader *r, const struct yaml_value *value, const char *key, size_t *first,
                       size_t *count)
{
    if (value->broken)
        return false;
    if (value->kind != YAML_TEXT)
        READER_SAY(r, value, "%s must be the name of a node", key);
    else if (reader_find(r, value->text, first, count))
        return true;
    else if (r->scenario->node_count > 0) /* that there are none is told at 'nodes' */
        say_unknown_node(r, value, key);
    return false;
}

int reader_node(const struct reader *r, const struct yaml_value *value, const char *key)
{
    size_t first = 0, count = 0;
    if (!find_nodes(r, value, key, &first, &count))
        return -1;
    if (count == 1)
        return (int)first;
    READER_SAY(r, value, "%s: '%s' stands for %zu nodes: name one of them, as in '%s'", key, value->text, count,
               r->scenario->nodes[first].name);
    return -1;
}

/* Whether node `index` may be added to the `count` that are there already. */
static bool may_join(const struct reader *r, const struct yaml_value *value, const char *key, int index,
                     const int *nodes, size_t count)
{
    const struct scenario_node *node = &r->scenario->nodes[index];
    if (node->role == ROLE_PEER) {
        READER_SAY(r, value, "%s: '%s' is a peer: only hosts and guests are measured", key, node->name);
        return false;
    }
    if (!node_has_agent(node)) {
        READER_SAY(r, value,
                   "%s: '%s' has a stock netserver and no agent: it can only be measured against, with to: %s", key,
                   node->name, node->name);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (nodes[i] == index) {
            READER_SAY(r, value, "%s: '%s' is listed twice: leave one out", key, node->name);
            return false;
        }
    return true;
}

bool reader_nodes(const struct reader *r, const struct yaml_value *value, const char *key, int **nodes, size_t *count)
{
    bool single = value->kind == YAML_TEXT, good = true;
    if (value->broken)
        return false;
    if (value->kind == YAML_MAP || (value->kind == YAML_LIST && value->count == 0)) {
        READER_SAY(r, value, "%s must list at least one node, as in [host]", key);
        return false;
    }
    *nodes = calloc(r->scenario->node_count + 1, sizeof **nodes); /* none of them twice */
    if (!*nodes) {
        reader_no_memory(r);
        return false;
    }
    for (const struct yaml_value *each = single ? value : value->first; each; each = single ? NULL : each->next) {
        size_t first = 0, some = 0;
        bool found = find_nodes(r, each, key, &first, &some);
        for (size_t i = 0; found && i < some; i++) {
            found = may_join(r, each, key, (int)(first + i), *nodes, *count);
            if (found)
                (*nodes)[(*count)++] = (int)(first + i);
        }
        good = found && good;
    }
    return good;
}

const struct yaml_value *reader_place_of(const struct reader *r, const struct yaml_value *value, int index)
{
    const struct yaml_value *each = value->kind == YAML_LIST ? value->first : NULL;
    for (size_t first = 0, count = 0; each; each = each->next)
        if (each->kind == YAML_TEXT && reader_find(r, each->text, &first, &count) && (size_t)index >= first &&
            (size_t)index - first < count)
            return each;
    return value;
}
