/* flow_end.h - a flow and the thread that moves it, and pairs of connected sockets, for tests of the loops. */
#ifndef TARE_TESTS_FLOW_END_H
#define TARE_TESTS_FLOW_END_H

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
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
    int choice;
    struct rr_plan plan;
    struct udp_stream_plan udp;
    struct udp_counts counts;
    struct tcp_crr_target target;
    uint64_t strangers;
    _Atomic pid_t tid; /* 0: not begun */
    _Atomic bool is_over;
};

static inline void *end_thread(void *argument)
{
    struct end *end = argument;
    atomic_store(&end->tid, gettid());
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

/* Until it has moved something more than once, however busy the machine is. */
static inline void end_moves(const struct end *end)
{
    for (int i = 0; meter_read(&end->meter).operations < 2; i++) {
        if (i == 10000 || atomic_load(&end->is_over))
            fail_msg("nothing moves: %s", end->e.text);
        sleep_ms(1);
    }
}

/* Until thread `*tid` waits in the kernel: what woke it before it has dealt with. */
static inline void thread_waits(const _Atomic pid_t *tid)
{
    for (int i = 0; i < 10000; i++) {
        char path[64], stat[512];
        snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)atomic_load(tid));
        FILE *file = atomic_load(tid) ? fopen(path, "re") : NULL;
        size_t size = file ? fread(stat, 1, sizeof stat - 1, file) : 0;
        if (file)
            fclose(file);
        stat[size] = '\0';
        const char *state = strrchr(stat, ')'); /* proc(5): pid (name) state ... */
        if (state && strncmp(state, ") S", 3) == 0)
            return;
        sleep_ms(1);
    }
    fail_msg("the thread does not wait for anything");
}

static inline void end_waits(const struct end *end) { thread_waits(&end->tid); }

/* Until the end of what comes has come to `fd`. */
static inline void is_closed_to(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLRDHUP };
    assert_int_equal(poll(&one, 1, 10000), 1);
}

static inline void end_join(struct end *end) { pthread_join(end->thread, NULL); }

static inline void end_good(const struct end *end)
{
    if (!end->ok)
        fail_msg("%s", end->e.text);
}

/* The one that answers or receives, then the one that asks or sends, which is stopped when it has moved something. */
static inline void ends_run(struct end *client, struct end *server, void (*stop)(struct flow *))
{
    end_start(server);
    end_start(client);
    end_moves(client);
    stop(client->flow);
    end_join(client);
    end_join(server);
}

static inline void ends_destroy(struct end *client, struct end *server)
{
    flow_destroy(&client->flow);
    flow_destroy(&server->flow);
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
