/* hub_world.h - a hub over real CURVE sockets on the loopback interface, and clients of it. They live in the test's
 * process and are served between the hub's own waits, so that one thread sees everything in order. */
#ifndef TARE_TESTS_HUB_WORLD_H
#define TARE_TESTS_HUB_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/complaints.h"

#include "run/hub.h"
#include "tempdir.h"
#include "wire/channel.h"

#ifdef __SANITIZE_THREAD__
/* libzmq and libsodium are not built with the sanitizer, which so cannot see how threads hand over; czmq takes
 * its lock again after zsys_shutdown, which only a process with hub after hub does. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libzmq.so\nrace:libczmq.so\nmutex:libczmq.so\nrace:libsodium.so\n";
}
#endif

enum { CLIENTS = 4, TYPES = 64 };

struct client {
    struct invite invite;
    const char *instance;
    zsock_t *dealer, *monitor;
    bool is_mute; /* answers no PING */
    bool is_open, is_turned_away;
    int received[TYPES]; /* by type */
    struct message_welcome welcome;
    char reason[MESSAGE_REASON]; /* of the last REFUSED */
};

struct world {
    void *directory;
    struct keyring *keyring;
    struct hub *hub;
    unsigned port;
    char endpoint[64];
    struct client *clients[CLIENTS];
    /* what the hub said, for the one node that a test looks at, and in all */
    int joined, lost, messages, signals;
    struct roster_node *last_lost;
    char why_lost[64];
    enum message_type last_type;
};

/* A port that is free for TCP and UDP. */
static inline unsigned free_port(void)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_addr = in6addr_any };
        socklen_t size = sizeof any;
        int tcp = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool ok = tcp >= 0 && udp >= 0 && bind(tcp, (struct sockaddr *)&any, size) == 0 &&
                  getsockname(tcp, (struct sockaddr *)&any, &size) == 0 &&
                  bind(udp, (struct sockaddr *)&any, size) == 0;
        close(tcp);
        close(udp);
        if (ok)
            return ntohs(any.sin6_port);
    }
    fail_msg("no free port");
    return 0;
}

static inline int open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e = { 0 };
    if (!w || tempdir_make(&w->directory) != 0)
        return -1;
    w->port = free_port();
    snprintf(w->endpoint, sizeof w->endpoint, "tcp://127.0.0.1:%u", w->port);
    if (!keyring_open(w->directory, &w->keyring, &e) || !hub_open(w->keyring, w->port, &w->hub, &e)) {
        fprintf(stderr, "%s\n", e.text);
        return -1;
    }
    *state = w;
    return 0;
}

static inline void hang_up(struct world *w, struct client *c)
{
    for (int i = 0; i < CLIENTS; i++)
        if (w->clients[i] == c)
            w->clients[i] = NULL;
    channel_hang_up(&c->dealer, &c->monitor);
}

static inline int close_world(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < CLIENTS; i++)
        if (w->clients[i])
            hang_up(w, w->clients[i]);
    hub_close(&w->hub, "the test is over");
    keyring_close(&w->keyring);
    tempdir_remove(&w->directory);
    free(w);
    return 0;
}

/* ---- the agent's side ---- */

static inline void invite(struct world *w, struct client *c, const char *name)
{
    struct err e = { 0 };
    *c = (struct client){ .instance = "1" };
    if (!keyring_invite(w->keyring, name, w->endpoint, &c->invite, &e))
        fail_msg("%s", e.text);
}

static inline void dial(struct world *w, struct client *c)
{
    struct err e = { 0 };
    if (!channel_dial(&c->invite, &c->dealer, &c->monitor, &e))
        fail_msg("%s", e.text);
    for (int i = 0; i < CLIENTS; i++)
        if (!w->clients[i]) {
            w->clients[i] = c;
            return;
        }
    fail_msg("too many clients");
}

static inline void say(struct client *c, const struct message *m)
{
    struct err e = { 0 };
    bool gone;
    if (!channel_send(c->dealer, NULL, m, &gone, &e))
        fail_msg("%s", e.text);
}

static inline struct message hello_of(const struct client *c)
{
    struct message m = { .type = MESSAGE_HELLO, .hello = { .magic = HELLO_MAGIC, .major = WIRE_MAJOR } };
    text_copy(m.hello.name, sizeof m.hello.name, c->invite.name);
    text_copy(m.hello.version, sizeof m.hello.version, "9.9");
    text_copy(m.hello.instance, sizeof m.hello.instance, c->instance);
    return m;
}

static inline void say_hello(struct client *c)
{
    struct message m = hello_of(c);
    say(c, &m);
}

static inline void say_facts(struct client *c)
{
    say(c, &(struct message){ .type = MESSAGE_FACTS, .facts = { .cpus = 3, .catalogue = "c", .fingerprint = "{}" } });
}

