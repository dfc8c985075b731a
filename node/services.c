#include "services.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/memory_group.h"
#include "workloads/compile/scratch.h"

static bool take(void *state, int option, const char *value, struct err *e)
{
    struct services *s = state;
    return s->guests_part.take(&s->guests, option, value, e);
}

static int instead(void *state)
{
    struct services *s = state;
    return s->guests_part.instead(&s->guests);
}

static bool is_wanted(void *state)
{
    (void)state;
    return true;
}

static bool allows(void *state, const char *right)
{
    struct services *s = state;
    return s->guests_part.allows(&s->guests, right);
}

static void stop(void *state)
{
    struct services *s = state;
    trees_close(&s->trees);
    s->guests_part.stop(&s->guests);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

static bool watch(const struct services *s, int fd, struct err *e)
{
    struct epoll_event event = { .events = EPOLLIN };
    return epoll_ctl(s->fd, EPOLL_CTL_ADD, fd, &event) == 0 || err_errno(e, errno, "no event descriptor");
}

static bool start(void *state, const char *endpoint, struct err *e)
{
    struct services *s = state;
    const bool may_build = allows(s, "builds");
    memory_group_tidy(""); /* of an agent that was killed */
    if (may_build)
        scratch_tidy("/var/tmp"); /* of an agent that was killed */
    if (!s->guests_part.start(&s->guests, endpoint, e))
        return false;
    s->fd = epoll_create1(EPOLL_CLOEXEC);
    bool ok = (s->fd >= 0 || err_errno(e, errno, "no event descriptor")) && trees_open(may_build, &s->trees, e) &&
              watch(s, trees_fd(s->trees), e) && watch(s, s->guests_part.fd(&s->guests), e);
    if (!ok)
        stop(s);
    return ok;
}

static void greet(void *state)
{
    struct services *s = state;
    s->guests_part.greet(&s->guests);
}

static void leave(void *state)
{
    struct services *s = state;
    trees_leave(s->trees);
    s->guests_part.leave(&s->guests);
}

static bool hear(void *state, const struct message *m)
{
    struct services *s = state;
    return trees_hear(s->trees, m) || s->guests_part.hear(&s->guests, m);
}

static int fd_of(void *state) { return ((struct services *)state)->fd; }

static bool next(void *state, struct message *m)
{
    struct services *s = state;
    return trees_next(s->trees, m) || s->guests_part.next(&s->guests, m);
}

struct agent_service services_of(struct services *s)
{
    s->fd = -1;
    s->guests_part = guests_service(&s->guests);
    return (struct agent_service){ .options = s->guests_part.options,
                                   .option_count = s->guests_part.option_count,
                                   .take = take,
                                   .instead = instead,
                                   .is_wanted = is_wanted,
                                   .start = start,
                                   .allows = allows,
                                   .stop = stop,
                                   .greet = greet,
                                   .leave = leave,
                                   .hear = hear,
                                   .fd = fd_of,
                                   .next = next,
                                   .state = s };
}
