#include "matrix.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

#define EXAMPLE "matrix: {direction: [send, receive], message: 4KiB..64KiB}"

enum { AXES_MAX = 8, VALUE = 64 };

/* An option and the values that it takes in turn. */
struct axis {
    const struct field *field;
    struct yaml_value key, value; /* of the pattern: the first value, at its place */
    char (*texts)[VALUE];         /* owned; as field_print has them */
    size_t count;
};

struct matrix {
    const struct workload_info *workload;
    const struct workload_matrix *named; /* NULL: it is written out */
    struct axis axes[AXES_MAX];
    size_t axis_count;
    struct yaml_value pattern, *children; /* owned: the list of the pattern's values */
};

/* ---- the values of one option ---- */

static bool is_number(const struct field *f)
{
    return f->kind == FIELD_INT || f->kind == FIELD_DURATION || f->kind == FIELD_SIZE || f->kind == FIELD_RATE;
}

/* A value stands in the name of its cell: what separates values there cannot be in one. */
static bool may_be_named(const char *text) { return strlen(text) < VALUE && !strpbrk(text, ",=[]"); }

static bool add_value(const struct reader *r, const struct yaml_value *at, struct axis *axis, const char *text)
{
    for (size_t i = 0; i < axis->count; i++)
        if (strcmp(axis->texts[i], text) == 0) {
            READER_SAY(r, at, "matrix: %s: '%s' is given twice: leave one out", axis->field->key, text);
            return false;
        }
    if (!may_be_named(text)) {
        READER_SAY(r, at,
                   "matrix: %s: '%.40s' is too long for the name of a cell, or holds one of , = [ ]: give it a "
                   "step of its own",
                   axis->field->key, text);
        return false;
    }
    if (axis->count == SCENARIO_STEPS_MAX) {
        READER_SAY(r, at, "matrix: %s: more than %d values: split the scenario", axis->field->key, SCENARIO_STEPS_MAX);
        return false;
    }
    char(*texts)[VALUE] = reallocarray(axis->texts, axis->count + 1, sizeof *texts);
    if (!texts) {
        reader_no_memory(r);
        return false;
    }
    axis->texts = texts;
    text_copy(texts[axis->count++], VALUE, text);
    if (axis->count == 1) {
        axis->value = *at;
        axis->value.next = NULL;
    }
    return true;
}

/* `text` as the option has it, into `object`; told where it is none. */
static bool set_value(const struct reader *r, const struct yaml_value *at, const struct axis *axis, const char *text,
                      void *object)
{
    struct err e = { 0 };
    if (field_set(axis->field, object, text, &e))
        return true;
    READER_SAY(r, at, "matrix: %s", e.text);
    return false;
}

/* "64KiB..1MiB": each twice the one before. */
static bool add_range(const struct reader *r, const struct yaml_value *at, struct axis *axis, const char *text,
                      const char *dots, void *object)
{
    char low[VALUE] = "", printed[512];
    int64_t value = 0, last = 0;
    text_append(low, sizeof low, "%.*s", (int)(dots - text), text);
    if (!set_value(r, at, axis, dots + 2, object))
        return false;
    memcpy(&last, (char *)object + axis->field->offset, sizeof last);
    if (!set_value(r, at, axis, low, object))
        return false;
    memcpy(&value, (char *)object + axis->field->offset, sizeof value);
    while (value > 0 && value <= last) {
        memcpy((char *)object + axis->field->offset, &value, sizeof value);
        if (!add_value(r, at, axis, field_print(axis->field, object, printed, sizeof printed)))
            return false;
        if (value == last)
            return true;
        if (value > last / 2)
            break;
        value *= 2;
    }
    READER_SAY(r, at, "matrix: %s: '%.40s' does not get from its first value to its last by doubling", axis->field->key,
               text);
    return false;
}

static bool add_values(const struct reader *r, const struct yaml_value *at, const char *text, struct axis *axis,
                       void *object)
{
    char printed[512];
    const char *dots = is_number(axis->field) ? strstr(text, "..") : NULL;
    if (dots)
        return add_range(r, at, axis, text, dots, object);
    return set_value(r, at, axis, text, object) &&
           add_value(r, at, axis, field_print(axis->field, object, printed, sizeof printed));
}

