/* tare - what a virtual machine costs, measured. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "commands.h"

struct command {
    const char *verb;
    int (*run)(int argc, char **argv);
    const char *doc;
};

#define COMMAND_ROW(verb, function, doc) { verb, function, doc },
static const struct command TABLE[] = { COMMANDS(COMMAND_ROW) };

static void print_help(FILE *to)
{
    fprintf(to, "tare %s - what a virtual machine costs, measured\n\nusage: tare COMMAND [OPTIONS]\n\n", TARE_VERSION);
    for (size_t i = 0; i < ARRAY_SIZE(TABLE); i++)
        fprintf(to, "  %-8s %s\n", TABLE[i].verb, TABLE[i].doc);
    fprintf(to, "\n`tare COMMAND --help` tells its options.\n"
                "Exit codes: 0 done, 1 internal, 2 usage or scenario, 3 node missing, 4 interrupted, 5 partial\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return ERR_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tare %s\n", TARE_VERSION);
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(TABLE); i++)
        if (strcmp(argv[1], TABLE[i].verb) == 0)
            return TABLE[i].run(argc - 1, argv + 1);
    fprintf(stderr, "tare: no command '%s'; there are:", argv[1]);
    for (size_t i = 0; i < ARRAY_SIZE(TABLE); i++)
        fprintf(stderr, " %s", TABLE[i].verb);
    fprintf(stderr, "\n");
    return ERR_USAGE;
}
