/* commands.h - the verbs of `tare`: one list, one file each. */
#ifndef TARE_COMMANDS_H
#define TARE_COMMANDS_H

/* verb, its function, what it does */
#define COMMANDS(C)                                                                    \
    C("run", cmd_run, "run a scenario: tare run [--lab] FILE")                         \
    C("check", cmd_check, "check scenarios without running them")                      \
    C("list", cmd_list, "the runs in the archive")                                     \
    C("show", cmd_show, "what a run found out")                                        \
    C("lab", cmd_lab, "host, peer and switch on this machine: up, down, status, exec") \
    C("doctor", cmd_doctor, "what on this machine is in the way, and what mends it")

/* argv[0] is the verb; returns the exit code (err.h). */
#define COMMAND_DECLARATION(verb, function, doc) int function(int argc, char **argv);
COMMANDS(COMMAND_DECLARATION)

#endif
