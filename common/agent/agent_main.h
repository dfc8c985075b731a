/* agent_main.h - what both agent programs are, but for their list of workloads. */
#ifndef TARE_AGENT_MAIN_H
#define TARE_AGENT_MAIN_H

#include "agent/agent_service.h"
#include "agent/part.h"

struct agent {
    const char *program;                     /* as HELLO names it: "node", "netserver" */
    const char *doc;                         /* one line for --help */
    const char *text;                        /* and more of it, below */
    const struct workload *const *workloads; /* NULL-ended */
    const struct agent_service *service;     /* NULL: none */
};

#define AGENT_TEXT                                                                                            \
    "It joins the coordinator that the invite names and serves run after run until Ctrl-C. Without --invite " \
    "it takes the key that it has kept."

/* The whole program: arguments, invite, session; returns its exit code. */
int agent_main(int argc, char **argv, const struct agent *agent);

#endif
