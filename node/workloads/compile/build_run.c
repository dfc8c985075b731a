#include <errno.h>
#include <poll.h>

#include "base/clock.h"
#include "workloads/compile/build_place.h"

void build_run_init(struct build_run *run) { *run = (struct build_run){ .log = { .in = -1, .out = -1, .file = -1 } }; }

void build_run_close(struct build_run *run)
{
    cage_close(&run->cage);
    build_log_close(&run->log);
}

/* What has been said since the last look. */
static bool hear(struct build_run *run, struct meter *meter)
{
    uint64_t before = run->log.lines;
    bool goes_on = build_log_read(&run->log);
    if (meter && run->log.lines > before)
        meter_add_many(meter, 0, run->log.lines - before);
    return goes_on;
}

bool build_run_wait(struct build_run *run, const struct build_watch *watch, struct cage_result *result, struct err *e)
{
    enum { SAID, OVER, CANCELLED, SOURCES };
    struct pollfd fds[SOURCES] = { [SAID] = { .fd = run->log.in, .events = POLLIN },
                                   [OVER] = { .fd = cage_fd(run->cage), .events = POLLIN },
                                   [CANCELLED] = { .fd = watch->cancel_fd, .events = POLLIN } };
    bool is_ended = false;
    while (fds[OVER].revents == 0) {
        int ready = poll(fds, SOURCES, clock_ms_until(watch->deadline_mono));
        if (ready < 0 && errno != EINTR)
            return err_errno(e, errno, "waiting for a build");
        if (ready < 0)
            continue;
        if (fds[SAID].revents && !hear(run, watch->meter))
            fds[SAID].fd = -1; /* all have closed it */
        if (!is_ended && (fds[CANCELLED].revents || clock_mono_ns() >= watch->deadline_mono)) {
            is_ended = true;
            cage_kill(run->cage);
            fds[CANCELLED].fd = -1;
        }
    }
    hear(run, watch->meter);
    if (is_ended)
        return err_set(e, ERR_PARTIAL, "'%s' was ended: not done within its limit, or no longer wanted",
                       run->command.words[0]);
    return cage_result(run->cage, result, e);
}
