/* commands.h - the verbs of `tare`: one list, one file each. */
#ifndef TARE_COMMANDS_H
#define TARE_COMMANDS_H

/* verb, its function, what it does */
#define COMMANDS(C)                                                           \
    C("run", cmd_run, "run a scenario: tare run [--lab] FILE")                \
    C("check", cmd_check, "check scenarios without running them")             \
    C("list", cmd_list, "the runs in the archive")                            \
    C("show", cmd_show, "what a run found out")                               \
    C("invite", cmd_invite, "let a node join: its key, for it to start with") \
    C("nodes", cmd_nodes, "the nodes: who is here, its clock, what it does")  \
    C("revoke", cmd_revoke, "take a node's or a token's key back")            \
    C("watch", cmd_watch, "see what a run in another terminal shows")         \
    C("stop", cmd_stop, "end the run in order, as its Ctrl-C does")           \
    C("lab", cmd_lab, "host, peer and switch on this machine: up, down, status, exec")

/* argv[0] is the verb; returns the exit code (err.h). */
#define COMMAND_DECLARATION(verb, function, doc) int function(int argc, char **argv);
COMMANDS(COMMAND_DECLARATION)

#endif