/* One value, or a list of them. */
static bool read_values(const struct reader *r, const struct yaml_value *value, struct axis *axis, void *object)
{
    bool good = true;
    if (value->broken)
        return false;
    if (value->kind == YAML_MAP || (value->kind == YAML_LIST && value->count == 0)) {
        READER_SAY(r, value, "matrix: %s must list its values, as in %s", axis->field->key, EXAMPLE);
        return false;
    }
    if (value->kind == YAML_TEXT)
        return add_values(r, value, value->text, axis, object);
    for (const struct yaml_value *each = value->first; each; each = each->next) {
        if (each->kind != YAML_TEXT)
            READER_SAY(r, each, "matrix: %s: a value is a single word", axis->field->key);
        good = each->kind == YAML_TEXT && !each->broken && add_values(r, each, each->text, axis, object) && good;
    }
    return good;
}

/* ---- the options ---- */

static void say_no_option(const struct reader *r, const struct yaml_value *key, const struct schema *schema)
{
    char known[512] = "", shown[512];
    const char *nearest = schema_nearest(schema, key->text);
    for (size_t i = 0; i < schema->count; i++)
        words_add(known, sizeof known, schema->fields[i].key);
    if (nearest)
        READER_SAY(r, key, "matrix: %s has no option '%.64s': did you mean '%s'?", schema->name, key->text, nearest);
    else
        READER_SAY(r, key, "matrix: %s has no option '%.64s' (its own: %s)", schema->name, key->text,
                   words_show(known, shown, sizeof shown));
}

/* The axis of `key` if there can be one; NULL, told, otherwise. */
static struct axis *begin_axis(const struct reader *r, struct matrix *m, const struct yaml_value *map,
                               const struct yaml_value *key)
{
    const struct field *field = schema_field(m->workload->options, key->text);
    const struct yaml_value *twin = yaml_get(map, key->text);
    if (!field)
        say_no_option(r, key, m->workload->options);
    else if (twin)
        READER_SAY(r, twin->key, "'%s' is in the step's matrix as well: leave one of them out", key->text);
    else if (m->axis_count == AXES_MAX)
        READER_SAY(r, key, "matrix: more than %d options: split the step", AXES_MAX);
    if (!field || twin || m->axis_count == AXES_MAX)
        return NULL;
    struct axis *axis = &m->axes[m->axis_count++];
    axis->field = field;
    axis->key = *key;
    return axis;
}

static bool read_axes(const struct reader *r, struct matrix *m, const struct yaml_value *map,
                      const struct yaml_value *value, void *object)
{
    bool good = value->count > 0;
    if (!good)
        READER_SAY(r, value, "matrix must have at least one option, as in %s", EXAMPLE);
    for (const struct yaml_value *each = value->first; each; each = each->next) {
        struct axis *axis = begin_axis(r, m, map, each->key);
        good = axis && read_values(r, each, axis, object) && good;
    }
    return good;
}

/* "file=64KiB..512MiB record=4KiB..16MiB", from the catalogue. */
static bool read_named(const struct reader *r, struct matrix *m, const struct yaml_value *map,
                       const struct yaml_value *value, void *object)
{
    bool good = true;
    for (const char *at = m->named->axes; *at;) {
        size_t key = strcspn(at, "="), all = strcspn(at, " ");
        const struct field *field = NULL;
        for (size_t i = 0; i < m->workload->options->count; i++) {
            const struct field *each = &m->workload->options->fields[i];
            if (strlen(each->key) == key && memcmp(each->key, at, key) == 0)
                field = each;
        }
        struct yaml_value word = *value;
        char values[VALUE] = "";
        word.text = field ? field->key : "";
        text_append(values, sizeof values, "%.*s", (int)(all - key - 1), at + key + 1);
        struct axis *axis = begin_axis(r, m, map, &word);
        good = axis && add_values(r, value, values, axis, object) && good;
        at += all + strspn(at + all, " ");
    }
    return good;
}

static void say_no_matrix(const struct reader *r, const struct yaml_value *value, const struct workload_info *workload)
{
    if (value->kind != YAML_TEXT || !workload->matrix)
        READER_SAY(r, value, "matrix must be a mapping of options to values, as in %s", EXAMPLE);
    else
        READER_SAY(r, value, "matrix: %s has none of the name '%.40s', but '%s'; or write it out, as in %s",
                   workload->name, value->text, workload->matrix->name, EXAMPLE);
}

