#include "scenario/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/text.h"
#include "scenario/source.h"
#include "scenario/yaml_tree.h"

struct anchor {
    const char *name;
    const struct yaml_value *value;
    struct anchor *next;
};

struct loader {
    yaml_parser_t parser;
    struct yaml_tree *tree;
    struct diags *diags;
    struct source source;
    struct anchor *anchors; /* of values that are complete: an alias cannot hold itself */
    size_t total;
    bool failed; /* what went wrong is told, and reading on makes no sense */
};

static void say_no_memory(struct loader *l)
{
    if (!l->failed)
        diags_add(l->diags, 0, 0, 0, "out of memory while reading it");
    l->failed = true;
}

static void *keep(struct loader *l, size_t size)
{
    void *data = yaml_tree_keep(l->tree, size);
    if (!data)
        say_no_memory(l);
    return data;
}

static const char *keep_text(struct loader *l, const char *text, size_t size)
{
    char *copy = keep(l, size + 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

static size_t byte_of(struct loader *l, const yaml_mark_t *mark) { return source_byte(&l->source, mark->index); }

static void set_place(const struct loader *l, struct yaml_value *value, size_t start, size_t end)
{
    struct source_place place = source_place(&l->source, start, end);
    value->line = place.line;
    value->column = place.column;
    value->width = place.width;
}

static void say_at_byte(struct loader *l, size_t byte, const char *text)
{
    struct source_place place = source_place(&l->source, byte, byte);
    diags_add(l->diags, place.line, place.column, place.width, "%s", text);
    l->failed = true;
}

/* What libyaml says, and what it means for a person; the first that fits. */
static const struct {
    const char *problem, *meaning;
    bool at_context; /* the place where it began says more than the one where it was noticed */
} SYNTAX[] = {
    { "cannot start any token", "a value cannot begin with this character: put it in quotes", false },
    { "a tab character", "a tab cannot indent: use spaces", false },
    { "expected ',' or ']'", "a list that begins with '[' needs ',' between its values and ']' at its end", false },
    { "expected ',' or '}'", "a mapping that begins with '{' needs ',' between its keys and '}' at its end", false },
    { "could not find expected ':'", "a key needs ': ' after it, as in 'length: 5s'", true },
    { "mapping values are not allowed",
      "a second ': ' in one line: put the value in quotes, or the key on its own line", false },
    { "mapping keys are not allowed", "no key can stand here: put it on its own line, indented like its neighbours",
      false },
    { "block sequence entries", "no '- ' can stand here: put it on its own line, indented like its neighbours", false },
    { "did not find expected key",
      "no key is found here: indent the keys of one mapping alike, close quotes and brackets", false },
    { "expected '-' indicator", "a list goes on with '- ': indent its values alike", false },
    { "unexpected end of stream", "a quote is opened here and never closed", true },
    { "unexpected document indicator", "a quote is opened here and not closed before the document ends", true },
    { "unknown escape", "no escape of YAML: write \\\\ for a backslash, or use single quotes", false },
    { "expected node content", "a value is missing here, or there is one ',' too many", false },
    { "alphabetic or numeric", "'&' and '*' need a name after them: put a text that begins with one in quotes", false },
    { "<document start>", "this belongs to nothing above it: check the indentation", false },
};

/* One mistake, where it was noticed or where it began. */
static void say_syntax(struct loader *l)
{
    const yaml_parser_t *p = &l->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        say_no_memory(l);
        return;
    }
    const char *problem = p->problem ? p->problem : "unknown problem", *meaning = "this is not YAML";
    bool at_context = false;
    for (size_t i = 0; i < ARRAY_SIZE(SYNTAX); i++)
        if (strstr(problem, SYNTAX[i].problem)) {
            meaning = SYNTAX[i].meaning;
            at_context = SYNTAX[i].at_context;
            break;
        }
    size_t at = p->error == YAML_READER_ERROR ? p->problem_offset : byte_of(l, &p->problem_mark);
    if (at < l->source.size && l->source.text[at] == '\t')
        meaning = "a tab cannot indent: use spaces";
    if (at < l->source.size && at > 0 && l->source.text[at] == '[' &&
        text_is_name((char[]){ l->source.text[at - 1], 0 }))
        meaning = "between brackets a group of nodes needs quotes, as in \"host[1-4]\"";
    bool has_context = p->context && p->error != YAML_READER_ERROR;
    if (has_context && (at_context || at >= l->source.size))
        at = byte_of(l, &p->context_mark);
    struct source_place place = source_place(&l->source, at, at);
    char text[256] = "";
    text_append(text, sizeof text, "%s (YAML: %s", meaning, problem);
    if (has_context)
        text_append(text, sizeof text, " %s", p->context);
    if (has_context && p->context_mark.line + 1 < (size_t)place.line)
        text_append(text, sizeof text, " that begins in line %zu", p->context_mark.line + 1);
    text_append(text, sizeof text, ")");
    say_at_byte(l, at, text);
}

static bool next_event(struct loader *l, yaml_event_t *event)
{
    if (l->failed)
        return false;
    if (yaml_parser_parse(&l->parser, event))
        return true;
    say_syntax(l);
    return false;
}

static void say(const struct loader *l, const struct yaml_value *at, const char *text)
{
    diags_add(l->diags, at->line, at->column, at->width, "%s", text);
}

/* False, and told, when the tree has become too large with `value` at `depth`. */
static bool within_limits(struct loader *l, const struct yaml_value *value, size_t depth)
{
    char text[128] = "";
    if (depth + value->height > YAML_DEPTH_MAX)
        text_append(text, sizeof text, "nested more than %d levels deep: a scenario needs no more than 6",
                    YAML_DEPTH_MAX);
    else if (l->total > YAML_VALUES_MAX)
        text_append(text, sizeof text,
                    "more than %d values, aliases counted as all that they stand for: split the scenario",
                    YAML_VALUES_MAX);
    if (!*text)
        return true;
    say(l, value, text);
    l->failed = true;
    return false;
}

static void read_text(struct loader *l, const yaml_event_t *event, struct yaml_value *value)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    const char *copy = keep_text(l, text, size);
    value->text = copy ? copy : "";
    value->broken = !copy || !text_is_printable(text, size);
    if (copy && value->broken)
        say(l, value, "a value is one line of printable characters: leave out line breaks and control characters");
}

