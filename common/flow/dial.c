#include "dial.h"

#include <errno.h>
#include <unistd.h>

#include "flow/token_wait.h"

static bool finish(int fd, const struct address *to, const struct token_wait *wait, const char *awaited,
                   const char *refused, struct err *e)
{
    int status = connect(fd, address_of(to), to->size) == 0 ? 0 : errno;
    if (status == EINPROGRESS || status == EINTR) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT } };
        if (!token_wait_for(fds, 2, -1, wait, awaited, e))
            return false;
        socklen_t length = sizeof status;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &status, &length) != 0)
            status = errno;
    }
    if (status == ECONNREFUSED)
        return err_set(e, ERR_PARTIAL, "%s", refused);
    if (status != 0) {
        err_errno(e, status, "connecting");
        if (e)
            e->exit = ERR_PARTIAL;
        return false;
    }
    return true;
}

bool dial_tcp(const struct address *to, const struct flow_options *options, const struct token_wait *wait,
              const char *awaited, const char *refused, int *fd, struct err *e)
{
    int made = socket(to->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (made < 0)
        return err_errno(e, errno, "a socket for %s", awaited);
    if (!flow_configure(made, options, e) || !address_bind_from(made, options->from, to, e) ||
        !finish(made, to, wait, awaited, refused, e)) {
        close(made);
        return false;
    }
    *fd = made;
    return true;
}
