#include "clock_client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "stamp/stamps.h"
#include "wire/probe.h"
#include "wire/resolve.h"

struct clock_client {
    int fd;
    uint64_t session;
    struct probe_key up, down;
    uint64_t dials;
    uint64_t last_asked;     /* probes are answered in ascending order, each once */
    struct stamps_mark left; /* the last answer whose departure the kernel told; sequence 0: none */
    int64_t left_ns;
    struct stamps stamps;
};

static bool open_socket(const char *host, unsigned port, int *fd, struct err *e)
{
    char service[16];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV }, *found = NULL;
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure)
        return err_set(e, ERR_PARTIAL, "clock probes: '%s': %s", host, gai_strerror(failure));
    *fd = -1;
    int cause = 0;
    for (const struct addrinfo *a = found; a && *fd < 0; a = a->ai_next) {
        *fd = socket(a->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (*fd >= 0 && connect(*fd, a->ai_addr, a->ai_addrlen) != 0) {
            cause = errno;
            close(*fd);
            *fd = -1;
        }
    }
    freeaddrinfo(found);
    return *fd >= 0 || err_errno(e, cause, "clock probes: %s port %u", host, port);
}

bool clock_client_new(const char *endpoint, const struct message_welcome *welcome, enum stamp_kind most,
                      struct clock_client **client, struct err *e)
{
    char host[256];
    if (welcome->session_size != MESSAGE_SESSION || welcome->up_key_size != MESSAGE_KEY ||
        welcome->down_key_size != MESSAGE_KEY || welcome->probe_port == 0 || welcome->probe_port > UINT16_MAX)
        return err_set(e, ERR_PARTIAL, "a damaged WELCOME");
    struct clock_client *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    c->fd = -1;
    /* After a silence the same session is joined anew: its DIALs must not look like old ones. */
    c->dials = (uint64_t)clock_raw_ns();
    c->session = bytes_get(welcome->session, sizeof welcome->session);
    c->up.sender = PROBE_FROM_AGENT;
    c->down.sender = PROBE_FROM_COORDINATOR;
    memcpy(c->up.bytes, welcome->up_key, sizeof c->up.bytes);
    memcpy(c->down.bytes, welcome->down_key, sizeof c->down.bytes);
    if (!resolve_host(endpoint, host, sizeof host, e) || !open_socket(host, welcome->probe_port, &c->fd, e)) {
        clock_client_destroy(&c);
        return false;
    }
    stamps_begin(&c->stamps, c->fd, most);
    *client = c;
    return true;
}

void clock_client_destroy(struct clock_client **client)
{
    struct clock_client *c = *client;
    *client = NULL;
    if (!c)
        return;
    if (c->fd >= 0)
        close(c->fd);
    sodium_memzero(c, sizeof *c);
    free(c);
}

int clock_client_fd(const struct clock_client *c) { return c->fd; }

/* Lost datagrams are what the protocol is made for, so one that cannot be sent is no fault. */
static void send_probe(struct clock_client *c, struct probe_packet *p)
{
    unsigned char bytes[PROBE_SIZE];
    struct err e = { 0 };
    const struct stamps_mark mark = { c->session, p->sequence };
    bool is_answer = p->kind == PROBE_ANSWER;
    p->session = c->session;
    if (is_answer)
        p->t3_ns = clock_raw_ns();
    if (probe_seal(p, &c->up, bytes, &e))
        (void)stamps_send(&c->stamps, bytes, sizeof bytes, NULL, 0, is_answer ? &mark : NULL);
}

static void hear_departures(struct clock_client *c)
{
    while (stamps_departure(&c->stamps, &c->left, &c->left_ns))
        ; /* an answer has room for one: the last */
}

void clock_client_dial(struct clock_client *c)
{
    send_probe(c, &(struct probe_packet){ .kind = PROBE_DIAL, .sequence = ++c->dials });
    stamps_look(&c->stamps);
}

static void answer(struct clock_client *c, uint64_t sequence, const struct stamps_arrival *arrival)
{
    struct probe_packet p = { .kind = PROBE_ANSWER,
                              .sequence = sequence,
                              .t2_ns = arrival->at_ns,
                              .is_t2_kernel = arrival->is_kernel,
                              .moves = (uint8_t)(c->stamps.wall.moves % PROBE_MOVES) };
    if (c->left.sequence > 0 && sequence - c->left.sequence <= UINT8_MAX) {
        p.earlier = (uint8_t)(sequence - c->left.sequence);
        p.earlier_t3_ns = c->left_ns;
        c->left.sequence = 0;
    }
    send_probe(c, &p);
    hear_departures(c);
}

bool clock_client_answer(struct clock_client *c)
{
    unsigned char bytes[PROBE_SIZE + 1];
    struct stamps_arrival arrival;
    bool any = false;
    ssize_t size;
    hear_departures(c);
    while ((size = stamps_receive(&c->stamps, bytes, sizeof bytes, NULL, NULL, &arrival)) >= 0 || errno == EINTR ||
           errno == ECONNREFUSED) {
        struct probe_packet asked;
        struct err e = { 0 };
        if (size < 0 || !probe_open(bytes, (size_t)size, &c->down, &asked, &e) || asked.kind != PROBE_ASK ||
            asked.session != c->session || asked.sequence <= c->last_asked)
            continue;
        c->last_asked = asked.sequence;
        answer(c, asked.sequence, &arrival);
        any = true;
    }
    return any;
}