static void read_alias(struct loader *l, const yaml_event_t *event, struct yaml_value *value)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = l->anchors;
    while (anchor && strcmp(anchor->name, name) != 0)
        anchor = anchor->next;
    if (!anchor) {
        diags_add(l->diags, value->line, value->column, value->width,
                  "'*%.40s' stands for nothing: mark a value above it with '&%.40s', which ends before the alias", name,
                  name);
        value->broken = true;
        return;
    }
    struct yaml_value place = *value;
    *value = *anchor->value;
    value->line = place.line;
    value->column = place.column;
    value->width = place.width;
    value->key = value->next = NULL;
}

/* Whether `key` can stand in `map`; what is wrong with it is told. */
static bool key_is_good(struct loader *l, const struct yaml_value *map, const struct yaml_value *key)
{
    if (key->broken)
        return false;
    if (key->kind != YAML_TEXT || *key->text == '\0') {
        say(l, key, "a key is a single word, as in 'length: 5s'");
        return false;
    }
    const struct yaml_value *twin = yaml_get(map, key->text);
    if (twin)
        diags_add(l->diags, key->line, key->column, key->width,
                  "'%.64s' is given twice, first in line %d: leave one of them out", key->text, twin->key->line);
    return !twin;
}

static struct yaml_value *read_value(struct loader *l, const yaml_event_t *event, size_t depth);

/* The values of a LIST, or the keys and values of a MAP, up to its end. */
static void read_children(struct loader *l, struct yaml_value *parent, size_t depth)
{
    struct yaml_value **end = &parent->first, *key = NULL;
    yaml_event_type_t stop = parent->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    for (yaml_event_t event; next_event(l, &event); yaml_event_delete(&event)) {
        if (event.type == stop) {
            yaml_event_delete(&event);
            return;
        }
        struct yaml_value *child = read_value(l, &event, depth + 1);
        if (!child)
            continue; /* and next_event ends it */
        if (child->height >= parent->height)
            parent->height = child->height + 1;
        parent->total += child->total;
        if (parent->kind == YAML_MAP && !key) {
            key = child;
            continue;
        }
        if (key && child->kind == YAML_TEXT && !child->broken && *child->text == '\0') {
            child->line = key->line; /* nothing can hardly be pointed at */
            child->column = key->column;
            child->width = key->width;
        }
        if (!key || key_is_good(l, parent, key)) {
            child->key = key;
            *end = child;
            end = &child->next;
            parent->count++;
        }
        key = NULL;
    }
}

