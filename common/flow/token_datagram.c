#include "token_datagram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "flow/address.h"
#include "flow/sockopt.h"
#include "flow/token_set.h"
#include "flow/token_wait.h"

enum { HELLO_EVERY_MS = 200 };

/* A socket bound to `at`, which others of this machine's user may share. */
static bool bound_socket(const struct address *at, const struct flow_options *options, int *fd, struct err *e)
{
    int made = socket(at->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0)
        return err_errno(e, errno, "a socket for datagrams");
    if (!flow_configure(made, options, e) || !sockopt_int(made, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT", e) ||
        !address_bind(made, at, e)) {
        close(made);
        return false;
    }
    *fd = made;
    return true;
}

/* ---- the listening side ---- */

bool token_datagram_listen(const char *address, const struct flow_options *options, int *fd, uint16_t *port,
                           struct err *e)
{
    struct address at;
    struct err why = { 0 };
    int made = -1;
    if (!address_parse(address ? address : "::", 0, &at, e))
        return false;
    bool is_v6 = at.storage.ss_family == AF_INET6;
    bool ok = bound_socket(&at, options, &made, &why) &&
              (is_v6 ? sockopt_int(made, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO", &why)
                     : sockopt_int(made, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO", &why)) &&
              address_port(made, port, &why);
    if (ok) {
        *fd = made;
        return true;
    }
    if (made < 0 && !address && is_v6)
        return token_datagram_listen("0.0.0.0", options, fd, port, e); /* a kernel booted without IPv6 */
    if (made >= 0)
        close(made);
    if (e)
        *e = why;
    return err_wrap(e, "listening at [%s]", address ? address : "::");
}

struct hello {
    unsigned char bytes[TOKEN_HELLO_BYTES + 1]; /* more is none */
    ssize_t size;
    struct address from, at; /* who sent it, and to which address of ours */
};

static void find_own_address(const struct msghdr *m, struct address *at)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR((struct msghdr *)m, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&at->storage;
            v6->sin6_addr = info.ipi6_addr;
            v6->sin6_scope_id = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            ((struct sockaddr_in *)&at->storage)->sin_addr = info.ipi_addr;
        }
    }
}

/* False when there is none at the moment. */
static bool read_hello(int listen_fd, struct hello *h)
{
    union {
        struct cmsghdr align;
        char bytes[256];
    } control;
    struct iovec part = { h->bytes, sizeof h->bytes };
    h->from = (struct address){ .size = sizeof h->from.storage };
    h->at = (struct address){ .size = sizeof h->at.storage };
    struct msghdr m = { .msg_name = &h->from.storage,
                        .msg_namelen = h->from.size,
                        .msg_iov = &part,
                        .msg_iovlen = 1,
                        .msg_control = control.bytes,
                        .msg_controllen = sizeof control };
    h->size = recvmsg(listen_fd, &m, 0);
    if (h->size < 0)
        return errno == EINTR;
    h->from.size = m.msg_namelen;
    if (getsockname(listen_fd, (struct sockaddr *)&h->at.storage, &h->at.size) != 0)
        return false;
    find_own_address(&m, &h->at);
    return true;
}

static bool take(struct token_set *set, const struct flow_options *options, const struct hello *h, int number,
                 struct err *e)
{
    const unsigned char answer = TOKEN_TAKEN;
    int fd = -1;
    if (!bound_socket(&h->at, options, &fd, e))
        return false;
    if (connect(fd, address_of(&h->from), h->from.size) != 0) {
        set->refused++; /* no way back to it */
        close(fd);
        return true;
    }
    /* What came between bind and connect may be anybody's; this client says nothing new before it is answered. */
    for (unsigned char lost[TOKEN_HELLO_BYTES]; recv(fd, lost, sizeof lost, MSG_DONTWAIT) >= 0;)
        ;
    (void)send(fd, &answer, 1, MSG_NOSIGNAL); /* lost, it asks again: this socket then hears it */
    token_set_take(set, number, fd);
    return true;
}

/* A client whose answer was lost asks again, by now through its own socket. */
static void answer_again(int fd)
{
    const unsigned char answer = TOKEN_TAKEN;
    unsigned char again[TOKEN_HELLO_BYTES];
    if (recv(fd, again, sizeof again, MSG_DONTWAIT) == TOKEN_HELLO_BYTES)
        (void)send(fd, &answer, 1, MSG_NOSIGNAL);
}

static bool accept_all(struct token_set *set, int listen_fd, const struct flow_options *options,
                       const struct token_wait *wait, struct err *e)
{
    while (set->taken < set->count) {
        struct pollfd fds[TOKEN_FLOWS_MAX + 2];
        char awaited[96] = "";
        for (unsigned i = 0; i < set->count; i++)
            fds[i] = (struct pollfd){ .fd = set->fds[i], .events = POLLIN };
        fds[set->count] = (struct pollfd){ .fd = listen_fd, .events = POLLIN };
        text_append(awaited, sizeof awaited, "flows of datagrams (%u of %u are here, %u were refused)", set->taken,
                    set->count, set->refused);
        if (!token_wait_for(fds, set->count + 2, -1, wait, awaited, e))
            return false;
        for (unsigned i = 0; i < set->count; i++)
            if (fds[i].revents)
                answer_again(set->fds[i]);
        struct hello h;
        if (!fds[set->count].revents || !read_hello(listen_fd, &h))
            continue;
        int number = token_set_place(set, h.bytes, h.size > 0 ? (size_t)h.size : 0);
        set->refused += number < 0;
        if (number >= 0 && !take(set, options, &h, number, e))
            return false;
    }
    return true;
}

bool token_datagram_accept(int listen_fd, const struct token *token, unsigned count, int *fds,
                           const struct flow_options *options, const struct token_wait *wait, struct err *e)
{
    struct token_set set;
    return token_set_begin(&set, token, count, e) &&
           token_set_end(&set, accept_all(&set, listen_fd, options, wait, e), fds, e);
}

/* ---- the connecting side ---- */

static bool present(int fd, const struct token *token, uint32_t number, const struct token_wait *wait, struct err *e)
{
    unsigned char hello[TOKEN_HELLO_BYTES], answer[2];
    token_hello(token, number, hello);
    for (;;) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };
        if (send(fd, hello, sizeof hello, MSG_NOSIGNAL) < 0 && errno != ECONNREFUSED && errno != EAGAIN &&
            errno != ENOBUFS && errno != EINTR)
            return err_errno(e, errno, "presenting the token");
        if (!token_wait_for(fds, 2, HELLO_EVERY_MS, wait, "the answer to the token", e))
            return err_wrap(e, "does a firewall drop UDP?");
        ssize_t got = fds[0].revents ? recv(fd, answer, sizeof answer, 0) : -1;
        if (got == 1 && answer[0] == TOKEN_TAKEN)
            return true;
        if (fds[0].revents && got < 0 && errno == ECONNREFUSED)
            return err_set(e, ERR_PARTIAL, "nobody listens there; has the trial ended, or does a firewall refuse it?");
    }
}

bool token_datagram_connect(const char *address, uint16_t port, const struct token *token, uint32_t number,
                            const struct flow_options *options, const struct token_wait *wait, int *fd, struct err *e)
{
    struct address to;
    if (!address_parse(address, port, &to, e))
        return false;
    int client = socket(to.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client < 0)
        return err_errno(e, errno, "a socket for %s", address);
    bool ok = flow_configure(client, options, e) && address_bind_from(client, options->from, &to, e) &&
              (connect(client, address_of(&to), to.size) == 0 || err_errno(e, errno, "connecting")) &&
              present(client, token, number, wait, e) && sockopt_blocking(client, e);
    if (!ok) {
        close(client);
        return err_wrap(e, "%s UDP port %u", address, (unsigned)port);
    }
    *fd = client;
    return true;
}
