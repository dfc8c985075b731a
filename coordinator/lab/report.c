#include "lab/report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool report_open(int ends[2], struct err *e)
{
    const int on = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return err_errno(e, errno, "cannot make a socket");
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0)
        return true;
    err_errno(e, errno, "cannot ask a socket for its senders");
    close(ends[0]);
    close(ends[1]);
    return false;
}

void report_send(int fd, int machine, const struct err *e)
{
    struct report message = { .ok = !e, .machine = machine };
    if (e)
        message.err = *e;
    (void)!send(fd, &message, sizeof message, MSG_NOSIGNAL);
}

bool report_receive(int fd, struct report *report, pid_t *pid)
{
    struct {
        _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = { report, sizeof *report };
    struct msghdr header = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t got;
    do
        got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    struct cmsghdr *first = got == (ssize_t)sizeof *report ? CMSG_FIRSTHDR(&header) : NULL;
    if (!first || first->cmsg_level != SOL_SOCKET || first->cmsg_type != SCM_CREDENTIALS)
        return false;
    struct ucred sender;
    memcpy(&sender, CMSG_DATA(first), sizeof sender);
    *pid = sender.pid;
    return true;
}
