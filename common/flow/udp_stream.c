#include "udp_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "flow/arrival.h"
#include "flow/datagram.h"
#include "flow/flow_parts.h"
#include "stats/order.h"

/* The more datagrams a system call, the cheaper. BENCH_TESTS=udp:1472 ./bootstrap bench net compares them; CPU of both
 * ends for a GB that arrived over loopback, medians of 3 runs on a busy machine, where only their order says much:
 *     1: 10.8 s    8: 7.5 s    16: 7.8 s    32: 6.0 s    64: 5.3 s
 * Segments that the kernel cuts (UDP_SEGMENT) would be cheaper still, but are lost by the call, and reach no further
 * than the MTU. */
enum {
    BURST_NS = CLOCK_NS_PER_MS, /* at a rate: between two looks at the clock */
    BATCH = UDP_BATCH_MOST,
    SEND_BATCH_BYTES = 64 * 1024, /* so that a stop is heard soon on a slow wire, and the meter moves */
};

/* Each datagram's number has a place of its own, the rest of all is one: what is sent is the same, what is received
 * nobody reads, and a buffer that stays in the cache slows neither. */
struct batch {
    struct mmsghdr headers[UDP_BATCH_MOST];
    struct iovec parts[UDP_BATCH_MOST][2];
    unsigned char numbers[UDP_BATCH_MOST][UDP_NUMBER_BYTES];
    size_t number_bytes;
    int most;
};

/* Of messages of `bytes` at `message`. */
static struct batch *new_batch(unsigned char *message, /* NOLINT(readability-non-const-parameter): received into */
                               size_t bytes, int most)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->number_bytes = bytes < UDP_NUMBER_BYTES ? bytes : UDP_NUMBER_BYTES;
    b->most = most < UDP_BATCH_MOST ? most : UDP_BATCH_MOST;
    for (int i = 0; i < b->most; i++) {
        b->parts[i][0] = (struct iovec){ b->numbers[i], b->number_bytes };
        b->parts[i][1] = (struct iovec){ message + b->number_bytes, bytes - b->number_bytes };
        b->headers[i].msg_hdr.msg_iov = b->parts[i];
        b->headers[i].msg_hdr.msg_iovlen = 2;
    }
    return b;
}

/* ---- sending ---- */

static bool send_datagrams(struct flow *f, const struct udp_stream_plan *plan, struct batch *b, struct meter *meter,
                           struct udp_counts *counts, struct err *e)
{
    /* Datagrams of a burst, and how long one burst lasts at the rate. */
    int64_t burst = 0, burst_ns = 0, due = 0, left = b->most;
    if (plan->bits_per_s > 0) {
        double each_ns = 8e9 * (double)f->message_bytes / (double)plan->bits_per_s;
        left = burst = each_ns < BURST_NS ? (int64_t)(BURST_NS / each_ns) : 1;
        burst_ns = (int64_t)(each_ns * (double)burst);
        due = clock_mono_ns();
    }
    /* The first one alone: a brief call, as flow_begun wants it. And one behind a call that ended early: sendmmsg(2)
     * loses the error that ended it, so that a receiver who is gone, told of by each datagram to the next one, would
     * never be heard of. The error of one alone waits for the call behind it. */
    bool is_alone = true;
    for (uint64_t number = 0; !flow_is_stopped(f);) {
        int count = is_alone ? 1 : left < b->most ? (int)left : b->most;
        for (int i = 0; i < count; i++)
            bytes_put(b->numbers[i], b->number_bytes, plan->is_stock ? 0 : number + (uint64_t)i);
        int sent = sendmmsg(f->fd, b->headers, (unsigned)count, MSG_NOSIGNAL);
        int reason = sent < 0 ? errno : 0;
        flow_begun(f);
        is_alone = sent >= 0 && sent < count;
        if (sent > 0) {
            meter_add_many(meter, (uint64_t)sent * f->message_bytes, (uint64_t)sent);
            number += (uint64_t)sent;
        } else if (!datagram_endure(f, reason, counts, e)) {
            return false;
        }
        if (burst > 0 && (left -= sent > 0 ? sent : 1) <= 0) {
            left = burst;
            due += burst_ns;
            (void)flow_sleep_until(f, due); /* a stop ends the loop */
        }
    }
    return !atomic_load(&f->aborted) || flow_break(f, 0, "sending datagrams", e);
}

