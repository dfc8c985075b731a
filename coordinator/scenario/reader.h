/* reader.h - what the readers of a scenario's parts share: keys, fields and names of nodes, each
 * mistake told at its place. */
#ifndef TARE_READER_H
#define TARE_READER_H

#include "scenario/scenario.h"
#include "scenario/yaml.h"

struct reader {
    struct scenario *scenario; /* being filled */
    struct diags *diags;
    struct yaml_tree *tree; /* that is read */
};

/* A mistake at `value`. */
#define READER_SAY(reader, value, ...) \
    diags_add((reader)->diags, (value)->line, (value)->column, (value)->width, __VA_ARGS__)

/* The keys that a mapping may have. */
struct reader_keys {
    const struct schema *fields;  /* read by reader_fields */
    const struct schema *options; /* a workload's; may be NULL */
    const char *others;           /* "a|b", read one by one */
    const char *later;            /* "a|b": reserved for a later version */
    const char *told;             /* "a|b": what is wrong with them is told already; may be NULL */
};

/* Whether `value` is a mapping, told as "WHAT must be a mapping (EXAMPLE)". */
bool reader_map(const struct reader *r, const struct yaml_value *value, const char *what, const char *example);

/* Tell the keys of `map` that are none of its own. */
void reader_check_keys(const struct reader *r, const struct yaml_value *map, const struct reader_keys *keys);

/* `object` from the keys of `map`; fields that are missing get their defaults, or are told. False
 * when any was wrong: it is then at its default, or zero. */
bool reader_fields(const struct reader *r, const struct yaml_value *map, const struct schema *schema, void *object);

/* Tell that `map` lacks `key`, which is `doc`; not when a key of it is plainly a slip for it, since
 * that is told already. */
void reader_missing(const struct reader *r, const struct yaml_value *map, const char *key, const char *doc);

/* The nodes that `name` stands for: one, or those of a group, *count from *first. False when none. */
bool reader_find(const struct reader *r, const char *name, size_t *first, size_t *count);

/* The one node that `value` names, an index; -1, told, when there is none. `key` begins the message. */
int reader_node(const struct reader *r, const struct yaml_value *value, const char *key);

/* The nodes that `value` lists (one name is a list of one, a group's all of its nodes), each a node
 * under test and given once. False when any was wrong; *nodes is the caller's in any case. */
bool reader_nodes(const struct reader *r, const struct yaml_value *value, const char *key, int **nodes, size_t *count);

/* The place in a list of nodes that stands for node `index`. */
const struct yaml_value *reader_place_of(const struct reader *r, const struct yaml_value *value, int index);

/* Without memory nothing else is worth telling. */
void reader_no_memory(const struct reader *r);

#endif
