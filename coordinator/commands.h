/* commands.h - the verbs of `tare`: one list, one file each. */
#ifndef TARE_COMMANDS_H
#define TARE_COMMANDS_H

#include "command/command.h"

/* In the order of the help; cmd_VERB.c defines `const struct command tare_VERB` and cmd_VERB. */
/* clang-format off */
#define COMMANDS(C)                                                   \
    C(run) C(check) C(scenario) C(workloads) C(list) C(show) C(compare) \
    C(invite) C(nodes) C(guests) C(revoke) C(watch) C(stop)            \
    C(lab) C(doctor) C(completion) C(man)
/* clang-format on */

/* argv[0] is the verb; returns the exit code (err.h). */
#define COMMAND_DECLARATION(verb)            \
    extern const struct command tare_##verb; \
    int cmd_##verb(int argc, char **argv);
COMMANDS(COMMAND_DECLARATION)

/* `tare` itself, with all of them below it. */
extern const struct command tare_root;

#endif
