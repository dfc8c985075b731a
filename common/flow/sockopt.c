#include "sockopt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>

bool sockopt_int(int fd, int level, int option, int value, const char *name, struct err *e)
{
    return setsockopt(fd, level, option, &value, sizeof value) == 0 ||
           err_errno(e, errno, "setting %s to %d", name, value);
}

bool sockopt_timeout(int fd, int option, int ms, struct err *e)
{
    const struct timeval timeout = { .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
    return setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof timeout) == 0 ||
           err_errno(e, errno, "setting a timeout of %d ms", ms);
}

bool sockopt_blocking(int fd, struct err *e)
{
    int flags = fcntl(fd, F_GETFL);
    return (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) ||
           err_errno(e, errno, "making a data socket blocking");
}
