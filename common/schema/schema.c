#include "schema.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "base/words.h"

static void *member(const struct field *field, void *object) { return (char *)object + field->offset; }
/* Those that an int64_t holds. */
static bool is_number(enum field_kind kind)
{
    return kind == FIELD_INT || kind == FIELD_DURATION || kind == FIELD_SIZE || kind == FIELD_RATE ||
           kind == FIELD_PERCENT;
}

static const void *const_member(const struct field *field, const void *object)
{
    return (const char *)object + field->offset;
}

void schema_defaults(const struct schema *schema, void *object)
{
    memset(object, 0, schema->size);
    for (size_t i = 0; i < schema->count; i++) {
        struct err e = { 0 };
        const struct field *field = &schema->fields[i];
        bool taken = !field->fallback || field_set(field, object, field->fallback, &e);
        assert(taken && "a default that its own field refuses");
        (void)taken;
    }
}

const struct field *schema_field(const struct schema *schema, const char *key)
{
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->fields[i].key, key) == 0)
            return &schema->fields[i];
    return NULL;
}

const char *schema_nearest(const struct schema *schema, const char *key)
{
    const char *nearest = NULL;
    int best = 3; /* more than two edits away is another word */
    for (size_t i = 0; i < schema->count; i++) {
        int distance = text_distance(schema->fields[i].key, key);
        if (distance < best && (size_t)distance < strlen(key)) {
            best = distance;
            nearest = schema->fields[i].key;
        }
    }
    return nearest;
}

static bool set_number(const struct field *field, void *object, const char *text, struct err *e)
{
    int64_t value = 0;
    bool ok = field->kind == FIELD_INT        ? units_parse_int(text, &value, e)
              : field->kind == FIELD_DURATION ? units_parse_duration(text, &value, e)
              : field->kind == FIELD_RATE     ? units_parse_rate(text, &value, e)
              : field->kind == FIELD_PERCENT  ? units_parse_percent(text, &value, e)
                                              : units_parse_size(text, &value, e);
    if (!ok)
        return err_wrap(e, "%s", field->key);
    if (value < field->min || value > field->max) {
        struct field ends[2] = { *field, *field };
        ends[0].offset = ends[1].offset = 0;
        char low[32], high[32];
        field_print(&ends[0], &field->min, low, sizeof low);
        field_print(&ends[1], &field->max, high, sizeof high);
        return err_set(e, ERR_USAGE, "%s: '%.40s' is outside %s to %s", field->key, text, low, high);
    }
    memcpy(member(field, object), &value, sizeof value);
    return true;
}

static bool refuse_choice(const struct field *field, const char *text, struct err *e)
{
    char near[64], shown[256];
    if (words_nearest(field->choices, text, near, sizeof near))
        return err_set(e, ERR_USAGE, "%s: '%.40s' is no choice: did you mean '%s'?", field->key, text, near);
    return err_set(e, ERR_USAGE, "%s: '%.40s' is none of %s", field->key, text,
                   words_show(field->choices, shown, sizeof shown));
}

bool field_set(const struct field *field, void *object, const char *text, struct err *e)
{
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_DURATION:
    case FIELD_SIZE:
    case FIELD_PERCENT:
    case FIELD_RATE: return set_number(field, object, text, e);
    case FIELD_BOOL: {
        bool is_true = strcmp(text, "true") == 0;
        if (!is_true && strcmp(text, "false") != 0)
            return err_set(e, ERR_USAGE, "%s: '%.40s' is neither true nor false", field->key, text);
        memcpy(member(field, object), &is_true, sizeof is_true);
        return true;
    }
    case FIELD_CHOICE: {
        int index = words_index(field->choices, text);
        if (index < 0)
            return refuse_choice(field, text, e);
        memcpy(member(field, object), &index, sizeof index);
        return true;
    }
    case FIELD_NAME:
        if (!text_is_name(text))
            return err_set(e, ERR_USAGE, "%s: '%.64s' is not a name (letters, digits, '-', '_', '.', at most 63)",
                           field->key, text);
        break;
    case FIELD_TEXT: break;
    }
    if (!text_is_printable(text, strlen(text)))
        return err_set(e, ERR_USAGE, "%s: holds a character that cannot be printed", field->key);
    if (strlen(text) >= field->capacity)
        return err_set(e, ERR_USAGE, "%s: '%.40s...' is longer than %zu bytes", field->key, text, field->capacity - 1);
    bool is_default = field->fallback && strcmp(text, field->fallback) == 0;
    if (field->check && !is_default && !field->check(text, e))
        return err_wrap(e, "%s", field->key);
    text_copy(member(field, object), field->capacity, text);
    return true;
}

