#include "prober.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

struct prober {
    int fd;
    unsigned port;
};

/* One socket for both families, where an IPv4 sender appears as ::ffff:a.b.c.d; for IPv4 alone on a
 * kernel booted without IPv6. */
static bool open_socket(struct prober *p, unsigned port)
{
    int both = 0;
    struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    p->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd >= 0)
        return setsockopt(p->fd, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both) == 0 &&
               bind(p->fd, (struct sockaddr *)&any6, sizeof any6) == 0;
    p->fd = errno == EAFNOSUPPORT ? socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    return p->fd >= 0 && bind(p->fd, (struct sockaddr *)&any4, sizeof any4) == 0;
}

bool prober_open(unsigned port, struct prober **prober, struct err *e)
{
    struct prober *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_INTERNAL, "out of memory");
    struct sockaddr_in6 bound = { 0 }; /* the port stands at the same place in both families */
    socklen_t size = sizeof bound;
    if (!open_socket(p, port) || getsockname(p->fd, (struct sockaddr *)&bound, &size) != 0) {
        if (errno == EADDRINUSE)
            err_set(e, ERR_USAGE, "UDP port %u, for the clock probes, is in use by another program", port);
        else
            err_errno(e, errno, "clock probes: UDP port %u", port);
        prober_close(&p);
        return false;
    }
    p->port = ntohs(bound.sin6_port);
    *prober = p;
    return true;
}

void prober_close(struct prober **prober)
{
    struct prober *p = *prober;
    *prober = NULL;
    if (p && p->fd >= 0)
        close(p->fd);
    free(p);
}

int prober_fd(const struct prober *p) { return p->fd; }
unsigned prober_port(const struct prober *p) { return p->port; }

void prober_ask(struct prober *p, struct roster_node *node)
{
    unsigned char bytes[PROBE_SIZE];
    struct err e = { 0 };
    if (node->udp_size == 0)
        return;
    /* The stamp is read before the packet leaves, so what it proves ("not received before t1") holds. */
    struct probe_packet ask = { .kind = PROBE_ASK,
                                .session = node->session,
                                .sequence = probe_window_ask(&node->window, clock_raw_ns()) };
    if (!probe_seal(&ask, &node->down, bytes, &e) ||
        sendto(p->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&node->udp, node->udp_size) < 0)
        return; /* as good as lost on its way */
}

bool prober_take(struct roster_node *n, uint64_t sequence, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns)
{
    int64_t t1_ns = 0;
    struct err e = { 0 };
    if (!probe_window_take(&n->window, sequence, &t1_ns) || !bounds_add(n->bounds, t1_ns, t2_ns, t3_ns, t4_ns, &e))
        return false;
    n->probes++;
    return true;
}

struct roster_node *prober_read(struct prober *p, const struct roster *roster, bool *more)
{
    unsigned char bytes[PROBE_SIZE + 1];
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    ssize_t size = recvfrom(p->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size);
    int64_t t4_ns = clock_raw_ns();
    *more = size >= 0 || errno == EINTR || errno == ECONNREFUSED;
    if (size != PROBE_SIZE)
        return NULL;
    struct roster_node *n = roster_by_session(roster, probe_session_of(bytes));
    struct probe_packet packet;
    struct err e = { 0 };
    if (!n || !probe_open(bytes, (size_t)size, &n->up, &packet, &e))
        return NULL;
    if (packet.kind == PROBE_ANSWER) {
        n->is_udp_blocked = false;
        return prober_take(n, packet.sequence, packet.t2_ns, packet.t3_ns, t4_ns) ? n : NULL;
    }
    if (packet.sequence <= n->dials)
        return NULL; /* an old DIAL, sent again */
    n->dials = packet.sequence;
    memcpy(&n->udp, &from, from_size);
    n->udp_size = from_size;
    return n;
}
