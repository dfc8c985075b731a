#include "prober.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/probe_log.h"
#include "stamp/stamps.h"

struct prober {
    int fd;
    unsigned port;
    struct stamps stamps;
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
    stamps_begin(&p->stamps, p->fd, STAMP_BOTH);
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

void prober_forget(struct roster_node *n, double wander_ppm)
{
    bounds_reset(n->bounds, wander_ppm);
    probe_window_forget(&n->window);
    n->probes = n->wall_moves = 0;
    memset(n->by_stamps, 0, sizeof n->by_stamps);
    probe_log_trial(n->probe_log, n->name);
}

/* When questions really left. */
static void hear_departures(struct prober *p, const struct roster *roster)
{
    struct stamps_mark mark;
    int64_t left_ns;
    while (stamps_departure(&p->stamps, &mark, &left_ns)) {
        struct roster_node *n = roster_by_session(roster, mark.session);
        if (n)
            (void)probe_window_stamp(&n->window, mark.sequence, left_ns);
    }
}

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
    const struct stamps_mark mark = { ask.session, ask.sequence };
    if (ask.sequence > 0 && probe_seal(&ask, &node->down, bytes, &e))
        (void)stamps_send(&p->stamps, bytes, sizeof bytes, (struct sockaddr *)&node->udp, node->udp_size, &mark);
}

bool prober_take(struct roster_node *n, uint64_t sequence, int64_t t2_ns, int64_t t3_ns, int64_t t4_ns,
                 enum stamp_kind kind)
{
    struct err e = { 0 };
    const struct probe_slot *slot = probe_window_take(&n->window, sequence, t4_ns, kind == STAMP_RECEIVED);
    if (!slot || !bounds_add(n->bounds, slot->t1_ns, t2_ns, t3_ns, t4_ns, &e))
        return false;
    probe_log_exchange(n->probe_log, n->name, sequence, (const int64_t[]){ slot->t1_ns, t2_ns, t3_ns, t4_ns }, kind);
    n->probes++;
    n->by_stamps[kind]++;
    return true;
}

/* An answer that was taken left at `t3_ns`, and not as early as was known then. */
static void take_departure(struct roster_node *n, uint64_t sequence, int64_t t3_ns)
{
    struct err e = { 0 };
    const struct probe_slot *slot = probe_window_again(&n->window, sequence);
    if (!slot || !bounds_tighten(n->bounds, t3_ns, slot->t4_ns, &e))
        return;
    probe_log_departure(n->probe_log, n->name, sequence, t3_ns, slot->t4_ns);
    if (slot->is_t1_kernel && slot->is_received_kernel && n->by_stamps[STAMP_RECEIVED] > 0) {
        n->by_stamps[STAMP_RECEIVED]--;
        n->by_stamps[STAMP_BOTH]++;
    }
}

static bool take_answer(struct roster_node *n, const struct probe_packet *p, const struct stamps_arrival *arrival)
{
    n->is_udp_blocked = false;
    n->wall_moves += n->knows_moves ? (uint8_t)(p->moves - n->moves) % PROBE_MOVES : 0;
    n->moves = p->moves;
    n->knows_moves = true;
    if (p->earlier > 0 && p->earlier < p->sequence)
        take_departure(n, p->sequence - p->earlier, p->earlier_t3_ns);
    return prober_take(n, p->sequence, p->t2_ns, p->t3_ns, arrival->at_ns,
                       arrival->is_kernel && p->is_t2_kernel ? STAMP_RECEIVED : STAMP_USER);
}

enum stamp_kind prober_kind(const struct roster_node *n)
{
    enum stamp_kind most = STAMP_ZEROMQ;
    for (int kind = STAMP_ZEROMQ; kind < STAMP_KIND_COUNT; kind++)
        if (n->by_stamps[kind] > n->by_stamps[most])
            most = (enum stamp_kind)kind;
    return most;
}

struct roster_node *prober_read(struct prober *p, const struct roster *roster, bool *more)
{
    unsigned char bytes[PROBE_SIZE + 1];
    struct sockaddr_storage from;
    socklen_t from_size = sizeof from;
    struct stamps_arrival arrival;
    hear_departures(p, roster); /* before the answer to such a question is taken */
    ssize_t size = stamps_receive(&p->stamps, bytes, sizeof bytes, &from, &from_size, &arrival);
    *more = size >= 0 || errno == EINTR || errno == ECONNREFUSED;
    if (size != PROBE_SIZE)
        return NULL;
    struct roster_node *n = roster_by_session(roster, probe_session_of(bytes));
    struct probe_packet packet;
    struct err e = { 0 };
    if (!n || !probe_open(bytes, (size_t)size, &n->up, &packet, &e))
        return NULL;
    if (packet.kind == PROBE_ANSWER)
        return take_answer(n, &packet, &arrival) ? n : NULL;
    if (packet.sequence <= n->dials)
        return NULL; /* an old DIAL, sent again */
    n->dials = packet.sequence;
    memcpy(&n->udp, &from, from_size);
    n->udp_size = from_size;
    return n;
}