const char *field_print(const struct field *field, const void *object, char *out, size_t size)
{
    const void *at = const_member(field, object);
    int64_t number = 0;
    if (is_number(field->kind))
        memcpy(&number, at, sizeof number);
    switch (field->kind) {
    case FIELD_INT: snprintf(out, size, "%" PRId64, number); break;
    case FIELD_DURATION: units_print_duration(number, out, size); break;
    case FIELD_SIZE: units_print_size(number, out, size); break;
    case FIELD_RATE: units_print_rate(number, out, size); break;
    case FIELD_PERCENT: units_print_percent(number, out, size); break;
    case FIELD_BOOL: text_copy(out, size, *(const bool *)at ? "true" : "false"); break;
    case FIELD_CHOICE: {
        const char *word = field->choices;
        for (int i = *(const int *)at; i > 0; i--)
            word = strchr(word, '|') + 1;
        snprintf(out, size, "%.*s", (int)(strchrnul(word, '|') - word), word);
        break;
    }
    case FIELD_NAME:
    case FIELD_TEXT: text_copy(out, size, at); break;
    }
    return out;
}

bool schema_pack(const struct schema *schema, const void *object, char *out, size_t size, struct err *e)
{
    out[0] = '\0';
    for (size_t i = 0; i < schema->count; i++) {
        char value[512];
        field_print(&schema->fields[i], object, value, sizeof value);
        if (!text_append(out, size, "%s=%s\n", schema->fields[i].key, value))
            return err_set(e, ERR_INTERNAL, "%s: the options do not fit in %zu bytes", schema->name, size);
    }
    return true;
}

/* One "key=value" of `size` bytes into `object`. `seen` has a byte a field. */
static bool unpack_line(const struct schema *schema, const char *line, size_t size, bool *seen, void *object,
                        struct err *e)
{
    char copy[640];
    if (size >= sizeof copy)
        return err_set(e, ERR_USAGE, "%s: an option of %zu bytes", schema->name, size);
    memcpy(copy, line, size);
    copy[size] = '\0';
    char *value = strchr(copy, '=');
    if (!value)
        return err_set(e, ERR_USAGE, "%s: '%.40s' is not key=value", schema->name, copy);
    *value++ = '\0';
    const struct field *field = schema_field(schema, copy);
    if (!field)
        return err_set(e, ERR_USAGE, "%s: unknown option '%.40s'", schema->name, copy);
    if (seen[field - schema->fields])
        return err_set(e, ERR_USAGE, "%s: '%s' is given twice", schema->name, field->key);
    seen[field - schema->fields] = true;
    return field_set(field, object, value, e) || err_wrap(e, "%s", schema->name);
}

bool schema_unpack(const struct schema *schema, const char *text, void *object, struct err *e)
{
    bool *seen = calloc(schema->count, sizeof *seen);
    void *read = malloc(schema->size);
    bool ok = seen && read;
    if (!ok)
        err_set(e, ERR_INTERNAL, "%s: out of memory", schema->name);
    else
        schema_defaults(schema, read);
    for (const char *at = text; ok && *at;) {
        const char *end = strchrnul(at, '\n');
        ok = unpack_line(schema, at, (size_t)(end - at), seen, read, e);
        at = *end ? end + 1 : end;
    }
    for (size_t i = 0; ok && i < schema->count; i++)
        if (!seen[i] && !schema->fields[i].fallback)
            ok = err_set(e, ERR_USAGE, "%s: '%s' is missing", schema->name, schema->fields[i].key);
    if (ok)
        memcpy(object, read, schema->size);
    free(read);
    free(seen);
    return ok;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const char *at = text ? text : "\x01"; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211); /* so that "ab","c" is not "a","bc" */
}

