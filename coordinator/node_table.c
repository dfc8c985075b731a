#include "node_table.h"

#include <string.h>

#include "base/text.h"
#include "json_table.h"

static void show_program(const json_t *node, const char *key, char *out, size_t size)
{
    (void)key;
    char program[24], version[40];
    json_table_text(node, "program", program, sizeof program);
    json_table_text(node, "version", version, sizeof version);
    out[0] = '\0';
    text_append(out, size, strcmp(program, "-") == 0 ? "%s" : "tare-%s %s", program, version);
}

/* A node that does nothing is idle only when it is here. */
static void show_doing(const json_t *node, const char *key, char *out, size_t size)
{
    const char *state = json_string_value(json_object_get(node, "state"));
    json_table_text(node, key, out, size);
    if (strcmp(out, "-") == 0 && state && strcmp(state, "joined") == 0)
        text_copy(out, size, "idle");
}

static const struct json_column COLUMNS[] = {
    { "node", "name", json_table_text },           { "role", "role", json_table_text },
    { "state", "state", json_table_text },         { "product", "product", json_table_text },
    { "program", "program", show_program },        { "address", "address", json_table_text },
    { "round trip", "rtt_ns", json_table_ns },     { "clock +-", "clock_bound_ns", json_table_ns },
    { "stamps", "clock_stamps", json_table_text }, { "runs", "doing", show_doing },
};

void node_table_print(const json_t *nodes, FILE *out) { json_table_print(COLUMNS, ARRAY_SIZE(COLUMNS), nodes, out); }
