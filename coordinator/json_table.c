#include "json_table.h"

#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/print.h"

enum { CELL = 96, GAP = 2, COLUMNS_MAX = 16 };

void json_table_text(const json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    print_clean(text ? text : "-", out, size);
}

void json_table_ns(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *ns = json_object_get(object, key);
    if (json_is_integer(ns))
        units_show_ns((double)json_integer_value(ns), out, size);
    else
        text_copy(out, size, "-");
}

void json_table_number(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *number = json_object_get(object, key);
    text_copy(out, size, json_is_integer(number) ? "" : "-");
    if (json_is_integer(number))
        text_append(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
}

void json_table_bytes(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *bytes = json_object_get(object, key);
    if (json_is_integer(bytes))
        units_print_size(json_integer_value(bytes), out, size);
    else
        text_copy(out, size, "-");
}

void json_table_print(const struct json_column *columns, size_t count, const json_t *rows, FILE *out)
{
    int widths[COLUMNS_MAX];
    char cell[CELL];
    count = count < COLUMNS_MAX ? count : COLUMNS_MAX;
    for (size_t c = 0; c < count; c++) {
        widths[c] = print_width(columns[c].head);
        for (size_t i = 0; i < json_array_size(rows); i++) {
            columns[c].show(json_array_get(rows, i), columns[c].key, cell, sizeof cell);
            widths[c] = print_width(cell) > widths[c] ? print_width(cell) : widths[c];
        }
    }
    for (size_t row = 0; row <= json_array_size(rows); row++) {
        for (size_t c = 0; c < count; c++) {
            if (row == 0)
                text_copy(cell, sizeof cell, columns[c].head);
            else
                columns[c].show(json_array_get(rows, row - 1), columns[c].key, cell, sizeof cell);
            bool is_last = c + 1 == count;
            fprintf(out, "%s%*s", cell, is_last ? 0 : widths[c] - print_width(cell) + GAP, is_last ? "\n" : "");
        }
    }
}
