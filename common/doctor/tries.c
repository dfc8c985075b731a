#include "tries.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>

#include "base/clock.h"
#include "base/text.h"
#include "stamp/stamps.h"

/* `try` in a child, which takes what it changed with it. */
static int in_child(int (*try)(const void *arg), const void *arg)
{
    pid_t child = fork();
    if (child < 0)
        return errno;
    if (child == 0)
        _exit(try(arg));
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR; /* errno values stay below 134 */
}

static int bind_family(int family, int socket_type, unsigned port)
{
    int fd = socket(family, socket_type | SOCK_CLOEXEC, 0), yes = 1, no = 0, why = 0;
    if (fd < 0)
        return errno;
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_any };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    bool is_six = family == AF_INET6;
    /* A TCP port whose last connections still wait to be forgotten is free, as libzmq takes it. */
    if (socket_type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (is_six)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    const struct sockaddr *address = is_six ? (const void *)&six : (const void *)&four;
    if (bind(fd, address, is_six ? sizeof six : sizeof four) != 0 || (socket_type == SOCK_STREAM && listen(fd, 1) != 0))
        why = errno;
    close(fd);
    return why;
}

static int try_bind_port(int socket_type, unsigned port)
{
    int why = bind_family(AF_INET6, socket_type, port);
    /* No IPv6 on this machine is no fault. */
    return why == EAFNOSUPPORT || why == EADDRNOTAVAIL ? bind_family(AF_INET, socket_type, port) : why;
}

static int wait_readable(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    int got = poll(&one, 1, 1000);
    return got > 0 ? 0 : got == 0 ? ETIMEDOUT : errno;
}

static int echo(int fd)
{
    struct sockaddr_in self = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof self;
    char byte = 't';
    /* Connected to itself: what it sends is what it receives. */
    if (bind(fd, (const struct sockaddr *)&self, size) != 0 || getsockname(fd, (struct sockaddr *)&self, &size) != 0 ||
        connect(fd, (const struct sockaddr *)&self, size) != 0 || send(fd, &byte, 1, 0) != 1)
        return errno;
    int why = wait_readable(fd);
    return why != 0 ? why : recv(fd, &byte, 1, 0) == 1 ? 0 : errno;
}

static int try_udp_echo(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int why = echo(fd);
    close(fd);
    return why;
}

static int connect_one(const struct addrinfo *to)
{
    int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), why = 0;
    if (fd < 0)
        return errno;
    if (connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        why = errno;
    if (why == EINPROGRESS) {
        struct pollfd one = { .fd = fd, .events = POLLOUT };
        socklen_t size = sizeof why;
        if (poll(&one, 1, 3000) <= 0)
            why = ETIMEDOUT;
        else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0)
            why = errno;
    }
    close(fd);
    return why;
}

static int try_reach(const char *host, const char *port)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    if (getaddrinfo(host, port, &hints, &list) != 0)
        return ENOENT;
    int why = ENOENT;
    for (const struct addrinfo *one = list; one && why != 0; one = one->ai_next)
        why = connect_one(one);
    freeaddrinfo(list);
    return why;
}

static int take_fifo(const void *arg)
{
    const int *priority = arg;
    const struct sched_param param = { .sched_priority = *priority };
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param) == 0 ? 0 : errno;
}

static int try_fifo(int priority) { return in_child(take_fifo, &priority); }

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int try_late(int64_t *late_ns)
{
    enum { SLEEPS = 21 };
    int64_t late[SLEEPS];
    int slack_before = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    for (int i = 0; i < SLEEPS; i++) {
        int64_t until = clock_mono_ns() + CLOCK_NS_PER_MS;
        clock_sleep_until_mono(until);
        late[i] = clock_mono_ns() - until;
    }
    if (slack_before > 0)
        prctl(PR_SET_TIMERSLACK, (unsigned long)slack_before, 0UL, 0UL, 0UL);
    qsort(late, SLEEPS, sizeof *late, by_size);
    *late_ns = late[SLEEPS / 2];
    return 0;
}

static int make_user_namespace(const void *unused)
{
    (void)unused;
    return unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
}

static int try_user_namespace(void) { return in_child(make_user_namespace, NULL); }

