/* agent_main.h - what both agent programs are, but for their list of workloads. */
#ifndef TARE_AGENT_MAIN_H
#define TARE_AGENT_MAIN_H

#include "agent/part.h"
#include "command/command.h"

/* What a program serves beside its coordinator's runs, with options of its own. */
struct agent_service {
    const struct command_option *options;
    size_t option_count;
    bool (*take)(void *state, int option, const char *value, struct err *e); /* as command_take */
    bool (*is_wanted)(void *state); /* by the options: then the program also works without an invite */
    bool (*start)(void *state, struct err *e);
    void (*yield)(void *state, bool is_run); /* a run has this machine, from its first PREPARE to its end */
    void (*stop)(void *state);
    void *state;
};

struct agent {
    const char *program;                     /* as HELLO names it: "node", "netserver" */
    const char *doc;                         /* one line for --help */
    const char *text;                        /* and more of it, below */
    const struct workload *const *workloads; /* NULL-ended */
    const struct agent_service *service;     /* NULL: none */
};

static inline void agent_yield(const struct agent *agent, bool is_run)
{
    if (agent->service)
        agent->service->yield(agent->service->state, is_run);
}

#define AGENT_TEXT                                                                                            \
    "It joins the coordinator that the invite names and serves run after run until Ctrl-C. Without --invite " \
    "it takes the key that it has kept."

/* The whole program: arguments, invite, session; returns its exit code. */
int agent_main(int argc, char **argv, const struct agent *agent);

#endif
