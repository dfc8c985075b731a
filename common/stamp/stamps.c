#include "stamps.h"

#include <errno.h>

#include <linux/net_tstamp.h>

#include "stamp/control.h"

/* After a failed send it is not known whether the kernel has counted it (that differs between versions).
 * The count is begun anew, and its numbers are believed when those from before are surely told. */
enum { NUMBERS_DOUBT_MS = 1000 };

enum {
    RECEIVED = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE,
    SENT = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY,
    NUMBERED = SOF_TIMESTAMPING_OPT_ID, /* from 0, when it is switched on */
};

void stamps_look(struct stamps *s)
{
    const struct clock_reading now = clock_read_all();
    wall_read(&s->wall, &now);
}

static int64_t raw_now(const struct stamps *s) { return s->wall.readings[(s->wall.count - 1) % WALL_READINGS].raw_ns; }

void stamps_begin(struct stamps *s, int fd, enum stamp_kind most)
{
    *s = (struct stamps){ .fd = fd, .kind = STAMP_USER };
    if (most >= STAMP_BOTH && control_ask(fd, RECEIVED | SENT | NUMBERED))
        s->kind = STAMP_BOTH;
    else if (most >= STAMP_RECEIVED && control_ask(fd, RECEIVED))
        s->kind = STAMP_RECEIVED;
    stamps_look(s);
}

static void begin_numbers_anew(struct stamps *s)
{
    s->next_id = 0;
    s->numbered_mono_ns = clock_mono_ns() + clock_ms(NUMBERS_DOUBT_MS);
    for (size_t i = 0; i < STAMPS_SENT; i++)
        s->sent[i].is_waiting = false;
    if (!control_ask(s->fd, RECEIVED | SENT) || !control_ask(s->fd, RECEIVED | SENT | NUMBERED))
        s->kind = STAMP_RECEIVED;
}

bool stamps_send(struct stamps *s, const void *bytes, size_t size, const struct sockaddr *to, socklen_t to_size,
                 const struct stamps_mark *mark)
{
    int64_t sent_ns = clock_raw_ns();
    bool ok = sendto(s->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, to, to ? to_size : 0) >= 0;
    if (s->kind != STAMP_BOTH)
        return ok;
    if (!ok) {
        begin_numbers_anew(s);
        return false;
    }
    uint32_t id = s->next_id++;
    s->sent[id % STAMPS_SENT].is_waiting = mark != NULL && clock_mono_ns() >= s->numbered_mono_ns;
    s->sent[id % STAMPS_SENT].id = id;
    s->sent[id % STAMPS_SENT].sent_ns = sent_ns;
    if (mark)
        s->sent[id % STAMPS_SENT].mark = *mark;
    return true;
}

ssize_t stamps_receive(struct stamps *s, void *bytes, size_t size, struct sockaddr_storage *from, socklen_t *from_size,
                       struct stamps_arrival *arrival)
{
    union control_room control;
    struct iovec to = { bytes, size };
    struct msghdr m = { .msg_name = from,
                        .msg_namelen = from ? sizeof *from : 0,
                        .msg_iov = &to,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof control };
    ssize_t got = recvmsg(s->fd, &m, MSG_DONTWAIT);
    if (got < 0)
        return got;
    stamps_look(s);
    if (from)
        *from_size = m.msg_namelen;
    int64_t earliest, latest;
    const struct control w = control_read(&m);
    *arrival = (struct stamps_arrival){ .at_ns = raw_now(s) };
    if (w.stamp_ns && wall_to_raw(&s->wall, w.stamp_ns, &earliest, &latest) && earliest <= arrival->at_ns) {
        arrival->at_ns = latest < arrival->at_ns ? latest : arrival->at_ns;
        arrival->is_kernel = true;
    }
    return got;
}

bool stamps_departure(struct stamps *s, struct stamps_mark *mark, int64_t *left_ns)
{
    union control_room control;
    struct msghdr m;
    do {
        m = (struct msghdr){ .msg_control = &control, .msg_controllen = sizeof control };
        if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        const struct control w = control_read(&m);
        size_t i = w.id % STAMPS_SENT;
        if (!w.is_departure || w.stamp_ns == 0 || !s->sent[i].is_waiting || s->sent[i].id != w.id)
            continue;
        s->sent[i].is_waiting = false;
        stamps_look(s);
        int64_t earliest, latest;
        /* Before it was sent it cannot have left: a stamp that says so is no stamp of it. */
        if (!wall_to_raw(&s->wall, w.stamp_ns, &earliest, &latest) || latest < s->sent[i].sent_ns)
            continue;
        *mark = s->sent[i].mark;
        *left_ns = earliest > s->sent[i].sent_ns ? earliest : s->sent[i].sent_ns;
        return true;
    } while (true);
}