uint64_t schema_signature(const struct schema *schema)
{
    uint64_t hash = hash_text(UINT64_C(14695981039346656037), schema->name);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *f = &schema->fields[i];
        char numbers[96];
        snprintf(numbers, sizeof numbers, "%d %" PRId64 " %" PRId64 " %zu", (int)f->kind, f->min, f->max, f->capacity);
        hash = hash_text(hash_text(hash_text(hash_text(hash, f->key), numbers), f->choices), f->fallback);
    }
    return hash;
}

static const char *range_of(const struct field *f, char *out, size_t size)
{
    struct field end = *f;
    char low[32], high[32];
    end.offset = 0;
    *out = '\0';
    switch (f->kind) {
    case FIELD_INT:
    case FIELD_DURATION:
    case FIELD_PERCENT:
    case FIELD_SIZE:
    case FIELD_RATE:
        field_print(&end, &f->min, low, sizeof low);
        field_print(&end, &f->max, high, sizeof high);
        text_append(out, size, "%s to %s", low, high);
        break;
    case FIELD_BOOL: text_append(out, size, "true|false"); break;
    case FIELD_CHOICE: text_append(out, size, "%s", f->choices); break;
    case FIELD_TEXT: text_append(out, size, "at most %zu bytes", f->capacity - 1); break;
    case FIELD_NAME: text_append(out, size, "letters, digits, -_."); break;
    }
    return out;
}

/* A field's cells; NULL for those of the head. The last one is the doc. */
enum { HELP_CELLS = 5, HELP_CELL = 128 };
static void help_cells(const struct field *f, char cells[HELP_CELLS][HELP_CELL])
{
    static const char *const HEAD[] = { "option", "kind", "range", "default", "" };
    static const char *const KINDS[] = {
        [FIELD_INT] = "number",    [FIELD_DURATION] = "duration", [FIELD_SIZE] = "size",
        [FIELD_RATE] = "rate",     [FIELD_PERCENT] = "percent",   [FIELD_BOOL] = "yes or no",
        [FIELD_CHOICE] = "choice", [FIELD_TEXT] = "text",         [FIELD_NAME] = "name",
    };
    for (size_t i = 0; i < HELP_CELLS; i++)
        text_copy(cells[i], HELP_CELL, HEAD[i]);
    if (!f)
        return;
    text_copy(cells[0], HELP_CELL, f->key);
    text_copy(cells[1], HELP_CELL, KINDS[f->kind]);
    range_of(f, cells[2], HELP_CELL);
    text_copy(cells[3], HELP_CELL, !f->fallback ? "required" : *f->fallback ? f->fallback : "-");
    text_copy(cells[4], HELP_CELL, f->doc);
}

void schema_help(const struct schema *schema, FILE *to)
{
    char cells[HELP_CELLS][HELP_CELL];
    int widths[HELP_CELLS] = { 0 };
    for (size_t i = 0; i <= schema->count; i++) {
        help_cells(i < schema->count ? &schema->fields[i] : NULL, cells);
        for (size_t k = 0; k < HELP_CELLS - 1; k++)
            widths[k] = (int)strlen(cells[k]) > widths[k] ? (int)strlen(cells[k]) : widths[k];
    }
    for (size_t i = 0; i <= schema->count; i++) {
        help_cells(i > 0 ? &schema->fields[i - 1] : NULL, cells);
        fprintf(to, "  %-*s  %-*s  %-*s  %-*s%s%s\n", widths[0], cells[0], widths[1], cells[1], widths[2], cells[2],
                i > 0 ? widths[3] : 0, cells[3], i > 0 ? "  " : "", cells[4]);
    }
}
