#include "tcp_stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "flow/arrival.h"
#include "flow/flow_parts.h"

/* One read takes what is there, up to TCP_STREAM_READ_BYTES; what is not there is not touched, so large
 * costs nothing. At high rates a read also waits for company (SO_RCVLOWAT): as many bytes as come in
 * COMPANY_NS at the rate that was seen, so no byte is held for longer than about that, which is what
 * a network card's interrupt moderation does too. Below 64 KiB a COMPANY_NS (5.2 Gbit/s) it does not
 * wait, and reads are those of a plain program. Why at all: a receiver that is woken for each
 * segment makes the sender pay for waking it. Ratios to iperf3 on loopback, 2 CPUs, cubic, medians
 * of 5 to 12 runs on a fairly quiet machine, rate and CPU s a GB, for messages of 16 KB / 128 KB /
 * 1 MB:
 *     plain reads of 128 KB     0.96 0.74    0.97 0.95    0.86 1.03
 *     plain reads of 1 MB       1.04 0.72    1.01 0.92    0.90 0.99
 *     MSG_WAITALL, 1 MB         1.09 0.70    1.01 0.90    1.01 0.87   (late by 84 ms at 100 Mbit/s)
 *     company of 50 us          1.17 0.62    1.15 0.76    1.06 0.80
 *     company of 100 us         1.24 0.57    1.22 0.72    1.14 0.78
 *     company of 200 us         1.28 0.55    1.24 0.70    1.07 0.80
 * Huge pages under the buffer, or poll(2) in front of send and recv, made no difference.
 *
 * With messages of 512 KiB and more the sender's CPU is all that counts, and a read that waits in the kernel then takes
 * on what comes in meanwhile, in small pieces. One that does not wait, after a wait of its own, and that stops where
 * the buffer ends, leaves the sender more. Ratios to iperf3 as above, medians of 12 runs on a quieter machine, 1 MB:
 *     company of 100 us                               0.93 0.93
 *     poll(2), then recv without waiting, filling     0.98 1.01
 *     select(2), then the same                        1.03 0.98
 * (select takes longer than poll, and more has come meanwhile.) With 128 KB it is company that wins, 1.04 to 0.98. */
enum {
    FILLING_LEAST = 512 * 1024,
    COMPANY_NS = 100 * 1000,
    COMPANY_LEAST = 64 * 1024,
    COMPANY_MOST = TCP_STREAM_READ_BYTES / 2,
    COMPANY_REVIEW_BYTES = 4 * TCP_STREAM_READ_BYTES, /* the clock is read this often: every ms at 40 Gbit/s */
};

/* One message. False when there is no more to send: in order (*ok), since the writing half has been shut down, or
 * not. A send that was in progress then returns what it copied, the next one EPIPE. A peer that closed and then
 * refused our bytes also reads as EPIPE. */
static inline bool send_message(struct flow *f, struct meter *meter, bool *ok, struct err *e)
{
    ssize_t sent = send(f->fd, f->message, f->message_bytes, MSG_NOSIGNAL);
    if (sent > 0)
        meter_add(meter, (uint64_t)sent);
    else if (sent < 0 && errno == EPIPE && atomic_load(&f->stopped) && !atomic_load(&f->aborted))
        return false;
    else if (sent < 0 && errno != EINTR)
        return *ok = flow_break(f, errno, "sending", e);
    return true;
}

bool tcp_stream_send(struct flow *f, struct meter *meter, struct flow_times *times, struct err *e)
{
    bool ok = true;
    times->first_op_ns = flow_begin(f);
    bool goes_on = send_message(f, meter, &ok, e);
    flow_begun(f);
    while (goes_on)
        goes_on = send_message(f, meter, &ok, e);
    ok = ok && flow_wait_for_close(f, e);
    times->last_op_ns = clock_raw_ns();
    return ok;
}

/* How many bytes a read waits for, and since when and how many it has been like that. */
struct company {
    int64_t bytes, since_ns, since_bytes;
};

static void review_company(int fd, struct company *c, ssize_t got)
{
    c->since_bytes += got;
    if (c->since_bytes < COMPANY_REVIEW_BYTES)
        return;
    int64_t now_ns = clock_raw_ns();
    int64_t wanted = c->since_bytes * COMPANY_NS / (now_ns - c->since_ns + 1);
    c->since_ns = now_ns;
    c->since_bytes = 0;
    if (wanted < COMPANY_LEAST)
        wanted = 1;
    else if (wanted > COMPANY_MOST)
        wanted = COMPANY_MOST;
    if (wanted <= c->bytes + c->bytes / 4 && wanted >= c->bytes - c->bytes / 4)
        return;
    c->bytes = wanted;
    /* Refused, reads stay plain. At the stream's end they return whatever is left. */
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &(int){ (int)wanted }, sizeof(int));
}

/* There is something to read, or the stream is over; flow_abort() ends it, too. */
static void await_readable(int fd)
{
    if (fd >= FD_SETSIZE) {
        (void)poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1);
        return;
    }
    fd_set one;
    FD_ZERO(&one);
    FD_SET(fd, &one);
    (void)select(fd + 1, &one, NULL, NULL, NULL);
}

/* To behind what was read last, and at the end of the buffer from its beginning. */
static ssize_t read_filling(struct flow *f, size_t *at)
{
    await_readable(f->fd);
    ssize_t got = recv(f->fd, f->inbox + *at, f->read_bytes - *at, MSG_DONTWAIT);
    if (got > 0)
        *at = (*at + (size_t)got) % f->read_bytes;
    return got;
}

enum tcp_reads tcp_stream_reads(size_t message_bytes)
{
    return message_bytes < FILLING_LEAST ? TCP_READS_IN_COMPANY : TCP_READS_FILLING;
}

size_t tcp_stream_read_bytes(enum tcp_reads reads)
{
    return reads == TCP_READS_PLAIN ? TCP_STREAM_PLAIN_READ_BYTES : TCP_STREAM_READ_BYTES;
}

bool tcp_stream_receive(struct flow *f, enum tcp_reads reads, struct meter *meter, struct flow_times *times,
                        struct err *e)
{
    size_t at = 0;
    *times = (struct flow_times){ .arrived_ns = arrival_await(f, f->fd) };
    struct company company = { .bytes = 1, .since_ns = clock_raw_ns() };
    for (;;) {
        ssize_t got = reads == TCP_READS_FILLING ? read_filling(f, &at) : recv(f->fd, f->inbox, f->read_bytes, 0);
        if (got > 0) {
            if (times->first_op_ns == 0) /* once, so that reads hold no clock */
                times->first_op_ns = clock_raw_ns();
            meter_add(meter, (uint64_t)got);
            if (reads == TCP_READS_IN_COMPANY)
                review_company(f->fd, &company, got);
            continue;
        }
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        int reason = got == 0 ? 0 : errno;
        times->last_op_ns = times->first_op_ns ? clock_raw_ns() : 0;
        if (reason != 0 || atomic_load(&f->aborted))
            return flow_break(f, reason, "receiving", e);
        /* A sender that is gone already has its own report. */
        (void)shutdown(f->fd, SHUT_WR);
        return true;
    }
}
