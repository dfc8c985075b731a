#include "flow.h"

#include <errno.h>
#include <linux/tcp.h> /* not netinet/tcp.h: glibc's tcp_info ends before tcpi_min_rtt */
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

struct flow {
    int fd;
    unsigned char *buffer; /* page-aligned */
    size_t message_bytes, buffer_bytes;
    /* Set before the shutdown that they explain, so that who sees its effect sees the reason. */
    _Atomic bool stopped, aborted;
    bool failed;
};

/* One read takes what is there, up to RECEIVE_BYTES; what is not there is not touched, so large
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
 * Huge pages under the buffer, or poll(2) in front of send and recv, made no difference. */
enum {
    RECEIVE_BYTES = 1024 * 1024,
    COMPANY_NS = 100 * 1000,
    COMPANY_LEAST = 64 * 1024,
    COMPANY_MOST = RECEIVE_BYTES / 2,
    COMPANY_REVIEW_BYTES = 4 * RECEIVE_BYTES, /* the clock is read this often: every ms at 40 Gbit/s */
};

static bool set_int(int fd, int level, int option, int value, const char *name, struct err *e)
{
    if (setsockopt(fd, level, option, &value, sizeof value) != 0)
        return err_errno(e, errno, "setting %s to %d", name, value);
    return true;
}

/* The kernel cuts what is above its limit without a word, and doubles what it takes (socket(7)). */
static bool set_buffer(int fd, int option, int bytes, const char *name, const char *limit, struct err *e)
{
    int real = 0;
    socklen_t size = sizeof real;
    if (!set_int(fd, SOL_SOCKET, option, bytes, name, e))
        return false;
    if (getsockopt(fd, SOL_SOCKET, option, &real, &size) != 0)
        return err_errno(e, errno, "reading %s", name);
    if (real / 2 < bytes)
        return err_set(e, ERR_USAGE, "%s of %d bytes: the kernel gives at most %d (sysctl net.core.%s)", name, bytes,
                       real / 2, limit);
    return true;
}

bool flow_configure(int fd, const struct flow_options *options, struct err *e)
{
    if (options->send_buffer_bytes > 0 &&
        !set_buffer(fd, SO_SNDBUF, options->send_buffer_bytes, "a send buffer (SO_SNDBUF)", "wmem_max", e))
        return false;
    if (options->receive_buffer_bytes > 0 &&
        !set_buffer(fd, SO_RCVBUF, options->receive_buffer_bytes, "a receive buffer (SO_RCVBUF)", "rmem_max", e))
        return false;
    if (options->nodelay && !set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY", e))
        return false;
    const char *congestion = options->congestion;
    if (!congestion || !congestion[0])
        return true;
    if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, (socklen_t)strlen(congestion)) == 0)
        return true;
    if (errno == ENOENT)
        return err_set(e, ERR_USAGE,
                       "congestion control '%s' is not available here; "
                       "/proc/sys/net/ipv4/tcp_available_congestion_control lists what is, modprobe tcp_%s may add it",
                       congestion, congestion);
    if (errno == EPERM)
        return err_set(e, ERR_USAGE,
                       "congestion control '%s' needs CAP_NET_ADMIN or a place in "
                       "/proc/sys/net/ipv4/tcp_allowed_congestion_control",
                       congestion);
    return err_errno(e, errno, "setting congestion control '%s'", congestion);
}

/* Filled with what is not zero: a page that was only read is the kernel's one page of zeros, which
 * stays in the cache and makes sending look cheaper than it is. */
static void fill(unsigned char *buffer, size_t size)
{
    uint32_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525 + 1013904223; /* Numerical Recipes' generator: no pattern is needed */
        buffer[i] = (unsigned char)(state >> 24);
    }
}

struct flow *flow_new(size_t message_bytes, struct err *e)
{
    if (message_bytes == 0) {
        err_set(e, ERR_USAGE, "a message of 0 bytes moves nothing; ask for at least 1");
        return NULL;
    }
    struct flow *flow = calloc(1, sizeof *flow);
    if (!flow) {
        err_errno(e, ENOMEM, "a flow");
        return NULL;
    }
    size_t size = message_bytes > RECEIVE_BYTES ? message_bytes : RECEIVE_BYTES;
    void *buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) {
        err_errno(e, errno, "a buffer of %zu bytes", size);
        free(flow);
        return NULL;
    }
    fill(buffer, size);
    *flow = (struct flow){ .fd = -1, .buffer = buffer, .message_bytes = message_bytes, .buffer_bytes = size };
    return flow;
}

void flow_connect(struct flow *flow, int *fd)
{
    flow->fd = *fd;
    *fd = -1;
}