bool udp_stream_send(struct flow *f, const struct udp_stream_plan *plan, struct meter *meter, struct udp_counts *counts,
                     struct flow_times *times, struct err *e)
{
    if (!datagram_prepare(f, e))
        return false;
    size_t fit = SEND_BATCH_BYTES / f->message_bytes;
    int most = fit == 0 ? 1 : fit < BATCH ? (int)fit : BATCH;
    struct batch *b = new_batch(f->message, f->message_bytes, plan->batch > 0 ? plan->batch : most);
    if (!b)
        return err_errno(e, ENOMEM, "sending datagrams");
    times->first_op_ns = flow_begin(f);
    bool ok = send_datagrams(f, plan, b, meter, counts, e);
    times->last_op_ns = clock_raw_ns();
    free(b);
    return ok && datagram_end_tell(f, !plan->is_stock, e);
}

/* ---- receiving ---- */

/* The datagrams of one call; `order` NULL: they have no numbers. True: one of them was the end. */
static bool count_batch(const struct flow *f, const struct batch *b, int came, struct order *order, struct meter *meter,
                        struct udp_counts *counts)
{
    uint64_t good = 0;
    bool is_end = false;
    for (int i = 0; i < came; i++) {
        const struct mmsghdr *m = &b->headers[i];
        bool fits = m->msg_len == f->read_bytes && !(m->msg_hdr.msg_flags & MSG_TRUNC);
        if (m->msg_len == 0)
            is_end = true;
        else if (fits && (!order || b->number_bytes < UDP_NUMBER_BYTES ||
                          order_add(order, bytes_get(b->numbers[i], UDP_NUMBER_BYTES))))
            good++;
        else
            counts->strange++;
    }
    if (good > 0)
        meter_add_many(meter, good * f->read_bytes, good);
    return is_end;
}

static bool receive_datagrams(struct flow *f, struct batch *b, struct order *order, struct meter *meter,
                              struct udp_counts *counts, struct flow_times *times, struct err *e)
{
    struct datagram_end end = datagram_end_begin();
    for (;;) {
        int came = recvmmsg(f->fd, b->headers, (unsigned)b->most, MSG_WAITFORONE, NULL);
        int reason = came < 0 ? errno : 0;
        if (atomic_load(&f->aborted))
            return flow_break(f, 0, "receiving datagrams", e);
        if (came > 0) {
            bool is_end = count_batch(f, b, came, order, meter, counts);
            if (!is_end || came > 1)
                times->last_op_ns = clock_raw_ns();
            if (times->first_op_ns == 0)
                times->first_op_ns = times->last_op_ns;
            if (is_end)
                datagram_end_heard(&end, f, order != NULL);
        }
        if (datagram_end_is_over(&end, f, came, reason))
            return true;
        if (came < 0 && !datagram_endure_wait(reason))
            return flow_break(f, reason, "receiving datagrams", e);
    }
}

bool udp_stream_receive(struct flow *f, const struct udp_stream_plan *plan, struct meter *meter,
                        struct udp_counts *counts, struct flow_times *times, struct err *e)
{
    *times = (struct flow_times){ .arrived_ns = arrival_await(f, f->fd) };
    struct batch *b = new_batch(f->inbox, f->read_bytes, plan->batch > 0 ? plan->batch : BATCH);
    if (!b)
        return err_errno(e, ENOMEM, "receiving datagrams");
    struct order order = { 0 };
    bool ok =
        datagram_prepare(f, e) && receive_datagrams(f, b, plan->is_stock ? NULL : &order, meter, counts, times, e);
    counts->late = order.late;
    counts->duplicates = order.duplicates;
    free(b);
    return ok;
}
