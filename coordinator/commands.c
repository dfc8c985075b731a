#include "commands.h"

#define COMMAND_ROW(verb) &tare_##verb,
static const struct command *const VERBS[] = { COMMANDS(COMMAND_ROW) NULL };

const struct command tare_root = {
    .name = "tare",
    .doc = "what a virtual machine costs, measured",
    .text = "tare runs the same work on a host, in its guest and against a third machine, started at the same "
            "instant, and says what the guest costs. A scenario says what is run; machines take part by starting "
            "an agent, tare-node or tare-netserver.",
    .notes = "`tare --version` tells the version.\n\n"
             "Exit codes: 0 done, 1 internal, 2 usage or scenario, 3 node missing, 4 interrupted, 5 partial.",
    .example = "tare run --lab scenarios/quickstart.yaml",
    .subs = VERBS,
};
