#include "udp_rr.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "flow/arrival.h"
#include "flow/datagram.h"
#include "flow/flow_parts.h"

static size_t number_bytes(const struct flow *f)
{
    size_t least = f->message_bytes < f->read_bytes ? f->message_bytes : f->read_bytes;
    return least < UDP_NUMBER_BYTES ? least : UDP_NUMBER_BYTES;
}

enum answer { CAME, LOST, BROKEN };

/* The response to the request that went out at `begun` (RAW); those to earlier ones are passed over. */
static enum answer read_response(struct flow *f, bool is_stock, int64_t begun, int64_t *now, struct udp_counts *counts,
                                 struct err *e)
{
    for (;;) {
        ssize_t got = recv(f->fd, f->inbox, f->read_bytes, MSG_TRUNC);
        int reason = got < 0 ? errno : 0;
        *now = clock_raw_ns();
        if (got == (ssize_t)f->read_bytes && (is_stock || memcmp(f->inbox, f->message, number_bytes(f)) == 0))
            return CAME;
        if (atomic_load(&f->aborted) || (got < 0 && !datagram_endure_wait(reason))) {
            flow_break(f, reason, "waiting for a response", e);
            return BROKEN;
        }
        if (got == (ssize_t)f->read_bytes)
            counts->late++;
        else if (got >= 0)
            counts->strange++;
        if (*now - begun >= clock_ms(UDP_RR_PATIENCE_MS))
            return LOST;
    }
}

static bool is_silent(struct flow *f, int64_t since, int64_t now, struct err *e)
{
    return now - since >= clock_ms(UDP_RR_SILENCE_MS) && !flow_break(f, ETIMEDOUT, "waiting for a response", e);
}

static bool ask(struct flow *f, const struct rr_plan *plan, bool is_stock, struct meter *meter,
                struct udp_counts *counts, struct flow_times *times, struct err *e)
{
    int64_t begun = times->first_op_ns, due = plan->interval_ns > 0 ? clock_mono_ns() : 0;
    for (uint64_t number = 0; !flow_is_stopped(f); number++) {
        bytes_put(f->message, number_bytes(f), number);
        int64_t now = begun;
        bool is_sent = send(f->fd, f->message, f->message_bytes, MSG_NOSIGNAL) >= 0;
        int reason = is_sent ? 0 : errno;
        flow_begun(f);
        if (!is_sent && !datagram_endure(f, reason, counts, e))
            return false;
        enum answer answer = is_sent ? read_response(f, is_stock, begun, &now, counts, e) : LOST;
        if (answer == BROKEN)
            return false;
        if (answer == CAME) {
            rr_plan_count(plan, meter, f->message_bytes + f->read_bytes, begun, now);
            times->last_op_ns = now;
        } else {
            counts->lost += is_sent;
            now = clock_raw_ns();
            if (is_silent(f, times->last_op_ns, now, e))
                return false;
        }
        begun = now;
        if (plan->interval_ns > 0) {
            due += plan->interval_ns;
            (void)flow_sleep_until(f, due);
            begun = clock_raw_ns();
        }
    }
    return !atomic_load(&f->aborted) || flow_break(f, 0, "asking", e);
}

bool udp_rr_ask(struct flow *f, const struct rr_plan *plan, bool is_stock, struct meter *meter,
                struct udp_counts *counts, struct flow_times *times, struct err *e)
{
    if (!datagram_prepare(f, e))
        return false;
    times->last_op_ns = times->first_op_ns = flow_begin(f);
    return ask(f, plan, is_stock, meter, counts, times, e) && datagram_end_tell(f, !is_stock, e);
}

static bool respond(struct flow *f, bool is_stock, struct meter *meter, struct udp_counts *counts, struct err *e)
{
    if (!is_stock)
        memcpy(f->message, f->inbox, number_bytes(f));
    if (send(f->fd, f->message, f->message_bytes, MSG_NOSIGNAL) < 0)
        return datagram_endure(f, errno, counts, e);
    meter_add(meter, f->message_bytes + f->read_bytes);
    return true;
}

static bool answer_requests(struct flow *f, bool is_stock, struct meter *meter, struct udp_counts *counts,
                            struct flow_times *times, struct err *e)
{
    struct datagram_end end = datagram_end_begin();
    for (;;) {
        ssize_t got = recv(f->fd, f->inbox, f->read_bytes, MSG_TRUNC);
        int reason = got < 0 ? errno : 0;
        if (atomic_load(&f->aborted))
            return flow_break(f, reason, "waiting for a request", e);
        if (got == 0)
            datagram_end_heard(&end, f, !is_stock);
        else if (got > 0 && got != (ssize_t)f->read_bytes)
            counts->strange++;
        if (datagram_end_is_over(&end, f, got >= 0, reason))
            return true;
        if (got < 0 && !datagram_endure_wait(reason))
            return flow_break(f, reason, "waiting for a request", e);
        if (got != (ssize_t)f->read_bytes)
            continue;
        if (times->first_op_ns == 0)
            times->first_op_ns = clock_raw_ns();
        if (!respond(f, is_stock, meter, counts, e))
            return false;
    }
}

/* As in tcp_rr_answer, the end stands for the last response: it follows it by a round trip. */
bool udp_rr_answer(struct flow *f, bool is_stock, struct meter *meter, struct udp_counts *counts,
                   struct flow_times *times, struct err *e)
{
    *times = (struct flow_times){ .arrived_ns = arrival_await(f, f->fd) };
    bool ok = datagram_prepare(f, e) && answer_requests(f, is_stock, meter, counts, times, e);
    times->last_op_ns = times->first_op_ns ? clock_raw_ns() : 0;
    return ok;
}
