#include "flow_parts.h"

#include <errno.h>
#include <linux/tcp.h> /* not netinet/tcp.h: glibc's tcp_info ends before tcpi_min_rtt */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "flow/sockopt.h"

enum {
    SLEEP_STEP_MS = 50,
    BRIEF_BYTES = 128 * 1024, /* copied in some 20 us; what finds no room in the socket blocks, and keeps no CPU */
};

/* The kernel cuts what is above its limit without a word, and doubles what it takes (socket(7)). */
static bool set_buffer(int fd, int option, int bytes, const char *name, const char *limit, struct err *e)
{
    int real = 0;
    socklen_t size = sizeof real;
    if (!sockopt_int(fd, SOL_SOCKET, option, bytes, name, e))
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
    if (options->nodelay && !sockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY", e))
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

struct flow *flow_new(size_t message_bytes, size_t read_bytes, struct err *e)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (message_bytes + page - 1) / page * page;
    if (message_bytes == 0 && read_bytes == 0) {
        err_set(e, ERR_USAGE, "a message of 0 bytes moves nothing; ask for at least 1");
        return NULL;
    }
    struct flow *flow = calloc(1, sizeof *flow);
    if (!flow) {
        err_errno(e, ENOMEM, "a flow");
        return NULL;
    }
    void *buffer = mmap(NULL, room + read_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED) {
        err_errno(e, errno, "a buffer of %zu bytes", room + read_bytes);
        free(flow);
        return NULL;
    }
    fill(buffer, room + read_bytes);
    *flow = (struct flow){ .fd = -1,
                           .file_fd = -1,
                           .at_hand = -1,
                           .message = buffer,
                           .inbox = (unsigned char *)buffer + room,
                           .message_bytes = message_bytes,
                           .read_bytes = read_bytes,
                           .mapped_bytes = room + read_bytes };
    pthread_mutex_init(&flow->lock, NULL);
    return flow;
}

void flow_connect(struct flow *flow, int *fd)
{
    flow->fd = *fd;
    *fd = -1;
}

void flow_set_start(struct flow *flow, const struct flow_start *start) { flow->start = *start; }

bool flow_begins_briefly(const struct flow *flow) { return flow->message_bytes <= BRIEF_BYTES; }

bool flow_dial(struct flow *f, const struct address *to, struct err *e)
{
    if (!sockopt_timeout(f->fd, SO_SNDTIMEO, FLOW_DIAL_MS, e))
        return false;
    if (connect(f->fd, address_of(to), to->size) != 0) {
        int reason = errno; /* EINPROGRESS: too late */
        (void)flow_break(f, reason, "connecting", e);
        return (reason != EINPROGRESS && reason != ECONNREFUSED) || atomic_load(&f->aborted)
                   ? false
                   : err_set(e, ERR_PARTIAL,
                             "the data port is closed: has the test ended, or does a firewall refuse it?");
    }
    static const struct timeval FOREVER = { 0 };
    return setsockopt(f->fd, SOL_SOCKET, SO_SNDTIMEO, &FOREVER, sizeof FOREVER) == 0 ||
           err_errno(e, errno, "a data socket");
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
    if (f->file_fd >= 0)
        close(f->file_fd);
    pthread_mutex_destroy(&f->lock);
    munmap(f->message, f->mapped_bytes);
    free(f);
}

void flow_stop_sending(struct flow *flow)
{
    atomic_store(&flow->stopped, true);
    /* ENOTCONN: it broke before, and the moving thread says so. */
    (void)shutdown(flow->fd, SHUT_WR);
}

void flow_stop(struct flow *flow) { atomic_store(&flow->stopped, true); }

void flow_abort(struct flow *flow)
{
    atomic_store(&flow->aborted, true);
    /* Wakes a blocked send(2) (EPIPE) as well as a blocked recv(2) (0), and accept(2) (EINVAL). */
    if (flow->fd >= 0)
        (void)shutdown(flow->fd, SHUT_RDWR);
    pthread_mutex_lock(&flow->lock);
    if (flow->at_hand >= 0)
        (void)shutdown(flow->at_hand, SHUT_RDWR);
    pthread_mutex_unlock(&flow->lock);
}

int flow_broken_by(const struct flow *flow) { return flow->broken_by; }

bool flow_break(struct flow *f, int errno_value, const char *doing, struct err *e)
{
    f->failed = true;
    f->broken_by = errno_value;
    if (atomic_load(&f->aborted))
        return err_set(e, ERR_PARTIAL, "the flow was aborted while %s", doing);
    switch (errno_value) {
    case ECONNRESET: return err_set(e, ERR_PARTIAL, "the other side reset the connection while %s", doing);
    case 0:
    case EPIPE: return err_set(e, ERR_PARTIAL, "the other side closed the connection while %s", doing);
    case ECONNREFUSED:
        return err_set(e, ERR_PARTIAL, "nobody listens on the other side any more, while %s: has its agent ended?",
                       doing);
    case ETIMEDOUT:
        return err_set(e, ERR_PARTIAL, "the other side no longer answers while %s: is the link down?", doing);
    default: break;
    }
    err_errno(e, errno_value, "while %s", doing);
    if (e)
        e->exit = ERR_PARTIAL;
    return false;
}

bool flow_wait_for_close(struct flow *f, struct err *e)
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
            return flow_break(f, got == 0 ? 0 : errno, "waiting for the other side to read the rest", e);
    }
}

