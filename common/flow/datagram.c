#include "datagram.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "flow/flow_parts.h"
#include "flow/sockopt.h"

enum { TELL_TIMES = 20, TELL_STOCK_TIMES = 3, QUIET_MS = 2000 };

bool datagram_prepare(struct flow *f, struct err *e)
{
    return sockopt_timeout(f->fd, SO_RCVTIMEO, DATAGRAM_TICK_MS, e) &&
           sockopt_timeout(f->fd, SO_SNDTIMEO, DATAGRAM_TICK_MS, e);
}

bool datagram_endure(struct flow *f, int reason, struct udp_counts *counts, struct err *e)
{
    switch (reason) {
    case EINTR: return true;
    case ENOBUFS:
    case EAGAIN: /* SO_SNDTIMEO: the device takes nothing */ counts->failed++; return true;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN: /* a link that is down now may come back */
        counts->failed++;
        clock_sleep_until_mono(clock_mono_ns() + CLOCK_NS_PER_MS);
        return true;
    case EMSGSIZE:
        f->failed = true;
        return err_set(e, ERR_USAGE, "a datagram of %zu bytes is more than UDP carries there", f->message_bytes);
    default: return flow_break(f, reason, "sending datagrams", e);
    }
}

bool datagram_endure_wait(int reason)
{
    return reason == EAGAIN || reason == EINTR || reason == EHOSTUNREACH || reason == ENETUNREACH;
}

/* Until an empty datagram comes (true) or nothing for a tick; what else comes was on its way before. */
static bool hear_answer(struct flow *f, int *reason)
{
    unsigned char rest;
    int64_t until = clock_mono_ns() + clock_ms(DATAGRAM_TICK_MS);
    do {
        ssize_t got = recv(f->fd, &rest, sizeof rest, 0);
        *reason = got < 0 ? errno : 0;
        if (got == 0 && !atomic_load(&f->aborted))
            return true;
    } while (*reason != EAGAIN && *reason != ECONNREFUSED && !atomic_load(&f->aborted) && clock_mono_ns() < until);
    return false;
}

bool datagram_end_tell(struct flow *f, bool is_answered, struct err *e)
{
    int reason = 0;
    for (int i = 0; i < (is_answered ? TELL_TIMES : TELL_STOCK_TIMES); i++) {
        (void)send(f->fd, "", 0, MSG_NOSIGNAL); /* refused, it is like one that was lost */
        if (is_answered && (hear_answer(f, &reason) || reason == ECONNREFUSED))
            return true;
        if (atomic_load(&f->aborted))
            return flow_break(f, reason, "telling the end of the datagrams", e);
    }
    return !is_answered || flow_break(f, ETIMEDOUT, "telling the end of the datagrams", e);
}

void datagram_end_heard(struct datagram_end *end, struct flow *f, bool is_answered)
{
    end->is_told = true;
    if (is_answered)
        (void)send(f->fd, "", 0, MSG_NOSIGNAL); /* lost, the end is told again */
}

bool datagram_end_is_over(struct datagram_end *end, const struct flow *f, int came, int reason)
{
    if (came > 0) {
        end->quiet_since_mono = 0;
        return false;
    }
    if (end->is_told && (reason == EAGAIN || reason == ECONNREFUSED)) /* by our answer to one who has left */
        return true;
    if (reason != EAGAIN)
        return false;
    int64_t now = clock_mono_ns();
    if (end->quiet_since_mono == 0)
        end->quiet_since_mono = now;
    return atomic_load(&f->stopped) && now - end->quiet_since_mono >= clock_ms(QUIET_MS);
}
