#include "override.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "scenario/yaml_tree.h"

enum { NAMES = 4096, SHOWN = 512 };

bool overrides_add(struct overrides *overrides, const char *argument, struct err *e)
{
    size_t count = 0;
    while (overrides->list[count])
        count++;
    if (count == OVERRIDES_MAX)
        return err_set(e, ERR_USAGE, "--set: more than %d of them: change the scenario's file", OVERRIDES_MAX);
    overrides->list[count] = argument;
    return true;
}

struct override {
    struct yaml_tree *tree;
    struct diags *diags;
    int line;         /* what marks its mistakes */
    const char *path; /* not ended by NUL: path_size bytes */
    size_t path_size;
};

#define SAY(o, ...) diags_add((o)->diags, (o)->line, 0, 0, __VA_ARGS__)

/* A value that can be changed without changing what else an alias made of it. */
static bool own_children(const struct override *o, struct yaml_value *parent)
{
    for (struct yaml_value **at = &parent->first; *at; at = &(*at)->next) {
        struct yaml_value *copy = yaml_tree_keep(o->tree, sizeof *copy);
        if (!copy) {
            SAY(o, "out of memory while setting it");
            return false;
        }
        *copy = **at;
        *at = copy;
    }
    return true;
}

static void mark(struct yaml_value *value, int line)
{
    value->line = line;
    for (struct yaml_value *child = value->first; child; child = child->next) {
        mark(child, line);
        if (child->key)
            child->key->line = line;
    }
}

/* What a child of a mapping goes by, or a step in its list; NULL without. */
static const char *name_of(const struct yaml_value *child)
{
    const struct yaml_value *name = child->key ? child->key : yaml_get(child, "name");
    return name && name->kind == YAML_TEXT && *name->text ? name->text : NULL;
}

/* The child whose name `path` begins with; the longest, since names may hold dots. */
static struct yaml_value *find_child(const struct yaml_value *parent, const char *path, size_t path_size, size_t *size)
{
    struct yaml_value *found = NULL;
    for (struct yaml_value *child = parent->first; child; child = child->next) {
        const char *name = name_of(child);
        size_t length = name ? strlen(name) : 0;
        if (length == 0 || length > path_size || (length < path_size && path[length] != '.') ||
            memcmp(name, path, length) != 0 || (found && length <= *size))
            continue;
        found = child;
        *size = length;
    }
    return found;
}

static void say_no_such(const struct override *o, const struct yaml_value *parent, const char *what, const char *name)
{
    char known[NAMES] = "", shown[SHOWN], nearest[64];
    for (const struct yaml_value *child = parent->first; child; child = child->next)
        if (name_of(child))
            words_add(known, sizeof known, name_of(child));
    const char *cell = strchr(name, '[');
    if (cell && strcmp(what, "step") == 0)
        SAY(o, "the cells of a matrix have no path of their own: set the step's, as in steps.%.*s.matrix.KEY=VALUE",
            (int)(cell - name), name);
    else if (words_nearest(known, name, nearest, sizeof nearest))
        SAY(o, "no %s is named '%.64s': did you mean '%s'?", what, name, nearest);
    else
        SAY(o, "no %s is named '%.64s' (declared: %s)", what, name, words_show(known, shown, sizeof shown));
}

/* A further child of `parent`, empty. NULL, told, when there can be none. */
static struct yaml_value *add_child(const struct override *o, struct yaml_value *parent, const char *name, size_t size)
{
    struct yaml_value *child = yaml_tree_keep(o->tree, sizeof *child);
    struct yaml_value *key = yaml_tree_keep(o->tree, sizeof *key);
    const char *text = yaml_tree_keep_text(o->tree, name, size);
    if (!child || !key || !text) {
        SAY(o, "out of memory while setting it");
        return NULL;
    }
    *key = (struct yaml_value){ .kind = YAML_TEXT, .text = text, .line = o->line, .total = 1, .height = 1 };
    *child = (struct yaml_value){ .kind = YAML_MAP, .text = "", .line = o->line, .key = key, .total = 1, .height = 1 };
    struct yaml_value **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = child;
    parent->count++;
    return child;
}

