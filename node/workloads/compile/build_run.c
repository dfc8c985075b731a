#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/compile/build_place.h"

enum { LAST_WORDS = 200 };

void build_run_init(struct build_run *run) { *run = (struct build_run){ .log = { .in = -1, .out = -1, .file = -1 } }; }

void build_run_close(struct build_run *run)
{
    cage_close(&run->cage);
    build_log_close(&run->log);
}

bool build_run_begin(struct build_run *run, const struct cage_order *order, const char *log, struct err *e)
{
    struct cage_order with_log = *order;
    if (!build_log_open(&run->log, log, e))
        return false;
    with_log.output = run->log.out;
    bool ok = cage_open(&with_log, &run->cage, e);
    close(run->log.out);
    run->log.out = -1;
    return ok;
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

bool build_run_tool(const char *const argv[], const struct build_watch *watch, struct err *e)
{
    static const char *const ENVIRONMENT[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL };
    const struct cage_order order = {
        .argv = argv, .envp = ENVIRONMENT, .directory = "/", .root = "", .user = (uid_t)CAGE_UNCHANGED
    };
    struct cage_result result = { .status = 0 };
    struct build_run run;
    char said[LAST_WORDS];
    build_run_init(&run);
    run.command.words[0] = argv[0];
    bool ok = build_run_begin(&run, &order, "/dev/null", e);
    if (ok) {
        cage_release(run.cage);
        ok = build_run_wait(&run, watch, &result, e);
    }
    if (ok && result.status != 0)
        ok = err_set(e, ERR_PARTIAL, "%s: %s", argv[0], build_log_end(&run.log, said, sizeof said));
    build_run_close(&run);
    return ok;
}