static int try_open_device(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int try_connect_socket(const char *path)
{
    struct sockaddr_un there = { .sun_family = AF_UNIX };
    if (!text_copy(there.sun_path, sizeof there.sun_path, path))
        return ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int why = connect(fd, (const struct sockaddr *)&there, sizeof there) == 0 || errno == EAGAIN ? 0 : errno;
    close(fd);
    return why;
}

/* As uid 0 of a user namespace of its own: a program keeps its capabilities only with a mapped uid. */
static int be_root_of_nothing(void)
{
    char map[48];
    int size = snprintf(map, sizeof map, "0 %u 1", geteuid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return errno;
    int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int why = write(fd, map, (size_t)size) == size ? 0 : errno;
    close(fd);
    return why;
}

enum { NO_NAMESPACE = 125 }; /* no exit code of tc's */

static int run_tc(const void *arg)
{
    const char *const tc = arg;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if ((geteuid() == 0 ? unshare(CLONE_NEWNET) != 0 : be_root_of_nothing() != 0) || null < 0)
        return NO_NAMESPACE;
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    execl(tc, "tc", "qdisc", "add", "dev", "lo", "root", "tbf", "rate", "100mbit", "burst", "16kb", "limit", "512kb",
          "overhead", "24", (char *)NULL);
    return ENOEXEC;
}

static int try_shape(const char *tc)
{
    int got = in_child(run_tc, tc);
    return got == 0 ? 0 : got == NO_NAMESPACE ? EPERM : EOPNOTSUPP; /* tc's own codes say only that it failed */
}

static int try_descriptors(uint64_t *soft)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return errno;
    *soft = limit.rlim_cur;
    return 0;
}

/* The kernel begins to stamp a moment after it is asked to, so some go before. */
static int try_stamps(enum stamp_kind *kind)
{
    static struct stamps stamps; /* large */
    struct sockaddr_in self = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof self;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), why = 0;
    if (fd < 0)
        return errno;
    if (bind(fd, (const struct sockaddr *)&self, size) != 0 || getsockname(fd, (struct sockaddr *)&self, &size) != 0 ||
        connect(fd, (const struct sockaddr *)&self, size) != 0)
        why = errno;
    bool has_left = false, has_arrived = false;
    stamps_begin(&stamps, fd, STAMP_BOTH);
    for (uint64_t i = 1; i <= 20 && why == 0 && !(has_left && has_arrived); i++) {
        const struct stamps_mark sent = { 1, i };
        struct stamps_mark mark;
        struct stamps_arrival arrival = { 0 };
        int64_t left_ns;
        char byte = 't';
        if (!stamps_send(&stamps, &byte, 1, NULL, 0, &sent) || (why = wait_readable(fd)) != 0)
            break;
        if (stamps_receive(&stamps, &byte, 1, NULL, NULL, &arrival) == 1)
            has_arrived = has_arrived || arrival.is_kernel;
        has_left = stamps_departure(&stamps, &mark, &left_ns) || has_left;
        clock_sleep_until_mono(clock_mono_ns() + CLOCK_NS_PER_MS);
    }
    close(fd);
    *kind = !has_arrived ? STAMP_USER : has_left ? STAMP_BOTH : STAMP_RECEIVED;
    return why;
}

static int try_port_stamps(const char *port, bool *what_leaves)
{
    struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
    struct ifreq request = { .ifr_data = (char *)&info };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    text_copy(request.ifr_name, sizeof request.ifr_name, port);
    int why = ioctl(fd, SIOCETHTOOL, &request) == 0 ? 0 : errno;
    close(fd);
    *what_leaves = info.so_timestamping & SOF_TIMESTAMPING_TX_SOFTWARE;
    return why;
}

const struct doctor_tries DOCTOR_TRIES = {
    .bind_port = try_bind_port,
    .udp_echo = try_udp_echo,
    .reach = try_reach,
    .fifo = try_fifo,
    .late = try_late,
    .user_namespace = try_user_namespace,
    .open_device = try_open_device,
    .connect_socket = try_connect_socket,
    .shape = try_shape,
    .descriptors = try_descriptors,
    .stamps = try_stamps,
    .port_stamps = try_port_stamps,
};
