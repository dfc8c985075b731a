/* flow_end.h - a flow and the thread that moves it, and pairs of connected sockets, for tests of the loops. */
#ifndef TARE_TESTS_FLOW_END_H
#define TARE_TESTS_FLOW_END_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/tcp_crr.h"
#include "flow/tcp_rr.h"
#include "flow/token.h"
#include "flow/token_datagram.h"
#include "flow/udp_rr.h"

static const struct token TOKEN = { "a trial's token!" };
static const struct flow_options PLAIN = { .nodelay = false };

static inline void sleep_ms(int ms) { clock_sleep_until_mono(clock_mono_ns() + clock_ms(ms)); }

static inline struct token_wait within_ms(int ms) { return (struct token_wait){ clock_mono_ns() + clock_ms(ms), -1 }; }

struct end {
    bool (*run)(struct end *end);
    struct flow *flow;
    struct meter meter;
    struct flow_times times;
    struct err e;
    bool ok;
    pthread_t thread;
    /* what some loops want, or tell */
    bool flag;
    struct rr_plan plan;
    struct udp_stream_plan udp;
    struct udp_counts counts;
    struct tcp_crr_target target;
    uint64_t strangers;
    _Atomic bool is_over;
};

static inline void *end_thread(void *argument)
{
    struct end *end = argument;
    end->ok = end->run(end);
    atomic_store(&end->is_over, true);
    return NULL;
}

/* `fd` -1: none. */
static inline void end_make(struct end *end, bool (*run)(struct end *), size_t message, size_t read, int fd)
{
    *end = (struct end){ .run = run };
    end->flow = flow_new(message, read, &end->e);
    assert_non_null(end->flow);
    if (fd >= 0) {
        flow_connect(end->flow, &fd);
        assert_int_equal(fd, -1);
    }
}

static inline void end_start(struct end *end)
{
    assert_int_equal(pthread_create(&end->thread, NULL, end_thread, end), 0);
}

/* Until it has moved something, however busy the machine is, and a little longer. */
static inline void end_moves(const struct end *end)
{
    for (int i = 0; meter_read(&end->meter).operations == 0; i++) {
        if (i == 10000 || atomic_load(&end->is_over))
            fail_msg("nothing moves: %s", end->e.text);
        sleep_ms(1);
    }
    sleep_ms(20);
}

static inline void end_join(struct end *end) { pthread_join(end->thread, NULL); }

static inline void end_good(const struct end *end)
{
    if (!end->ok)
        fail_msg("%s", end->e.text);
}

static inline void end_says(const struct end *end, const char *because)
{
    assert_false(end->ok);
    if (!strstr(end->e.text, because))
        fail_msg("'%s' expected, got: %s", because, end->e.text);
}

/* ---- connected sockets ---- */

/* The one that connects, in a thread of its own. */
struct client {
    const char *address;
    uint16_t port;
    bool is_datagram;
    int fd;
};

static inline void *connect_one(void *argument)
{
    struct client *c = argument;
    struct token_wait wait = within_ms(5000);
    struct err e = { 0 };
    if (!(c->is_datagram ? token_datagram_connect : token_connect)(c->address, c->port, &TOKEN, 0, &PLAIN, &wait,
                                                                   &c->fd, &e))
        print_message("%s\n", e.text);
    return NULL;
}

/* fds[0] connected, fds[1] accepted, on the loopback address. */
static inline void pair_at(const char *address, bool is_datagram, int fds[2])
{
    int listener = -1;
    struct client client = { .address = address, .is_datagram = is_datagram, .fd = -1 };
    struct err e = { 0 };
    struct token_wait wait = within_ms(5000);
    pthread_t thread;
    assert_true((is_datagram ? token_datagram_listen : token_listen)(address, &PLAIN, &listener, &client.port, &e));
    assert_int_equal(pthread_create(&thread, NULL, connect_one, &client), 0);
    if (!(is_datagram ? token_datagram_accept(listener, &TOKEN, 1, &fds[1], &PLAIN, &wait, &e)
                      : token_accept(listener, &TOKEN, 1, &fds[1], &wait, &e)))
        fail_msg("%s", e.text);
    pthread_join(thread, NULL);
    fds[0] = client.fd;
    assert_true(fds[0] >= 0);
    close(listener);
}

static inline void connected_pair(int fds[2]) { pair_at("127.0.0.1", false, fds); }
static inline void datagram_pair(int fds[2]) { pair_at("127.0.0.1", true, fds); }

static inline void reset_on_close(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

#endif
