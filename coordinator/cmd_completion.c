/* cmd_completion.c - `tare completion`: the script that lets a shell complete tare's arguments. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "completion.h"

static const struct {
    const char *name;
    void (*write)(const struct command *root, FILE *to);
} SHELLS[] = { { "bash", completion_bash }, { "zsh", completion_zsh } };

const struct command tare_completion = {
    .name = "tare completion",
    .doc = "the script for a shell's completion of tare",
    .operands = { { "bash|zsh", ARGUMENT_WORD, 1, 1 } },
    .notes = "An installed tare brings both scripts with it.",
    .example = "source <(tare completion bash)",
    .run = cmd_completion,
};

int cmd_completion(int argc, char **argv)
{
    int code = command_begin(&tare_completion, argc, argv, NULL, NULL);
    if (code >= 0)
        return code;
    for (size_t i = 0; i < ARRAY_SIZE(SHELLS); i++)
        if (strcmp(SHELLS[i].name, argv[optind]) == 0) {
            SHELLS[i].write(&tare_root, stdout);
            return 0;
        }
    return ERR_INTERNAL; /* the operand was checked */
}
