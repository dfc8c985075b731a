#include "descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rlimit limit_now(void)
{
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    (void)getrlimit(RLIMIT_NOFILE, &limit); /* fails only for a bad address */
    return limit;
}

size_t descriptors_limit(void) { return (size_t)limit_now().rlim_cur; }

size_t descriptors_raise(void)
{
    struct rlimit limit = limit_now();
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* where that is not allowed, it stays as it is */
    return descriptors_limit();
}

bool descriptors_left(int fd, size_t spare)
{
    int next = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (next < 0)
        return false;
    size_t last = (size_t)next + spare;
    close(next);
    return last < descriptors_limit();
}
