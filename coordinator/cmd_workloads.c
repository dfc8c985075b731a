/* cmd_workloads.c - `tare workloads`: what a step can run, from the catalogue. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "catalogue/catalogue.h"
#include "commands.h"

const struct command tare_workloads = {
    .name = "tare workloads",
    .doc = "what a step can run, and its options",
    .text = "Without a NAME all workloads, a line each; with one what it does and each option that a step may give it.",
    .operands = { { "NAME", ARGUMENT_WORKLOAD, 0, 1 } },
    .example = "tare workloads net_stream",
    .run = cmd_workloads,
};

static void list(void)
{
    const struct workload_info *workload;
    int column = 0;
    for (size_t i = 0; (workload = catalogue_entry(i)); i++)
        column = (int)strlen(workload->name) > column ? (int)strlen(workload->name) : column;
    for (size_t i = 0; (workload = catalogue_entry(i)); i++)
        printf("%-*s  %s\n", column, workload->name, workload->doc);
    puts("\n`tare workloads NAME` tells its options.");
}

/* The units that the options of a schema are written with. */
static void print_units(const struct schema *schema)
{
    static const struct {
        enum field_kind kind;
        const char *text;
    } UNITS[] = {
        { FIELD_DURATION, "duration  ns us ms s m h, as in 500ms, 1.5s, 10m" },
        { FIELD_SIZE, "size      B, KB MB GB TB (powers of 1000), KiB MiB GiB TiB (of 1024), as in 64KiB" },
        { FIELD_RATE, "rate      bit/s kbit/s Mbit/s Gbit/s, as in 80Mbit/s" },
    };
    puts("\nunits (a number without one is refused, but 0)");
    for (size_t u = 0; u < ARRAY_SIZE(UNITS); u++)
        for (size_t i = 0; i < schema->count; i++)
            if (schema->fields[i].kind == UNITS[u].kind) {
                printf("  %s\n", UNITS[u].text);
                break;
            }
}

static void describe(const struct workload_info *workload)
{
    printf("%s - %s\n\n", workload->name, workload->doc);
    printf("first operation: %s\n", workload->first_operation);
    printf("peer: %s\n\nfigures\n", workload->needs_peer    ? "needs one, as in to: peer"
                                    : workload->needs_guest ? "none, but a built-in guest, as in to: guest"
                                                            : "none");
    for (const char *line = workload->text; *line; line += strcspn(line, "\n") + 1)
        printf("  %.*s\n", (int)strcspn(line, "\n"), line);
    puts("\noptions");
    schema_help(workload->options, stdout);
    print_units(workload->options);
    const struct field *first = &workload->options->fields[0];
    printf("\nexample of a step\n  - {name: a, run: %s, on: [host]%s", workload->name,
           workload->needs_peer    ? ", to: peer"
           : workload->needs_guest ? ", to: guest"
                                   : "");
    printf(first->fallback ? ", %s: %s}\n" : "}\n", first->key, first->fallback);
    puts("\nseveral values of options, each with each, make a step a cell\n"
         "  matrix: {OPTION: [VALUE, VALUE], OPTION: LEAST..MOST}       a range goes by doubling");
    if (workload->matrix)
        printf("  matrix: %-6s  %s\n", workload->matrix->name, workload->matrix->axes);
}

int cmd_workloads(int argc, char **argv)
{
    int code = command_begin(&tare_workloads, argc, argv, NULL, NULL);
    if (code >= 0)
        return code;
    if (optind == argc) {
        list();
        return 0;
    }
    const struct workload_info *workload = catalogue_find(argv[optind]);
    if (workload) {
        describe(workload);
        return 0;
    }
    struct err e = { 0 };
    const char *nearest = catalogue_nearest(argv[optind]);
    err_set(&e, ERR_USAGE, "no workload is named '%.40s'%s%s%s", argv[optind], nearest ? ": did you mean '" : "",
            nearest ? nearest : "; `tare workloads` lists them", nearest ? "'?" : "");
    return command_fail(&tare_workloads, &e);
}
