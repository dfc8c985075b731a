#include "tcp_rr.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "flow/arrival.h"
#include "flow/flow_parts.h"

enum progress { WHOLE, ENDED, BROKEN };

/* One message of `size` bytes. ENDED: the writing half was shut down by a stop. */
static enum progress send_message(struct flow *f, size_t size, const char *doing, struct err *e)
{
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(f->fd, f->message + done, size - done, MSG_NOSIGNAL);
        if (sent >= 0) {
            done += (size_t)sent;
            continue;
        }
        if (errno == EPIPE && atomic_load(&f->stopped) && !atomic_load(&f->aborted))
            return ENDED;
        if (errno != EINTR) {
            flow_break(f, errno, doing, e);
            return BROKEN;
        }
    }
    return WHOLE;
}

/* One message of `size` bytes, which MSG_WAITALL mostly brings at once. ENDED: the other side closed. */
static enum progress read_message(struct flow *f, size_t size, const char *doing, struct err *e)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = recv(f->fd, f->inbox + done, size - done, MSG_WAITALL);
        if (got > 0) {
            done += (size_t)got;
            continue;
        }
        if (got == 0 && !atomic_load(&f->aborted))
            return ENDED;
        if (got == 0 || errno != EINTR) {
            flow_break(f, got == 0 ? 0 : errno, doing, e);
            return BROKEN;
        }
    }
    return WHOLE;
}

/* The end of a transaction is the beginning of the next: one reading of the clock serves both. */
static bool ask(struct flow *f, const struct rr_plan *plan, struct meter *meter, struct flow_times *times,
                struct err *e)
{
    int64_t begun = times->first_op_ns, due = plan->interval_ns > 0 ? clock_mono_ns() : 0;
    for (;;) {
        enum progress progress = send_message(f, f->message_bytes, "sending a request", e);
        flow_begun(f);
        if (progress != WHOLE)
            return progress == ENDED;
        progress = read_message(f, f->read_bytes, "waiting for a response", e);
        if (progress != WHOLE)
            return progress == ENDED && flow_break(f, 0, "waiting for a response", e);
        int64_t now = clock_raw_ns();
        rr_plan_count(plan, meter, f->message_bytes + f->read_bytes, begun, now);
        times->last_op_ns = begun = now;
        if (plan->interval_ns > 0) {
            due += plan->interval_ns;
            if (!flow_sleep_until(f, due) && !atomic_load(&f->aborted))
                return true;
            begun = clock_raw_ns();
        }
    }
}

bool tcp_rr_ask(struct flow *f, const struct rr_plan *plan, struct meter *meter, struct flow_times *times,
                struct err *e)
{
    times->last_op_ns = times->first_op_ns = flow_begin(f);
    return ask(f, plan, meter, times, e) && flow_wait_for_close(f, e);
}

/* The stamp of the last response would cost the clock each time: the end of the flow, which follows
 * it by a round trip, bounds it. */
bool tcp_rr_answer(struct flow *f, struct meter *meter, struct flow_times *times, struct err *e)
{
    enum progress progress;
    *times = (struct flow_times){ .arrived_ns = arrival_await(f, f->fd) };
    while ((progress = read_message(f, f->read_bytes, "waiting for a request", e)) == WHOLE) {
        if (times->first_op_ns == 0)
            times->first_op_ns = clock_raw_ns();
        progress = send_message(f, f->message_bytes, "sending a response", e);
        if (progress != WHOLE)
            break;
        meter_add(meter, f->message_bytes + f->read_bytes);
    }
    times->last_op_ns = times->first_op_ns ? clock_raw_ns() : 0;
    if (progress != ENDED)
        return false;
    (void)shutdown(f->fd, SHUT_WR);
    return true;
}
