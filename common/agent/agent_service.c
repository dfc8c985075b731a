#include "agent_service.h"

bool agent_service_allows(const struct agent_service *s, const char *right)
{
    return s && s->allows && s->allows(s->state, right);
}

void agent_service_yield(const struct agent_service *s, bool is_run)
{
    if (s && s->yield)
        s->yield(s->state, is_run);
}

void agent_service_leave(const struct agent_service *s)
{
    agent_service_yield(s, false);
    if (s && s->leave)
        s->leave(s->state);
}

void agent_service_greet(const struct agent_service *s)
{
    if (!s || !s->greet)
        return;
    s->leave(s->state); /* an earlier run, whose end was not heard */
    s->greet(s->state);
}

bool agent_service_hear(const struct agent_service *s, const struct message *m)
{
    return s && s->hear && s->hear(s->state, m);
}

bool agent_service_next(const struct agent_service *s, struct message *m)
{
    return s && s->next && s->next(s->state, m);
}

int agent_service_fd(const struct agent_service *s, int otherwise) { return s && s->fd ? s->fd(s->state) : otherwise; }
