/* command.h - start a program on one of a lab's machines. */
#ifndef TARE_LAB_COMMAND_H
#define TARE_LAB_COMMAND_H

#include <sched.h>

#include "lab/record.h"

/* Every kind of namespace that a program on a machine lives in. */
enum { LAB_COMMAND_ALL = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWTIME | CLONE_NEWNS };

struct lab_command {
    int machine;
    int kinds;               /* the namespaces to join, CLONE_NEW... */
    const char *const *argv; /* searched in PATH and the system's sbin directories */
    int in, out, err;        /* descriptors that become 0, 1 and 2; -1: this process' own */
    bool detached;           /* belongs to the lab's init, not to this process: cannot be waited for */
};

enum { LAB_COMMAND_NOT_FOUND = 127 };

/* `pid` is as this process sees it. A program in the lab's PID namespace (CLONE_NEWPID) that is not
 * detached has a process of ours in between, which passes signals and exit status on: `pid` is that. */
MUST_CHECK bool lab_command_start(const struct lab_record *record, const struct lab_command *command, pid_t *pid,
                                  struct err *e);

#endif