/* libyaml gives the anchor and the tag of each kind of value in another member. */
static const char *anchor_of(const yaml_event_t *event)
{
    return (const char *)(event->type == YAML_SCALAR_EVENT           ? event->data.scalar.anchor
                          : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.anchor
                          : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.anchor
                                                                     : NULL);
}

static const char *tag_of(const yaml_event_t *event)
{
    return (const char *)(event->type == YAML_SCALAR_EVENT           ? event->data.scalar.tag
                          : event->type == YAML_SEQUENCE_START_EVENT ? event->data.sequence_start.tag
                          : event->type == YAML_MAPPING_START_EVENT  ? event->data.mapping_start.tag
                                                                     : NULL);
}

static void add_anchor(struct loader *l, const char *name, const struct yaml_value *value)
{
    struct anchor *anchor = keep(l, sizeof *anchor);
    const char *copy = keep_text(l, name, strlen(name));
    if (!anchor || !copy)
        return;
    *anchor = (struct anchor){ copy, value, l->anchors };
    l->anchors = anchor;
}

/* The value that begins with `event`, all of it. NULL when reading cannot go on. */
static struct yaml_value *read_value(struct loader *l, const yaml_event_t *event, size_t depth)
{
    struct yaml_value *value = keep(l, sizeof *value);
    if (!value)
        return NULL;
    value->total = value->height = 1;
    value->text = "";
    value->kind = event->type == YAML_SEQUENCE_START_EVENT  ? YAML_LIST
                  : event->type == YAML_MAPPING_START_EVENT ? YAML_MAP
                                                            : YAML_TEXT;
    size_t start = byte_of(l, &event->start_mark);
    set_place(l, value, start, byte_of(l, &event->end_mark));
    if (event->type == YAML_ALIAS_EVENT)
        read_alias(l, event, value);
    l->total += value->total;
    if (!within_limits(l, value, depth))
        return NULL;
    if (tag_of(event)) {
        say(l, value, "a tag ('!...') means nothing in a scenario: leave it out");
        value->broken = true;
    }
    if (event->type == YAML_SCALAR_EVENT)
        read_text(l, event, value);
    else if (event->type != YAML_ALIAS_EVENT)
        read_children(l, value, depth);
    if (anchor_of(event))
        add_anchor(l, anchor_of(event), value);
    return l->failed ? NULL : value;
}

/* The one document of the stream. */
static void read_stream(struct loader *l)
{
    yaml_event_t event;
    bool more = true;
    while (more && next_event(l, &event)) {
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT: break;
        case YAML_DOCUMENT_START_EVENT:
            if (l->tree->root)
                say_at_byte(l, byte_of(l, &event.start_mark),
                            "a second document begins here: keep one scenario a file");
            break;
        case YAML_STREAM_END_EVENT:
            if (!l->tree->root)
                diags_add(l->diags, 0, 0, 0,
                          "nothing stands in it: a scenario begins with 'tare: 1' (see scenarios/quickstart.yaml)");
            l->failed |= !l->tree->root;
            more = false;
            break;
        default: l->tree->root = read_value(l, &event, 0); break;
        }
        yaml_event_delete(&event);
    }
}

struct yaml_tree *yaml_tree_new(const char *text, size_t size, struct diags *diags)
{
    struct loader l = { .diags = diags };
    if (size > YAML_SIZE_MAX) {
        diags_add(diags, 0, 0, 0, "larger than 1 MiB, which no scenario needs: is it the right file?");
        return NULL;
    }
    if (!source_init(&l.source, text, size, diags))
        return NULL;
    l.tree = calloc(1, sizeof *l.tree);
    if (l.tree && yaml_parser_initialize(&l.parser)) {
        yaml_parser_set_encoding(&l.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, size);
        read_stream(&l);
        yaml_parser_delete(&l.parser);
    } else {
        say_no_memory(&l);
    }
    source_finish(&l.source);
    if (l.failed)
        yaml_tree_destroy(&l.tree);
    return l.tree;
}
