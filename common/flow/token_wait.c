#include "token_wait.h"

#include <errno.h>

#include "base/clock.h"

bool token_wait_for(struct pollfd *fds, nfds_t count, int most_ms, const struct token_wait *wait, const char *awaited,
                    struct err *e)
{
    fds[count - 1] = (struct pollfd){ .fd = wait->cancel_fd, .events = POLLIN };
    for (;;) {
        int ms = clock_ms_until(wait->deadline_mono_ns);
        int ready = poll(fds, count, most_ms >= 0 && most_ms < ms ? most_ms : ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return err_errno(e, errno, "waiting for %s", awaited);
        if (fds[count - 1].revents)
            return err_set(e, ERR_INTERRUPTED, "cancelled while waiting for %s", awaited);
        /* Also when somebody is ready: strangers that keep knocking do not lengthen the wait. */
        if (clock_mono_ns() >= wait->deadline_mono_ns)
            return err_set(e, ERR_PARTIAL, "%s did not come in time", awaited);
        return true;
    }
}
