#include "control_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

enum ready { READY, LATE, CANCELLED };

/* Until `fd` is ready for `events`. */
static enum ready wait_ready(int fd, short events, int64_t deadline_mono, int cancel_fd)
{
    for (;;) {
        struct pollfd fds[2] = { { .fd = fd, .events = events }, { .fd = cancel_fd, .events = POLLIN } };
        int count = poll(fds, 2, clock_ms_until(deadline_mono));
        if (count > 0 && fds[1].revents)
            return CANCELLED;
        if (count > 0)
            return READY;
        if (clock_mono_ns() >= deadline_mono)
            return LATE;
    }
}

static enum control_end cut(size_t got, const char *how, struct err *e)
{
    if (got == CONTROL_OLD_BYTES) {
        err_set(e, ERR_PARTIAL, "%d bytes came and no more: that is netperf 2.5 or older, 2.7 sends %d",
                CONTROL_OLD_BYTES, CONTROL_BYTES);
        return CONTROL_OLD;
    }
    err_set(e, ERR_PARTIAL, "half a message came (%zu of %d bytes), then %s", got, CONTROL_BYTES, how);
    return CONTROL_BROKEN;
}

enum control_end control_receive(int fd, unsigned char bytes[CONTROL_BYTES], const struct control_wait *wait,
                                 struct err *e)
{
    int64_t deadline = clock_mono_ns() + clock_ms(wait->first_ms);
    for (size_t got = 0; got < CONTROL_BYTES;) {
        enum ready ready = wait_ready(fd, POLLIN, deadline, wait->cancel_fd);
        if (ready == CANCELLED) {
            err_set(e, ERR_INTERRUPTED, "cancelled");
            return CONTROL_CANCELLED;
        }
        if (ready == LATE && got == 0) {
            err_set(e, ERR_PARTIAL, "nothing came within %.1f s", (double)wait->first_ms / 1e3);
            return CONTROL_SILENT;
        }
        if (ready == LATE)
            return cut(got, "nothing more", e);
        ssize_t n = recv(fd, bytes + got, CONTROL_BYTES - got, MSG_DONTWAIT);
        if (n == 0 && got == 0) {
            err_set(e, ERR_PARTIAL, "the connection was closed");
            return CONTROL_CLOSED;
        }
        if (n == 0)
            return cut(got, "the end", e);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            err_errno(e, errno, "the control connection broke");
            return CONTROL_BROKEN;
        }
        if (n > 0 && got == 0)
            deadline = clock_mono_ns() + clock_ms(wait->rest_ms);
        got += n > 0 ? (size_t)n : 0;
    }
    return CONTROL_CAME;
}

bool control_send(int fd, const struct control *c, const struct control_wait *wait, struct err *e)
{
    unsigned char bytes[CONTROL_BYTES];
    int64_t deadline = clock_mono_ns() + clock_ms(wait->rest_ms);
    control_encode(c, bytes);
    for (size_t sent = 0; sent < sizeof bytes;) {
        ssize_t n = send(fd, bytes + sent, sizeof bytes - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno != EAGAIN && errno != EINTR)
            return err_errno(e, errno, "the control connection broke");
        switch (wait_ready(fd, POLLOUT, deadline, wait->cancel_fd)) {
        case READY: break;
        case CANCELLED: return err_set(e, ERR_INTERRUPTED, "cancelled");
        case LATE: return err_set(e, ERR_PARTIAL, "the other side does not read what it is told");
        }
    }
    return true;
}
