#include "tcp_crr.h"

#include <errno.h>
#include <linux/tcp.h> /* as flow.c */
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "flow/arrival.h"
#include "flow/flow_parts.h"
#include "flow/sockopt.h"

/* RESENT_LEAST_NS: two ticks of HZ=1000, the kernel's least wait for one segment (TCP_TIMEOUT_MIN). */
enum { CONNECT_MS = 5000, ANSWER_MS = 500, GUARDED_MS = 50, RESENT_LEAST_NS = 2 * CLOCK_NS_PER_MS };

/* The connection of the moment: known to who aborts from here on, */
static void take_in_hand(struct flow *f, int fd)
{
    pthread_mutex_lock(&f->lock);
    f->at_hand = fd;
    pthread_mutex_unlock(&f->lock);
}

/* ... and until here. */
static void put_down(struct flow *f)
{
    int fd = f->at_hand;
    take_in_hand(f, -1);
    close(fd);
}

/* What the connection at hand had to send again since `begun`. It is asked only where there can be anything: a
 * system call a transaction costs CRR a tenth of its rate on loopback, and one segment alone is never sent again
 * within RESENT_LEAST_NS. */
static void count_retransmits(struct flow *f, int64_t begun)
{
    if (f->mss > 0 && f->message_bytes <= f->mss && clock_raw_ns() - begun < RESENT_LEAST_NS)
        return;
    struct tcp_info tcp = { 0 };
    socklen_t size = sizeof tcp;
    if (getsockopt(f->at_hand, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0)
        return;
    f->retransmits += tcp.tcpi_total_retrans;
    f->mss = tcp.tcpi_snd_mss;
}

static ssize_t read_whole(int fd, unsigned char *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = recv(fd, buffer + done, size - done, MSG_WAITALL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static bool write_whole(int fd, const unsigned char *buffer, size_t size, int flags)
{
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(fd, buffer + done, size - done, MSG_NOSIGNAL | flags);
        if (sent < 0 && errno != EINTR)
            return false;
        done += sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* ---- the side that asks ---- */

static bool refuse_connection(struct flow *f, int errno_value, struct err *e)
{
    f->failed = true;
    f->broken_by = errno_value;
    switch (atomic_load(&f->aborted) ? 0 : errno_value) {
    case EADDRNOTAVAIL:
        return err_set(e, ERR_PARTIAL,
                       "this machine has no port left to connect from: all are in TIME_WAIT; measure for a shorter "
                       "time, or widen net.ipv4.ip_local_port_range");
    case EINPROGRESS: /* SO_SNDTIMEO */
        return err_set(e, ERR_PARTIAL, "no connection within %d s: is the link down?", CONNECT_MS / 1000);
    default: return flow_break(f, errno_value, "connecting", e);
    }
}

static bool open_connection(struct flow *f, const struct tcp_crr_target *t, struct err *e)
{
    int fd = socket(t->to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return flow_break(f, errno, "making a socket", e);
    take_in_hand(f, fd);
    if (!sockopt_timeout(fd, SO_SNDTIMEO, CONNECT_MS, e) || !flow_configure(fd, t->options, e) ||
        !address_bind_from(fd, t->options->from, &t->to, e))
        return false;
    if (atomic_load(&f->aborted))
        return flow_break(f, 0, "connecting", e);
    return connect(fd, address_of(&t->to), t->to.size) == 0 || refuse_connection(f, errno, e);
}

/* Until the other side has closed. */
static bool see_close(struct flow *f, const struct tcp_crr_target *t, struct err *e)
{
    unsigned char unexpected;
    if (t->closes_first)
        (void)shutdown(f->at_hand, SHUT_WR);
    ssize_t got = read_whole(f->at_hand, &unexpected, 1);
    if (got == 0 && !atomic_load(&f->aborted))
        return true;
    if (got > 0) {
        f->failed = true;
        return err_set(e, ERR_PARTIAL, "the answering side sent more than a response");
    }
    return flow_break(f, got < 0 ? errno : 0, "waiting for the close behind a response", e);
}

static bool transact(struct flow *f, const struct tcp_crr_target *t, struct err *e)
{
    bool is_open = open_connection(f, t, e);
    flow_begun(f);
    if (!is_open)
        return false;
    if (!write_whole(f->at_hand, f->message, f->message_bytes, 0))
        return flow_break(f, errno, "sending a request", e);
    ssize_t got = read_whole(f->at_hand, f->inbox, f->read_bytes);
    if (got != (ssize_t)f->read_bytes)
        return flow_break(f, got < 0 ? errno : 0, "waiting for a response", e);
    return see_close(f, t, e);
}

/* The last word: a preamble and no request. */
static bool take_leave(struct flow *f, const struct tcp_crr_target *t, struct err *e)
{
    if (t->preamble.size == 0)
        return true;
    bool ok = open_connection(f, t, e);
    if (ok && !write_whole(f->at_hand, t->preamble.bytes, t->preamble.size, 0))
        ok = flow_break(f, errno, "saying that it is over", e);
    if (ok)
        (void)shutdown(f->at_hand, SHUT_WR);
    ok = ok && see_close(f, t, e);
    if (f->at_hand >= 0)
        put_down(f);
    return ok;
}

bool tcp_crr_ask(struct flow *f, const struct tcp_crr_target *t, const struct rr_plan *plan, struct meter *meter,
                 struct flow_times *times, struct err *e)
{
    memcpy(f->message, t->preamble.bytes, t->preamble.size);
    int64_t begun = flow_begin(f), due = clock_mono_ns();
    times->last_op_ns = times->first_op_ns = begun;
    while (!flow_is_stopped(f)) {
        bool ok = transact(f, t, e);
        if (f->at_hand >= 0) {
            count_retransmits(f, begun);
            put_down(f);
        }
        if (!ok)
            return false;
        int64_t now = clock_raw_ns();
        rr_plan_count(plan, meter, f->message_bytes + f->read_bytes, begun, now);
        times->last_op_ns = begun = now;
        if (plan->interval_ns > 0) {
            due += plan->interval_ns;
            if (!flow_sleep_until(f, due))
                break;
            begun = clock_raw_ns();
        }
    }
    return atomic_load(&f->aborted) ? flow_break(f, 0, "asking", e) : take_leave(f, t, e);
}

/* ---- the side that answers ---- */

enum visit { ANSWERED, LEFT, STRANGER };

/* Guarded, what a connection has to say is there, or was on its way when the guard was put up. */
static enum visit attend(struct flow *f, const struct tcp_crr_preamble *p, bool is_guarded)
{
    if (is_guarded && !sockopt_timeout(f->at_hand, SO_RCVTIMEO, GUARDED_MS, NULL))
        return STRANGER;
    ssize_t got = read_whole(f->at_hand, f->inbox, f->read_bytes);
    bool is_known = got >= (ssize_t)p->size && sodium_memcmp(f->inbox, p->bytes, p->size) == 0;
    if (is_known && p->size > 0 && got == (ssize_t)p->size)
        return LEFT;
    /* MSG_MORE: the close that follows at once takes the response's end with it, in one segment. */
    if (!is_known || got < (ssize_t)f->read_bytes || !write_whole(f->at_hand, f->message, f->message_bytes, MSG_MORE))
        return STRANGER;
    return ANSWERED;
}

/* From the first stranger on silent ones do not get as far as accept(2): TCP_DEFER_ACCEPT keeps a connection back
 * until its first bytes are here. Not before, since who is woken by the connection already is awake for its request:
 * 1.09 to 1.19 of the rate with the request alone on loopback, where waking is most of a transaction. */
static void guard(int listen_fd)
{
    const int seconds = 1;
    (void)setsockopt(listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds); /* without it, just slower */
}

/* Timeouts of the listener are its connections', too, but of those that came before. */
bool tcp_crr_prepare(int listen_fd, struct err *e)
{
    if (!sockopt_timeout(listen_fd, SO_RCVTIMEO, ANSWER_MS, e) ||
        !sockopt_timeout(listen_fd, SO_SNDTIMEO, ANSWER_MS, e))
        return false;
    /* cppcheck-suppress nullPointer ; accept4(2) takes NULL */
    for (int fd; (fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
        close(fd);
    return true;
}

/* False when there is none and will be none: stopped, aborted or broken, as *ok says. */
static bool next_connection(struct flow *f, bool *ok, struct err *e)
{
    for (;;) {
        /* cppcheck-suppress nullPointer ; accept4(2) takes NULL */
        int fd = accept4(f->fd, NULL, NULL, SOCK_CLOEXEC);
        int reason = fd < 0 ? errno : 0;
        if (fd >= 0) {
            *ok = true; /* also when there was none for a while */
            take_in_hand(f, fd);
            return true;
        }
        *ok = !atomic_load(&f->aborted) && reason == EAGAIN && atomic_load(&f->stopped);
        if (*ok)
            return false;
        /* accept(2): errors of the new connection, as if it had never been */
        if (atomic_load(&f->aborted) || reason == EINVAL || reason == EBADF || reason == EMFILE || reason == ENFILE ||
            reason == ENOBUFS || reason == ENOMEM)
            return flow_break(f, reason, "waiting for connections", e);
    }
}

bool tcp_crr_answer(struct flow *f, const struct tcp_crr_preamble *preamble, struct meter *meter, uint64_t *strangers,
                    struct flow_times *times, struct err *e)
{
    bool ok = sockopt_blocking(f->fd, e);
    enum visit visit = STRANGER;
    struct wall wall = { 0 };
    *times = (struct flow_times){ 0 };
    arrival_read_clocks(&wall);
    while (ok && visit != LEFT && next_connection(f, &ok, e)) {
        if (times->arrived_ns == 0 && times->first_op_ns == 0)
            times->arrived_ns = arrival_look(&wall, f->at_hand);
        visit = attend(f, preamble, *strangers > 0);
        if (visit == ANSWERED) {
            if (times->first_op_ns == 0)
                times->first_op_ns = clock_raw_ns();
            meter_add(meter, f->message_bytes + f->read_bytes);
        }
        if (visit == STRANGER && (*strangers)++ == 0)
            guard(f->fd);
        put_down(f);
    }
    times->last_op_ns = times->first_op_ns ? clock_raw_ns() : 0;
    return ok;
}
