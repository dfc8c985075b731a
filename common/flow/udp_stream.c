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

enum {
    BURST_NS = CLOCK_NS_PER_MS, /* at a rate: between two looks at the clock */
    BATCH = 32,                 /* datagrams that one system call receives */
};

/* ---- sending ---- */

static bool send_datagrams(struct flow *f, const struct udp_stream_plan *plan, struct meter *meter,
                           struct udp_counts *counts, struct err *e)
{
    size_t number_bytes = f->message_bytes < UDP_NUMBER_BYTES ? f->message_bytes : UDP_NUMBER_BYTES;
    /* Datagrams of a burst, and how long one burst lasts at the rate. */
    int64_t burst = 0, burst_ns = 0, due = 0;
    if (plan->bits_per_s > 0) {
        double each_ns = 8e9 * (double)f->message_bytes / (double)plan->bits_per_s;
        burst = each_ns < BURST_NS ? (int64_t)(BURST_NS / each_ns) : 1;
        burst_ns = (int64_t)(each_ns * (double)burst);
        due = clock_mono_ns();
    }
    for (uint64_t number = 0; !flow_is_stopped(f);) {
        if (!plan->is_stock)
            bytes_put(f->message, number_bytes, number);
        bool is_sent = send(f->fd, f->message, f->message_bytes, MSG_NOSIGNAL) >= 0;
        int reason = is_sent ? 0 : errno;
        flow_begun(f);
        if (is_sent) {
            meter_add(meter, f->message_bytes);
            number++;
        } else if (!datagram_endure(f, reason, counts, e)) {
            return false;
        }
        if (burst > 0 && number % (uint64_t)burst == 0) {
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
    times->first_op_ns = flow_begin(f);
    bool ok = send_datagrams(f, plan, meter, counts, e);
    times->last_op_ns = clock_raw_ns();
    return ok && datagram_end_tell(f, !plan->is_stock, e);
}

/* ---- receiving ---- */

/* Each datagram's number goes to a place of its own, the rest of all to one: nobody reads it, and a buffer
 * that stays in the cache does not slow the receiver. */
struct batch {
    struct mmsghdr headers[BATCH];
    struct iovec parts[BATCH][2];
    unsigned char numbers[BATCH][UDP_NUMBER_BYTES];
    size_t number_bytes;
    struct order order;
};

static struct batch *new_batch(const struct flow *f)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->number_bytes = f->read_bytes < UDP_NUMBER_BYTES ? f->read_bytes : UDP_NUMBER_BYTES;
    for (size_t i = 0; i < BATCH; i++) {
        b->parts[i][0] = (struct iovec){ b->numbers[i], b->number_bytes };
        b->parts[i][1] = (struct iovec){ f->inbox, f->read_bytes - b->number_bytes };
        b->headers[i].msg_hdr.msg_iov = b->parts[i];
        b->headers[i].msg_hdr.msg_iovlen = 2;
    }
    return b;
}

/* The datagrams of one call. True: one of them was the end. */
static bool count_batch(const struct flow *f, struct batch *b, int came, bool is_stock, struct meter *meter,
                        struct udp_counts *counts)
{
    uint64_t good = 0;
    bool is_end = false;
    for (int i = 0; i < came; i++) {
        const struct mmsghdr *m = &b->headers[i];
        bool fits = m->msg_len == f->read_bytes && !(m->msg_hdr.msg_flags & MSG_TRUNC);
        if (m->msg_len == 0)
            is_end = true;
        else if (fits && (is_stock || b->number_bytes < UDP_NUMBER_BYTES ||
                          order_add(&b->order, bytes_get(b->numbers[i], UDP_NUMBER_BYTES))))
            good++;
        else
            counts->strange++;
    }
    if (good > 0)
        meter_add_many(meter, good * f->read_bytes, good);
    return is_end;
}

static bool receive_datagrams(struct flow *f, bool is_stock, struct batch *b, struct meter *meter,
                              struct udp_counts *counts, struct flow_times *times, struct err *e)
{
    struct datagram_end end = datagram_end_begin();
    for (;;) {
        int came = recvmmsg(f->fd, b->headers, BATCH, MSG_WAITFORONE, NULL);
        int reason = came < 0 ? errno : 0;
        if (atomic_load(&f->aborted))
            return flow_break(f, 0, "receiving datagrams", e);
        if (came > 0) {
            bool is_end = count_batch(f, b, came, is_stock, meter, counts);
            if (!is_end || came > 1)
                times->last_op_ns = clock_raw_ns();
            if (times->first_op_ns == 0)
                times->first_op_ns = times->last_op_ns;
            if (is_end)
                datagram_end_heard(&end, f, !is_stock);
        }
        if (datagram_end_is_over(&end, f, came, reason))
            return true;
        if (came < 0 && !datagram_endure_wait(reason))
            return flow_break(f, reason, "receiving datagrams", e);
    }
}

bool udp_stream_receive(struct flow *f, bool is_stock, struct meter *meter, struct udp_counts *counts,
                        struct flow_times *times, struct err *e)
{
    *times = (struct flow_times){ .arrived_ns = arrival_await(f, f->fd) };
    struct batch *b = new_batch(f);
    if (!b)
        return err_errno(e, ENOMEM, "receiving datagrams");
    bool ok = datagram_prepare(f, e) && receive_datagrams(f, is_stock, b, meter, counts, times, e);
    counts->late = b->order.late;
    counts->duplicates = b->order.duplicates;
    free(b);
    return ok;
}
