#include "arrival.h"

#include <poll.h>
#include <sys/socket.h>

#include <linux/net_tstamp.h>

#include "base/clock.h"
#include "flow/flow_parts.h"
#include "stamp/control.h"

/* How often a flow of datagrams, which no shutdown wakes, is looked at for being stopped. Each time the
 * clocks are read, too, so that the reading before the stamp is not from minutes ago. */
enum { TICK_MS = 100 };

void arrival_read_clocks(struct wall *wall)
{
    const struct clock_reading now = clock_read_all();
    wall_read(wall, &now);
}

/* True when there is something to read. An error is for the loop to find: asking for it takes it away. */
static bool wait_readable(const struct flow *f, int fd, struct wall *wall)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    while (!flow_is_stopped(f)) {
        arrival_read_clocks(wall);
        int got = poll(&one, 1, TICK_MS);
        if (got > 0)
            return (one.revents & POLLIN) && !(one.revents & POLLERR);
    }
    return false;
}

int64_t arrival_look(struct wall *wall, int fd)
{
    char byte;
    union control_room control;
    struct iovec to = { &byte, 1 };
    struct msghdr m = { .msg_iov = &to, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    int64_t earliest, latest, at_ns = 0;
    if (!control_ask(fd, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE))
        return 0;
    if (recvmsg(fd, &m, MSG_PEEK | MSG_DONTWAIT) >= 0) {
        arrival_read_clocks(wall);
        const struct control c = control_read(&m);
        at_ns = c.stamp_ns && wall_to_raw(wall, c.stamp_ns, &earliest, &latest) ? latest : 0;
    }
    (void)control_ask(fd, 0); /* reads to come have nothing to do with it */
    return at_ns;
}

int64_t arrival_await(const struct flow *f, int fd)
{
    struct wall wall = { 0 };
    return wait_readable(f, fd, &wall) ? arrival_look(&wall, fd) : 0;
}
