#include "stamps.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

/* After a failed send it is not known whether the kernel has counted it (that differs between versions).
 * The count is begun anew, and its numbers are believed when those from before are surely told. */
enum { NUMBERS_DOUBT_MS = 1000 };

/* Of one packet: its stamp, and in the error queue which packet it is. */
union control {
    struct cmsghdr align;
    unsigned char bytes[CMSG_SPACE(sizeof(struct scm_timestamping)) +
                        CMSG_SPACE(sizeof(struct sock_extended_err) + sizeof(struct sockaddr_in6)) + 64];
};

static bool ask_kernel(int fd, unsigned flags)
{
    return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}

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
    if (most >= STAMP_BOTH && ask_kernel(fd, RECEIVED | SENT | NUMBERED))
        s->kind = STAMP_BOTH;
    else if (most >= STAMP_RECEIVED && ask_kernel(fd, RECEIVED))
        s->kind = STAMP_RECEIVED;
    stamps_look(s);
}

static void begin_numbers_anew(struct stamps *s)
{
    s->next_id = 0;
    s->numbered_mono_ns = clock_mono_ns() + clock_ms(NUMBERS_DOUBT_MS);
    for (size_t i = 0; i < STAMPS_SENT; i++)
        s->sent[i].is_waiting = false;
    if (!ask_kernel(s->fd, RECEIVED | SENT) || !ask_kernel(s->fd, RECEIVED | SENT | NUMBERED))
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

/* What a control message says of a packet. */
struct word {
    int64_t stamp_ns; /* REALTIME; 0 for none */
    bool is_departure;
    uint32_t id;
};

static struct word read_control(struct msghdr *m)
{
    struct word w = { 0 };
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct scm_timestamping stamps;
        struct sock_extended_err what;
        bool is_error = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING && c->cmsg_len >= CMSG_LEN(sizeof stamps)) {
            memcpy(&stamps, CMSG_DATA(c), sizeof stamps);
            w.stamp_ns = (int64_t)stamps.ts[0].tv_sec * CLOCK_NS_PER_S + stamps.ts[0].tv_nsec;
        } else if (is_error && c->cmsg_len >= CMSG_LEN(sizeof what)) {
            memcpy(&what, CMSG_DATA(c), sizeof what);
            w.is_departure = what.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && what.ee_info == SCM_TSTAMP_SND;
            w.id = what.ee_data;
        }
    }
    return w;
}

ssize_t stamps_receive(struct stamps *s, void *bytes, size_t size, struct sockaddr_storage *from, socklen_t *from_size,
                       struct stamps_arrival *arrival)
{
    union control control;
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
    const struct word w = read_control(&m);
    *arrival = (struct stamps_arrival){ .at_ns = raw_now(s) };
    if (w.stamp_ns && wall_to_raw(&s->wall, w.stamp_ns, &earliest, &latest) && earliest <= arrival->at_ns) {
        arrival->at_ns = latest < arrival->at_ns ? latest : arrival->at_ns;
        arrival->is_kernel = true;
    }
    return got;
}

bool stamps_departure(struct stamps *s, struct stamps_mark *mark, int64_t *left_ns)
{
    union control control;
    struct msghdr m;
    do {
        m = (struct msghdr){ .msg_control = &control, .msg_controllen = sizeof control };
        if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return false;
        const struct word w = read_control(&m);
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
