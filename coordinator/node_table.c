#include "node_table.h"

#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/print.h"

enum { CELL = 96, GAP = 2 };

static void show_text(const json_t *node, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(node, key));
    print_clean(text ? text : "-", out, size);
}

static void show_ns(const json_t *node, const char *key, char *out, size_t size)
{
    const json_t *ns = json_object_get(node, key);
    if (json_is_integer(ns))
        units_show_ns((double)json_integer_value(ns), out, size);
    else
        text_copy(out, size, "-");
}

static void show_program(const json_t *node, const char *key, char *out, size_t size)
{
    (void)key;
    char program[24], version[40];
    show_text(node, "program", program, sizeof program);
    show_text(node, "version", version, sizeof version);
    out[0] = '\0';
    text_append(out, size, strcmp(program, "-") == 0 ? "%s" : "tare-%s %s", program, version);
}

/* A node that does nothing is idle only when it is here. */
static void show_doing(const json_t *node, const char *key, char *out, size_t size)
{
    const char *state = json_string_value(json_object_get(node, "state"));
    show_text(node, key, out, size);
    if (strcmp(out, "-") == 0 && state && strcmp(state, "joined") == 0)
        text_copy(out, size, "idle");
}

static const struct {
    const char *head, *key;
    void (*show)(const json_t *node, const char *key, char *out, size_t size);
} COLUMNS[] = {
    { "node", "name", show_text },           { "role", "role", show_text },
    { "state", "state", show_text },         { "product", "product", show_text },
    { "program", "program", show_program },  { "address", "address", show_text },
    { "round trip", "rtt_ns", show_ns },     { "clock +-", "clock_bound_ns", show_ns },
    { "stamps", "clock_stamps", show_text }, { "runs", "doing", show_doing },
};

void node_table_print(const json_t *nodes, FILE *out)
{
    int widths[ARRAY_SIZE(COLUMNS)];
    char cell[CELL];
    for (size_t c = 0; c < ARRAY_SIZE(COLUMNS); c++) {
        widths[c] = print_width(COLUMNS[c].head);
        for (size_t i = 0; i < json_array_size(nodes); i++) {
            COLUMNS[c].show(json_array_get(nodes, i), COLUMNS[c].key, cell, sizeof cell);
            widths[c] = print_width(cell) > widths[c] ? print_width(cell) : widths[c];
        }
    }
    for (size_t row = 0; row <= json_array_size(nodes); row++) {
        for (size_t c = 0; c < ARRAY_SIZE(COLUMNS); c++) {
            if (row == 0)
                text_copy(cell, sizeof cell, COLUMNS[c].head);
            else
                COLUMNS[c].show(json_array_get(nodes, row - 1), COLUMNS[c].key, cell, sizeof cell);
            bool is_last = c + 1 == ARRAY_SIZE(COLUMNS);
            fprintf(out, "%s%*s", cell, is_last ? 0 : widths[c] - print_width(cell) + GAP, is_last ? "\n" : "");
        }
    }
}