/* Something that is passed on to the conductor. */
static inline void say_armed(struct client *c)
{
    say(c, &(struct message){ .type = MESSAGE_ARMED, .armed = { .trial = 5 } });
}

static inline void serve(struct client *c)
{
    enum channel_event event;
    while ((event = channel_event(c->monitor)) != CHANNEL_NOTHING) {
        c->is_open = c->is_open || event == CHANNEL_OPEN;
        c->is_turned_away = c->is_turned_away || event == CHANNEL_REFUSED;
    }
    static struct message m;
    struct channel_frame frame;
    while (channel_receive(c->dealer, false, &frame)) {
        struct err e = { 0 };
        if (!channel_frame_decode(&frame, &m, &e))
            fail_msg("the hub sent: %s", e.text);
        channel_frame_close(&frame);
        c->received[m.type]++;
        if (m.type == MESSAGE_PING && !c->is_mute)
            say(c, &(struct message){ .type = MESSAGE_PONG, .pong = { m.ping.sequence } });
        if (m.type == MESSAGE_WELCOME)
            c->welcome = m.welcome;
        if (m.type == MESSAGE_REFUSED)
            text_copy(c->reason, sizeof c->reason, m.refused.reason);
    }
}

/* ---- both ---- */

static inline void turn(struct world *w)
{
    struct hub_event event;
    struct err e = { 0 };
    int64_t end = clock_mono_ns() + clock_ms(5);
    do {
        if (!hub_next(w->hub, end, &event, &e))
            fail_msg("%s", e.text);
        w->joined += event.kind == HUB_JOINED;
        w->lost += event.kind == HUB_LOST;
        w->messages += event.kind == HUB_MESSAGE;
        w->signals += event.kind == HUB_SIGNAL;
        if (event.kind == HUB_LOST) {
            w->last_lost = event.node;
            text_copy(w->why_lost, sizeof w->why_lost, event.why);
        }
        if (event.kind == HUB_MESSAGE)
            w->last_type = event.message->type;
    } while (event.kind != HUB_DEADLINE);
    for (int i = 0; i < CLIENTS; i++)
        if (w->clients[i])
            serve(w->clients[i]);
}

#define EVENTUALLY_MS(w, ms, condition)                                             \
    do {                                                                            \
        for (int64_t end_ = clock_mono_ns() + clock_ms(ms); !(condition);) {        \
            if (clock_mono_ns() > end_)                                             \
                fail_msg("line %d: it never came about: %s", __LINE__, #condition); \
            turn(w);                                                                \
        }                                                                           \
    } while (0)
#define EVENTUALLY(w, condition) EVENTUALLY_MS(w, 5000, condition)

static inline void pass(struct world *w, int64_t ms)
{
    for (int64_t end = clock_mono_ns() + clock_ms(ms); clock_mono_ns() < end;)
        turn(w);
}

static inline struct roster_node *node_of(const struct world *w, const char *name)
{
    return roster_by_name(hub_roster(w->hub), name);
}

static inline void join(struct world *w, struct client *c, const char *name)
{
    int before = w->joined;
    invite(w, c, name);
    dial(w, c);
    say_hello(c);
    EVENTUALLY(w, c->received[MESSAGE_WELCOME] == 1);
    say_facts(c);
    EVENTUALLY(w, w->joined == before + 1);
}

/* That a joined client is heard and can be told something. */
static inline void works(struct world *w, struct client *c)
{
    int messages = w->messages, cancels = c->received[MESSAGE_CANCEL];
    struct err e = { 0 };
    say_armed(c);
    EVENTUALLY(w, w->messages == messages + 1);
    assert_int_equal(w->last_type, MESSAGE_ARMED);
    if (!hub_send(w->hub, node_of(w, c->invite.name), &(struct message){ .type = MESSAGE_CANCEL }, &e))
        fail_msg("%s", e.text);
    EVENTUALLY(w, c->received[MESSAGE_CANCEL] == cancels + 1);
}

/* What goes to stderr meanwhile. */
static struct {
    int real, caught;
} stderr_of;

static inline void catch_stderr(void)
{
    stderr_of.real = dup(STDERR_FILENO);
    stderr_of.caught = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(stderr_of.real >= 0 && stderr_of.caught >= 0);
    dup2(stderr_of.caught, STDERR_FILENO);
}

static inline const char *peek_stderr(void)
{
    static char text[1 << 12];
    ssize_t size = pread(stderr_of.caught, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static inline const char *caught_stderr(void)
{
    static char text[1 << 16];
    dup2(stderr_of.real, STDERR_FILENO);
    ssize_t size = pread(stderr_of.caught, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    close(stderr_of.real);
    close(stderr_of.caught);
    return text;
}

#define WITH_HUB(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

#endif