static bool read_all(const struct reader *r, struct matrix *m, const struct yaml_value *map,
                     const struct yaml_value *value, void *object)
{
    const struct workload_matrix *named = m->workload->matrix;
    if (value->kind == YAML_MAP)
        return read_axes(r, m, map, value, object);
    if (value->kind == YAML_TEXT && named && strcmp(named->name, value->text) == 0) {
        m->named = named;
        return read_named(r, m, map, value, object);
    }
    say_no_matrix(r, value, m->workload);
    return false;
}

/* ---- the whole ---- */

/* The step without `matrix`, and the first values; the list is the matrix's own. */
static bool make_pattern(struct matrix *m, const struct yaml_value *map)
{
    struct yaml_value **end = &m->pattern.first;
    m->children = calloc(map->count + 1, sizeof *m->children);
    m->pattern = *map;
    m->pattern.first = NULL;
    m->pattern.count = 0;
    if (!m->children)
        return false;
    for (const struct yaml_value *each = map->first; each; each = each->next) {
        struct yaml_value *child = &m->children[m->pattern.count];
        if (strcmp(each->key->text, "matrix") == 0)
            continue;
        *child = *each;
        child->next = NULL;
        *end = child;
        end = &child->next;
        m->pattern.count++;
    }
    for (size_t i = 0; i < m->axis_count; i++) {
        struct axis *axis = &m->axes[i];
        axis->value.key = &axis->key;
        axis->value.text = axis->texts[0];
        *end = &axis->value;
        end = &axis->value.next;
        m->pattern.count++;
    }
    return true;
}

size_t matrix_count(const struct matrix *m)
{
    size_t count = 1;
    for (size_t i = 0; i < m->axis_count; i++)
        if (__builtin_mul_overflow(count, m->axes[i].count, &count))
            return SIZE_MAX;
    return count;
}

struct matrix *matrix_read(const struct reader *r, const struct yaml_value *map, const struct workload_info *workload)
{
    const struct yaml_value *value = yaml_get(map, "matrix");
    if (!value || value->broken)
        return NULL;
    struct matrix *m = calloc(1, sizeof *m);
    void *object = calloc(1, workload->options->size);
    bool good = m && object;
    if (good) {
        m->workload = workload;
        good = read_all(r, m, map, value, object);
    } else {
        reader_no_memory(r);
    }
    if (good && matrix_count(m) > SCENARIO_STEPS_MAX) {
        READER_SAY(r, value, "matrix: more than %d cells: split the step", SCENARIO_STEPS_MAX);
        good = false;
    }
    if (good && !make_pattern(m, map)) {
        reader_no_memory(r);
        good = false;
    }
    free(object);
    if (!good)
        matrix_destroy(&m);
    return m;
}

void matrix_destroy(struct matrix **matrix)
{
    if (!*matrix)
        return;
    for (size_t i = 0; i < (*matrix)->axis_count; i++)
        free((*matrix)->axes[i].texts);
    free((*matrix)->children);
    free(*matrix);
    *matrix = NULL;
}

const struct yaml_value *matrix_pattern(const struct matrix *m) { return &m->pattern; }

bool matrix_cell(const struct matrix *m, size_t index, void *options, char *name, size_t size, struct err *e)
{
    char values[AXES_MAX * (VALUE + 32)] = "";
    const char *text[AXES_MAX];
    for (size_t i = m->axis_count; i-- > 0; index /= m->axes[i].count)
        text[i] = m->axes[i].texts[index % m->axes[i].count];
    for (size_t i = 0; i < m->axis_count; i++) {
        if (!field_set(m->axes[i].field, options, text[i], e))
            return false;
        text_append(values, sizeof values, "%s%s=%s", i ? "," : "", m->axes[i].field->key, text[i]);
    }
    if (!text_append(name, size, "[%s]", values))
        return err_set(e, ERR_USAGE, "matrix: the name of the cell [%s] is longer than %zu bytes", values, size - 1);
    if (m->workload->misfit && m->workload->misfit(options, e))
        return false;
    return !m->named || m->named->takes(options) ||
           err_set(e, ERR_USAGE, "%s has none with these options", m->named->name);
}

const char *matrix_axes(const struct matrix *m, char *out, size_t size)
{
    *out = '\0';
    for (size_t i = 0; i < m->axis_count; i++)
        text_append(out, size, "%s%s", i ? " x " : "", m->axes[i].field->key);
    return out;
}
