/* yaml.h - a YAML text as a tree whose values know their place.
 *
 * libyaml parses; what it lets through and a scenario shall not hold is refused here: bytes that
 * are not UTF-8, tags, a key given twice, a second document, and aliases that would grow without
 * bound. Values are text, unconverted: only the field that reads one knows what it is.
 */
#ifndef TARE_YAML_H
#define TARE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/diag.h"

enum {
    YAML_SIZE_MAX = 1024 * 1024,
    YAML_VALUES_MAX = 20000, /* with every alias counted as all that it stands for */
    YAML_DEPTH_MAX = 16,
};

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_value {
    enum yaml_kind kind;
    bool broken;             /* what is wrong with it is told: say no more about it */
    int line, column, width; /* as diags_add takes them; an alias stands where it is written */
    const char *text;        /* TEXT: one printable line, unless it is broken; else empty; never NULL */
    struct yaml_value *key;  /* within a MAP: a TEXT; else NULL */
    struct yaml_value *first, *next;
    size_t count;         /* LIST, MAP: of its values */
    size_t total, height; /* values and levels, itself included, aliases followed */
};

struct yaml_tree;

/* The tree of `text`, borrowed only for the call; `diags` must hold the same text. NULL when
 * there is none, with the reasons in `diags`; there may also be mistakes beside a tree. */
struct yaml_tree *yaml_tree_new(const char *text, size_t size, struct diags *diags);
void yaml_tree_destroy(struct yaml_tree **tree);

const struct yaml_value *yaml_tree_root(const struct yaml_tree *tree);

/* The value of `key` in a MAP; NULL when it is not there. */
const struct yaml_value *yaml_get(const struct yaml_value *map, const char *key);

#endif
