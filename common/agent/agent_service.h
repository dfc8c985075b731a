/* agent_service.h - what an agent program does beside its coordinator's trials. */
#ifndef TARE_AGENT_SERVICE_H
#define TARE_AGENT_SERVICE_H

#include "command/command.h"
#include "wire/message.h"

/* What a program does beside its coordinator's trials, with options of its own. What it has no use for
 * is NULL. None of the session's calls blocks. */
struct agent_service {
    const struct command_option *options;
    size_t option_count;
    bool (*take)(void *state, int option, const char *value, struct err *e); /* as command_take */
    int (*instead)(void *state);    /* what an option asks for instead of serving: the exit code, -1 for nothing */
    bool (*is_wanted)(void *state); /* by the options */
    bool works_alone;               /* where it is wanted the program also works without an invite */
    /* `endpoint`: the coordinator as this agent dials it, "" where there is none. */
    bool (*start)(void *state, const char *endpoint, struct err *e);
    bool (*allows)(void *state, const char *right); /* whether its options grant it */
    void (*yield)(void *state, bool is_run);        /* a run has this machine, from its first PREPARE to its end */
    void (*stop)(void *state);
    /* What it hears of the coordinator and has to say to it: */
    void (*greet)(void *state);                         /* a coordinator is here */
    void (*leave)(void *state);                         /* ... is gone, or its run is over */
    bool (*hear)(void *state, const struct message *m); /* false: not for it */
    int (*fd)(void *state);                             /* readable when `next` has something */
    bool (*next)(void *state, struct message *m);
    void *state;
};

/* For the session. NULL is a service that does nothing, and grants nothing. */
bool agent_service_allows(const struct agent_service *service, const char *right);
void agent_service_yield(const struct agent_service *service, bool is_run);
void agent_service_greet(const struct agent_service *service);
void agent_service_leave(const struct agent_service *service); /* yields, too */
bool agent_service_hear(const struct agent_service *service, const struct message *m);
bool agent_service_next(const struct agent_service *service, struct message *m);

/* `otherwise` where it has nothing to say. */
int agent_service_fd(const struct agent_service *service, int otherwise);

#endif