bool flow_sleep_until(const struct flow *flow, int64_t mono_ns)
{
    for (int64_t now; !flow_is_stopped(flow);) {
        now = clock_mono_ns();
        if (now >= mono_ns)
            return true;
        int64_t step = clock_ms(SLEEP_STEP_MS);
        clock_sleep_until_mono(mono_ns - now < step ? mono_ns : now + step);
    }
    return false;
}

static bool read_tcp(int fd, struct flow_tcp_info *info, struct err *e)
{
    struct tcp_info tcp = { 0 }; /* an older kernel fills less of it */
    socklen_t size = sizeof tcp;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0)
        return err_errno(e, errno, "reading TCP_INFO");
    info->retransmits = tcp.tcpi_total_retrans;
    info->rtt_us = tcp.tcpi_rtt;
    info->min_rtt_us = tcp.tcpi_min_rtt == UINT32_MAX ? 0 : tcp.tcpi_min_rtt;
    info->mss = tcp.tcpi_snd_mss;
    char congestion[sizeof info->congestion + 1] = ""; /* the kernel's names fill 16 bytes */
    size = sizeof info->congestion;
    if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion, &size) != 0)
        return err_errno(e, errno, "reading TCP_CONGESTION");
    text_copy(info->congestion, sizeof info->congestion, congestion);
    return true;
}

bool flow_acknowledged(const struct flow *f, uint64_t *bytes)
{
    struct tcp_info tcp = { 0 };
    socklen_t size = sizeof tcp;
    if (getsockopt(f->fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof tcp.tcpi_bytes_acked)
        return false;
    *bytes = tcp.tcpi_bytes_acked > 0 ? tcp.tcpi_bytes_acked - 1 : 0; /* the kernel counts the SYN, too */
    return true;
}

bool flow_tcp_info(const struct flow *f, struct flow_tcp_info *info, struct err *e)
{
    struct flow_tcp_info read = { 0 };
    int protocol = 0;
    socklen_t size = sizeof protocol;
    if (f->fd < 0) {
        *info = (struct flow_tcp_info){ .retransmits = f->retransmits, .mss = f->mss };
        return true;
    }
    if (getsockopt(f->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0)
        return err_errno(e, errno, "reading SO_PROTOCOL");
    if (protocol == IPPROTO_TCP && !read_tcp(f->fd, &read, e))
        return false;
    size = sizeof read.send_buffer_bytes;
    if (getsockopt(f->fd, SOL_SOCKET, SO_SNDBUF, &read.send_buffer_bytes, &size) != 0)
        return err_errno(e, errno, "reading SO_SNDBUF");
    size = sizeof read.receive_buffer_bytes;
    if (getsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &read.receive_buffer_bytes, &size) != 0)
        return err_errno(e, errno, "reading SO_RCVBUF");
    *info = read;
    return true;
}
