#include "token.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "flow/address.h"
#include "flow/dial.h"
#include "flow/sockopt.h"
#include "flow/token_set.h"
#include "flow/token_wait.h"

/* A connection that has not shown its token yet. */
struct pending {
    int fd;
    size_t got;
    unsigned char hello[TOKEN_HELLO_BYTES];
};

struct accepting {
    struct token_set set;
    struct pending pending[TOKEN_PENDING_MAX]; /* oldest first */
    unsigned waiting;
};

/* ---- the listening side ---- */

static bool bind_and_listen(int fd, const struct address *at, const struct flow_options *options, uint16_t *port,
                            struct err *e)
{
    if (!flow_configure(fd, options, e) || !address_bind(fd, at, e))
        return false;
    if (listen(fd, SOMAXCONN) != 0)
        return err_errno(e, errno, "listening on the data port");
    return address_port(fd, port, e);
}

bool token_listen(const char *address, const struct flow_options *options, int *fd, uint16_t *port, struct err *e)
{
    struct address at;
    if (!address_parse(address ? address : "::", 0, &at, e))
        return false;
    int listener = socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 && errno == EAFNOSUPPORT && !address)
        return token_listen("0.0.0.0", options, fd, port, e); /* a kernel booted without IPv6 */
    if (listener < 0)
        return err_errno(e, errno, "a socket for %s", address ? address : "::");
    if (!bind_and_listen(listener, &at, options, port, e)) {
        close(listener);
        return err_wrap(e, "listening at [%s]", address ? address : "::");
    }
    *fd = listener;
    return true;
}

static void forget(struct accepting *a, unsigned index)
{
    a->waiting--;
    memmove(&a->pending[index], &a->pending[index + 1], (a->waiting - index) * sizeof a->pending[0]);
}

static void refuse(struct accepting *a, unsigned index)
{
    close(a->pending[index].fd);
    a->set.refused++;
    forget(a, index);
}

/* The whole hello is there: take it or refuse it. */
static void decide(struct accepting *a, unsigned index)
{
    const struct pending *p = &a->pending[index];
    const unsigned char answer = TOKEN_TAKEN;
    int number = token_set_place(&a->set, p->hello, p->got);
    if (number < 0 || send(p->fd, &answer, 1, MSG_NOSIGNAL) != 1) {
        refuse(a, index);
        return;
    }
    token_set_take(&a->set, number, p->fd);
    forget(a, index);
}

/* Read what has come of a hello, never a byte behind it. */
static void hear(struct accepting *a, unsigned index)
{
    struct pending *p = &a->pending[index];
    ssize_t got = recv(p->fd, p->hello + p->got, TOKEN_HELLO_BYTES - p->got, 0);
    if (got > 0) {
        p->got += (size_t)got;
        if (p->got == TOKEN_HELLO_BYTES)
            decide(a, index);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        refuse(a, index);
    }
}

/* Those that knock; the rest when the waiting ones have been heard and the deadline was looked at. */
static bool let_in(struct accepting *a, int listen_fd, struct err *e)
{
    for (unsigned round = 0; round < TOKEN_PENDING_MAX && a->set.taken < a->set.count; round++) {
        /* cppcheck-suppress nullPointer ; accept4(2) takes NULL */
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && errno == EAGAIN)
            return true;
        if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM || errno == EBADF ||
                       errno == EINVAL || errno == ENOTSOCK))
            return err_errno(e, errno, "accepting data connections");
        if (fd < 0) /* accept(2): errors of the new connection, as if it had never been */
            continue;
        if (a->waiting == TOKEN_PENDING_MAX)
            refuse(a, 0);
        a->pending[a->waiting++] = (struct pending){ .fd = fd };
        hear(a, a->waiting - 1);
    }
    return true;
}

static bool accept_all(struct accepting *a, int listen_fd, const struct token_wait *wait, struct err *e)
{
    while (a->set.taken < a->set.count) {
        struct pollfd fds[TOKEN_PENDING_MAX + 2];
        unsigned waiting = a->waiting;
        for (unsigned i = 0; i < waiting; i++)
            fds[i] = (struct pollfd){ .fd = a->pending[i].fd, .events = POLLIN };
        fds[waiting] = (struct pollfd){ .fd = listen_fd, .events = POLLIN };
        char awaited[96] = "";
        text_append(awaited, sizeof awaited, "data connections (%u of %u are here, %u were refused)", a->set.taken,
                    a->set.count, a->set.refused);
        if (!token_wait_for(fds, waiting + 2, -1, wait, awaited, e))
            return false;
        for (unsigned i = waiting; i-- > 0;) /* from the end, for they close ranks */
            if (fds[i].revents)
                hear(a, i);
        if (fds[waiting].revents && !let_in(a, listen_fd, e))
            return false;
    }
    return true;
}

bool token_accept(int listen_fd, const struct token *token, unsigned count, int *fds, const struct token_wait *wait,
                  struct err *e)
{
    struct accepting a = { 0 };
    if (!token_set_begin(&a.set, token, count, e))
        return false;
    bool ok = accept_all(&a, listen_fd, wait, e);
    for (unsigned i = 0; i < a.waiting; i++)
        close(a.pending[i].fd);
    return token_set_end(&a.set, ok, fds, e);
}

/* ---- the connecting side ---- */

static bool present(int fd, const struct token *token, uint32_t number, const struct token_wait *wait, struct err *e)
{
    unsigned char hello[TOKEN_HELLO_BYTES];
    token_hello(token, number, hello);
    if (send(fd, hello, sizeof hello, MSG_NOSIGNAL) != (ssize_t)sizeof hello) /* an empty socket takes 20 bytes */
        return err_errno(e, errno, "presenting the token");
    for (;;) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLIN } };
        if (!token_wait_for(fds, 2, -1, wait, "the answer to the token", e))
            return false;
        unsigned char answer = 0;
        ssize_t got = recv(fd, &answer, 1, 0);
        if (got == 1 && answer == TOKEN_TAKEN)
            return true;
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        return err_set(e, ERR_PARTIAL, "the listener did not take flow %u: another trial's token, or taken already",
                       number);
    }
}

bool token_connect(const char *address, uint16_t port, const struct token *token, uint32_t number,
                   const struct flow_options *options, const struct token_wait *wait, int *fd, struct err *e)
{
    struct address to = { 0 };
    int client = -1;
    if (!address_parse(address, port, &to, e))
        return false;
    if (dial_tcp(&to, options, wait, "the data connection",
                 "nobody listens there; has the trial ended, or does a firewall refuse it?", &client, e) &&
        present(client, token, number, wait, e) && sockopt_blocking(client, e)) {
        *fd = client;
        return true;
    }
    if (client >= 0)
        close(client);
    return err_wrap(e, "%s port %u", address, (unsigned)port);
}
