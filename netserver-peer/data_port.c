#include "data_port.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/address.h"
#include "flow/sockopt.h"

enum { BACKLOG = 128 };

static bool is_datagrams(const struct netperf_test *t)
{
    return t->kind == NETPERF_UDP_STREAM || t->kind == NETPERF_UDP_RR;
}

static void set_port(struct address *at, uint16_t port)
{
    if (at->storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&at->storage)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&at->storage)->sin_port = htons(port);
}

/* Where the client's control connection came to, in the family that the test wants; any address of that
 * family where this is one of the other. */
static bool place_of(const struct netperf_test *t, int control_fd, struct address *at, struct err *e)
{
    struct address here = { .size = sizeof here.storage };
    if (*t->address)
        return address_parse(t->address, t->data_port, at, e);
    if (getsockname(control_fd, (struct sockaddr *)&here.storage, &here.size) != 0)
        return err_errno(e, errno, "asking where the client came to");
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&here.storage;
    bool is_v6 = here.storage.ss_family == AF_INET6, is_mapped = is_v6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    if (t->is_ipv6 == (is_v6 && !is_mapped)) {
        if (!is_mapped) {
            *at = here;
        } else {
            struct sockaddr_in v4 = { .sin_family = AF_INET };
            memcpy(&v4.sin_addr, v6->sin6_addr.s6_addr + 12, sizeof v4.sin_addr);
            *at = (struct address){ .size = sizeof v4 };
            memcpy(&at->storage, &v4, sizeof v4);
        }
        set_port(at, t->data_port);
        return true;
    }
    return address_parse(t->is_ipv6 ? "::" : "0.0.0.0", t->data_port, at, e);
}

/* What errno says, to the client and to us. */
static bool fail(int *refusal, struct err *e, const char *doing)
{
    *refusal = errno;
    return err_errno(e, *refusal, "%s", doing);
}

/* As netserver does: what is too much is cut by the kernel, and told. */
static bool set_buffer(int fd, int option, int32_t bytes, int32_t *real)
{
    socklen_t size = sizeof *real;
    return (bytes <= 0 || setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes) == 0) &&
           getsockopt(fd, SOL_SOCKET, option, real, &size) == 0;
}

static bool configure(int fd, const struct netperf_test *t, struct netperf_answer *answer, int *refusal, struct err *e)
{
    const int on = 1;
    if (!set_buffer(fd, SO_SNDBUF, t->send_buffer, &answer->send_buffer) ||
        !set_buffer(fd, SO_RCVBUF, t->receive_buffer, &answer->receive_buffer))
        return fail(refusal, e, "a socket's buffer");
    if (is_datagrams(t))
        return true;
    if (*t->congestion &&
        setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, t->congestion, (socklen_t)strlen(t->congestion)) != 0)
        return fail(refusal, e, "the congestion control that is asked for");
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (t->nodelay && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0))
        return fail(refusal, e, "a data socket's options");
    return true;
}

bool data_port_open(const struct netperf_test *test, int control_fd, int *fd, struct netperf_answer *answer,
                    int *refusal, struct err *e)
{
    struct address at = { 0 };
    *refusal = EADDRNOTAVAIL;
    if (!place_of(test, control_fd, &at, e))
        return false;
    int type = (is_datagrams(test) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
    int made = socket(at.storage.ss_family, type, 0);
    if (made < 0)
        return fail(refusal, e, "a data socket");
    bool ok = configure(made, test, answer, refusal, e);
    if (ok && bind(made, address_of(&at), at.size) != 0)
        ok = fail(refusal, e, "binding the data port");
    if (ok && !is_datagrams(test) && listen(made, BACKLOG) != 0)
        ok = fail(refusal, e, "listening on the data port");
    if (ok && address_port(made, &answer->data_port, e)) {
        *fd = made;
        return true;
    }
    close(made);
    return false;
}

/* Until `fd` is readable; false when it is over before. */
static bool wait_for(int fd, const struct data_wait *wait, int64_t deadline_mono, struct err *e)
{
    for (;;) {
        struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
                                { .fd = wait->control_fd, .events = POLLRDHUP },
                                { .fd = wait->cancel_fd, .events = POLLIN } };
        int count = poll(fds, 3, clock_ms_until(deadline_mono));
        if (count > 0 && fds[2].revents)
            return err_set(e, ERR_INTERRUPTED, "broken off");
        if (count > 0 && fds[1].revents)
            return err_set(e, ERR_PARTIAL, "the client is gone");
        if (clock_mono_ns() >= deadline_mono)
            return err_set(e, ERR_PARTIAL,
                           "no data came within %.1f s: does a firewall let it through to the data port?",
                           (double)wait->most_ms / 1e3);
        if (count > 0 && fds[0].revents)
            return true;
    }
}

bool data_port_accept(int listen_fd, const struct data_wait *wait, int *fd, struct err *e)
{
    int64_t deadline = clock_mono_ns() + clock_ms(wait->most_ms);
    while (wait_for(listen_fd, wait, deadline, e)) {
        struct sockaddr_storage from = { 0 };
        socklen_t size = sizeof from;
        int made = accept4(listen_fd, (struct sockaddr *)&from, &size, SOCK_CLOEXEC);
        if (made >= 0 && allow_has(wait->allow, &from)) {
            *fd = made;
            return true;
        }
        if (made >= 0)
            close(made);
        else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return err_errno(e, errno, "accepting the data connection");
    }
    return false;
}

bool data_port_connect(int fd, const struct data_wait *wait, size_t *bytes, struct err *e)
{
    int64_t deadline = clock_mono_ns() + clock_ms(wait->most_ms);
    while (wait_for(fd, wait, deadline, e)) {
        struct sockaddr_storage from = { 0 };
        socklen_t size = sizeof from;
        char unread;
        ssize_t got = recvfrom(fd, &unread, sizeof unread, MSG_PEEK | MSG_TRUNC, (struct sockaddr *)&from, &size);
        if (got > 0 && allow_has(wait->allow, &from)) {
            *bytes = (size_t)got;
            if (connect(fd, (const struct sockaddr *)&from, size) != 0)
                return err_errno(e, errno, "connecting the data socket");
            return sockopt_blocking(fd, e);
        }
        if (got >= 0) /* a stranger's, or nothing: drop it */
            (void)recv(fd, &unread, sizeof unread, 0);
    }
    return false;
}
