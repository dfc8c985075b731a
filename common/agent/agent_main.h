/* agent_main.h - what both agent programs are, but for their list of workloads. */
#ifndef TARE_AGENT_MAIN_H
#define TARE_AGENT_MAIN_H

#include "agent/part.h"

struct agent {
    const char *program;                     /* as HELLO names it: "node", "netserver" */
    const char *doc;                         /* one line for --help */
    const struct workload *const *workloads; /* NULL-ended */
};

/* The whole program: arguments, invite, session; returns its exit code. */
int agent_main(int argc, char **argv, const struct agent *agent);

#endif
