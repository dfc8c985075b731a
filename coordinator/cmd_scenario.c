/* cmd_scenario.c - `tare scenario`: what a scenario file may say, from the tables that read it. */
#include <getopt.h>
#include <stdio.h>

#include "commands.h"
#include "scenario/reference.h"

const struct command tare_scenario = {
    .name = "tare scenario",
    .doc = "what a scenario may say, key by key",
    .text = "Without a part all of them. The options of a step's workload are told by `tare workloads NAME`, and "
            "`tare check FILE` tells every mistake of a file at once.",
    .operands = { { REFERENCE_PARTS, ARGUMENT_WORD, 0, 1 } },
    .example = "tare scenario built_in",
    .run = cmd_scenario,
};

int cmd_scenario(int argc, char **argv)
{
    int code = command_begin(&tare_scenario, argc, argv, NULL, NULL);
    if (code >= 0)
        return code;
    reference_print(optind < argc ? argv[optind] : NULL, stdout);
    return 0;
}
