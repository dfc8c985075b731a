#include "matrix_name.h"

#include <string.h>

#include "base/text.h"
#include "report/print.h"

static size_t base_of(const char *cell) { return strcspn(cell, "["); }

static bool is_cell(const struct run_step *step)
{
    size_t size = strlen(step->name);
    return base_of(step->name) > 0 && base_of(step->name) < size && step->name[size - 1] == ']';
}

size_t matrix_name_cells(const struct run *run, int step)
{
    size_t first = (size_t)step, count = 0;
    while (first + count < run->step_count && is_cell(&run->steps[first + count]) &&
           strncmp(run->steps[first].name, run->steps[first + count].name, base_of(run->steps[first].name) + 1) == 0)
        count++;
    return count;
}

/* The next "key=value" of a cell's name, from *at on; false past the last. */
static bool next_value(const char **at, char *key, char *value, size_t size)
{
    size_t length = strcspn(*at, ",]"), sign = strcspn(*at, "=");
    key[0] = value[0] = '\0';
    if (length == 0 || sign >= length)
        return false;
    text_append(key, size, "%.*s", (int)sign, *at);
    text_append(value, size, "%.*s", (int)(length - sign - 1), *at + sign + 1);
    *at += length + ((*at)[length] == ',');
    return true;
}

void matrix_name_split(const char *cell, char *name, size_t name_size, char *axes, size_t axes_size)
{
    char key[MODEL_STEP], value[MODEL_STEP], clean[MODEL_STEP];
    const char *at = cell + base_of(cell) + 1;
    name[0] = axes[0] = '\0';
    text_append(name, name_size, "%.*s", (int)base_of(cell), cell);
    while (next_value(&at, key, value, sizeof key))
        text_append(axes, axes_size, "%s%s", *axes ? " x " : "", print_clean(key, clean, sizeof clean));
}

size_t matrix_name_place(const char *cell, char *row, char *column)
{
    char key[MODEL_STEP], value[MODEL_STEP], clean[MODEL_STEP];
    const char *at = cell + base_of(cell) + 1;
    size_t count = 0;
    row[0] = column[0] = '\0';
    for (; next_value(&at, key, value, sizeof key); count++) {
        if (count > 0)
            text_append(row, GRID_LABEL, "%s%s", count > 1 ? "," : "", column);
        text_copy(column, GRID_LABEL, print_clean(value, clean, sizeof clean));
    }
    if (count == 1) {
        text_copy(row, GRID_LABEL, column);
        column[0] = '\0';
    }
    return count;
}

bool matrix_name_is_size(const char *figure, const char *unit)
{
    const char *first = strchr(figure, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    return second && strcmp(unit, "B/s") == 0 && !strchr(second + 1, '/');
}

void matrix_name_size(const char *figure, char *method, char *row, char *column)
{
    char name[GRID_LABEL];
    print_clean(figure, name, sizeof name);
    size_t own = strcspn(name, "/"), file = strcspn(name + own + 1, "/");
    method[0] = row[0] = column[0] = '\0';
    text_append(method, GRID_LABEL, "%.*s", (int)own, name);
    text_append(row, GRID_LABEL, "%.*s", (int)file, name + own + 1);
    text_append(column, GRID_LABEL, "%s", name + own + 1 + file + 1);
}