/* Whether something can be set below `at`, which the path names up to `size` bytes. */
static bool has_children(const struct override *o, const struct yaml_value *at, size_t size)
{
    int shown = (int)(size < 64 ? size : 64);
    if (at->broken)
        return false; /* told already */
    if (at->kind == YAML_TEXT)
        SAY(o, "'%.*s' is a single value: set it as a whole, as in %.*s=...", shown, o->path, shown, o->path);
    else if (at->kind == YAML_LIST && (!at->first || at->first->kind != YAML_MAP))
        SAY(o, "'%.*s' is a list: set it as a whole, as in %.*s=[...]", shown, o->path, shown, o->path);
    else
        return true;
    return false;
}

/* The value that the path names, made where need be. NULL, told, when there is none. */
static struct yaml_value *find_place(const struct override *o)
{
    struct yaml_value *at = o->tree->root;
    bool in_nodes = false;
    for (size_t used = 0; used < o->path_size;) {
        const char *path = o->path + used;
        size_t left = o->path_size - used, size = 0;
        if ((used > 0 && !has_children(o, at, used - 1)) || !own_children(o, at))
            return NULL;
        struct yaml_value *child = find_child(at, path, left, &size);
        if (!child) {
            const char *dot = memchr(path, '.', left);
            char name[65];
            size = dot ? (size_t)(dot - path) : left;
            snprintf(name, sizeof name, "%.*s", (int)(size < 64 ? size : 64), path);
            bool is_slip = at->kind == YAML_LIST || (in_nodes && size < left);
            if (is_slip && size > 0)
                say_no_such(o, at, in_nodes ? "node" : "step", name);
            else if (size == 0)
                SAY(o, "a key is missing in the path: it goes as in steps.send.length=2s");
            child = is_slip || size == 0 ? NULL : add_child(o, at, path, size);
        }
        if (!child)
            return NULL;
        in_nodes = used == 0 && size == strlen("nodes") && memcmp(path, "nodes", size) == 0;
        at = child;
        used += size + 1; /* with the dot */
        if (used == o->path_size)
            SAY(o, "the path ends with a dot: which key is meant?");
        if (used == o->path_size)
            return NULL;
    }
    return at;
}

/* The value behind '=', in the tree's memory. NULL, told, when it is none. */
static struct yaml_value *read_value(const struct override *o, const char *text)
{
    if (*text == '\0') {
        struct yaml_value *empty = yaml_tree_keep(o->tree, sizeof *empty);
        if (empty)
            *empty = (struct yaml_value){ .text = "", .line = o->line, .total = 1, .height = 1 };
        else
            SAY(o, "out of memory while setting it");
        return empty;
    }
    diags_redirect(o->diags, o->line);
    struct yaml_tree *read = yaml_tree_new(text, strlen(text), o->diags);
    diags_redirect(o->diags, 0);
    if (!read)
        return NULL;
    struct yaml_value *value = yaml_tree_adopt(o->tree, &read);
    mark(value, o->line);
    return value;
}

void override_apply(struct yaml_tree *tree, const char *argument, struct diags *diags)
{
    char *name = NULL;
    int line = asprintf(&name, "--set %s", argument) > 0 ? diags_add_argument(diags, name) : 0;
    free(name);
    const char *equals = strchr(argument, '=');
    struct override o = { tree, diags, line, argument, equals ? (size_t)(equals - argument) : 0 };
    if (o.path_size == 0) {
        SAY(&o, "it goes PATH=VALUE, as in --set repeats=5");
        return;
    }
    if (tree->root->kind != YAML_MAP)
        return; /* the reader tells */
    struct yaml_value *value = read_value(&o, equals + 1);
    struct yaml_value *place = value ? find_place(&o) : NULL;
    if (!place)
        return;
    struct yaml_value *key = place->key, *next = place->next;
    *place = *value;
    place->next = next;
    place->key = key;
    if (key) { /* what is wrong with it now is this argument's fault */
        place->key = yaml_tree_keep(tree, sizeof *key);
        if (place->key) {
            *place->key = *key;
            place->key->line = line;
        } else {
            place->key = key;
        }
    }
}