void flow_destroy(struct flow **flow)
{
    struct flow *f = *flow;
    if (!f)
        return;
    *flow = NULL;
    if (f->fd >= 0 && (f->failed || atomic_load(&f->aborted))) {
        const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
        setsockopt(f->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    if (f->fd >= 0)
        close(f->fd);
    munmap(f->buffer, f->buffer_bytes);
    free(f);
}

void flow_stop_sending(struct flow *flow)
{
    atomic_store(&flow->stopped, true);
    /* ENOTCONN: it broke before, and the moving thread says so. */
    (void)shutdown(flow->fd, SHUT_WR);
}

void flow_abort(struct flow *flow)
{
    atomic_store(&flow->aborted, true);
    /* Wakes a blocked send(2) (EPIPE) as well as a blocked recv(2) (0). */
    (void)shutdown(flow->fd, SHUT_RDWR);
}

/* What `errno_value` means to the person who reads it. Returns false. */
static bool broken(struct flow *f, int errno_value, const char *doing, struct err *e)
{
    f->failed = true;
    if (atomic_load(&f->aborted))
        return err_set(e, ERR_PARTIAL, "the flow was aborted while %s", doing);
    switch (errno_value) {
    case ECONNRESET: return err_set(e, ERR_PARTIAL, "the other side reset the connection while %s", doing);
    case EPIPE: return err_set(e, ERR_PARTIAL, "the other side closed the connection while %s", doing);
    case ETIMEDOUT:
        return err_set(e, ERR_PARTIAL, "the other side no longer answers while %s: is the link down?", doing);
    default: break;
    }
    err_errno(e, errno_value, "while %s", doing);
    if (e)
        e->exit = ERR_PARTIAL;
    return false;
}

/* Until the writing half is shut down; a send that was in progress then returns what it copied,
 * the next one EPIPE. A peer that closed and then refused our bytes also reads as EPIPE. */
static bool send_messages(struct flow *f, struct meter *meter, struct err *e)
{
    for (;;) {
        ssize_t sent = send(f->fd, f->buffer, f->message_bytes, MSG_NOSIGNAL);
        if (sent > 0)
            meter_add(meter, (uint64_t)sent);
        else if (sent < 0 && errno == EPIPE && atomic_load(&f->stopped) && !atomic_load(&f->aborted))
            return true;
        else if (sent < 0 && errno != EINTR)
            return broken(f, errno, "sending", e);
    }
}

/* The other side's close says that it has read everything. */
static bool wait_for_close(struct flow *f, struct err *e)
{
    for (;;) {
        char unexpected;
        ssize_t got = recv(f->fd, &unexpected, sizeof unexpected, 0);
        if (got == 0 && !atomic_load(&f->aborted))
            return true;
        if (got > 0) {
            f->failed = true;
            return err_set(e, ERR_PARTIAL, "the receiving side sent bytes where only its close was due");
        }
        if (got == 0 || errno != EINTR)
            return broken(f, got == 0 ? 0 : errno, "waiting for the other side to read the rest", e);
    }
}

bool flow_send(struct flow *f, struct meter *meter, struct flow_times *times, struct err *e)
{
    times->first_op_ns = clock_raw_ns();
    bool ok = send_messages(f, meter, e) && wait_for_close(f, e);
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

bool flow_receive(struct flow *f, struct meter *meter, struct flow_times *times, struct err *e)
{
    *times = (struct flow_times){ 0 };
    struct company company = { .bytes = 1, .since_ns = clock_raw_ns() };
    for (;;) {
        ssize_t got = recv(f->fd, f->buffer, f->buffer_bytes, 0);
        if (got > 0) {
            if (times->first_op_ns == 0) /* once, so that reads hold no clock */
                times->first_op_ns = clock_raw_ns();
            meter_add(meter, (uint64_t)got);
            review_company(f->fd, &company, got);
            continue;
        }
        if (got < 0 && errno == EINTR)
            continue;
        int reason = got == 0 ? 0 : errno;
        times->last_op_ns = times->first_op_ns ? clock_raw_ns() : 0;
        if (reason != 0 || atomic_load(&f->aborted))
            return broken(f, reason, "receiving", e);
        /* A sender that is gone already has its own report. */
        (void)shutdown(f->fd, SHUT_WR);
        return true;
    }
}

bool flow_tcp_info(const struct flow *f, struct flow_tcp_info *info, struct err *e)
{
    struct tcp_info tcp = { 0 }; /* an older kernel fills less of it */
    socklen_t size = sizeof tcp;
    if (getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0)
        return err_errno(e, errno, "reading TCP_INFO");
    struct flow_tcp_info read = {
        .retransmits = tcp.tcpi_total_retrans,
        .rtt_us = tcp.tcpi_rtt,
        .min_rtt_us = tcp.tcpi_min_rtt == UINT32_MAX ? 0 : tcp.tcpi_min_rtt,
        .mss = tcp.tcpi_snd_mss,
    };
    char congestion[sizeof read.congestion + 1] = ""; /* the kernel's names fill 16 bytes */
    size = sizeof read.congestion;
    if (getsockopt(f->fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &size) != 0)
        return err_errno(e, errno, "reading TCP_CONGESTION");
    text_copy(read.congestion, sizeof read.congestion, congestion);
    size = sizeof read.send_buffer_bytes;
    if (getsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &read.send_buffer_bytes, &size) != 0)
        return err_errno(e, errno, "reading SO_SNDBUF");
    size = sizeof read.receive_buffer_bytes;
    if (getsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &read.receive_buffer_bytes, &size) != 0)
        return err_errno(e, errno, "reading SO_RCVBUF");
    *info = read;
    return true;
}
