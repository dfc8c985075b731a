/* The hub over real CURVE sockets on the loopback interface. Clients live in this process and are
 * served between the hub's own waits, so that one thread sees everything in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

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
static unsigned free_port(void)
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

static int open_world(void **state)
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

static void hang_up(struct world *w, struct client *c)
{
    for (int i = 0; i < CLIENTS; i++)
        if (w->clients[i] == c)
            w->clients[i] = NULL;
    channel_hang_up(&c->dealer, &c->monitor);
}

static int close_world(void **state)
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

static void invite(struct world *w, struct client *c, const char *name)
{
    struct err e = { 0 };
    *c = (struct client){ .instance = "1" };
    if (!keyring_invite(w->keyring, name, w->endpoint, &c->invite, &e))
        fail_msg("%s", e.text);
}

static void dial(struct world *w, struct client *c)
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

static void say(struct client *c, const struct message *m)
{
    struct err e = { 0 };
    bool gone;
    if (!channel_send(c->dealer, NULL, m, &gone, &e))
        fail_msg("%s", e.text);
}

static struct message hello_of(const struct client *c)
{
    struct message m = { .type = MESSAGE_HELLO, .hello = { .magic = HELLO_MAGIC, .major = WIRE_MAJOR } };
    text_copy(m.hello.name, sizeof m.hello.name, c->invite.name);
    text_copy(m.hello.version, sizeof m.hello.version, "9.9");
    text_copy(m.hello.instance, sizeof m.hello.instance, c->instance);
    return m;
}

static void say_hello(struct client *c)
{
    struct message m = hello_of(c);
    say(c, &m);
}

static void say_facts(struct client *c)
{
    say(c, &(struct message){ .type = MESSAGE_FACTS, .facts = { .cpus = 3, .catalogue = "c", .fingerprint = "{}" } });
}

/* Something that is passed on to the conductor. */
static void say_armed(struct client *c) { say(c, &(struct message){ .type = MESSAGE_ARMED, .armed = { .trial = 5 } }); }

static void serve(struct client *c)
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

static void turn(struct world *w)
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

static void pass(struct world *w, int64_t ms)
{
    for (int64_t end = clock_mono_ns() + clock_ms(ms); clock_mono_ns() < end;)
        turn(w);
}

static struct roster_node *node_of(const struct world *w, const char *name)
{
    return roster_by_name(hub_roster(w->hub), name);
}

static void join(struct world *w, struct client *c, const char *name)
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
static void works(struct world *w, struct client *c)
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

static void catch_stderr(void)
{
    stderr_of.real = dup(STDERR_FILENO);
    stderr_of.caught = memfd_create("stderr", MFD_CLOEXEC);
    assert_true(stderr_of.real >= 0 && stderr_of.caught >= 0);
    dup2(stderr_of.caught, STDERR_FILENO);
}

static const char *peek_stderr(void)
{
    static char text[1 << 12];
    ssize_t size = pread(stderr_of.caught, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static const char *caught_stderr(void)
{
    static char text[1 << 16];
    dup2(stderr_of.real, STDERR_FILENO);
    ssize_t size = pread(stderr_of.caught, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = '\0';
    close(stderr_of.real);
    close(stderr_of.caught);
    return text;
}

/* ---- who gets in ---- */

static void a_node_with_a_valid_key_joins_and_is_welcome(void **state)
{
    struct world *w = *state;
    static struct client a;
    join(w, &a, "a");
    assert_true(a.is_open);
    assert_int_equal(a.welcome.session_size, MESSAGE_SESSION);
    assert_int_equal(a.welcome.up_key_size, MESSAGE_KEY);
    assert_int_equal(a.welcome.down_key_size, MESSAGE_KEY);
    assert_memory_not_equal(a.welcome.up_key, a.welcome.down_key, MESSAGE_KEY);
    assert_int_equal(a.welcome.probe_port, w->port);
    const struct roster_node *n = node_of(w, "a");
    assert_string_equal(n->key, a.invite.node.public_key);
    assert_string_equal(n->address, "127.0.0.1");
    assert_string_equal(n->hello.version, "9.9");
    assert_int_equal(n->cpus, 3);
    assert_string_equal(n->catalogue, "c");
    assert_string_equal(n->fingerprint, "{}");
    works(w, &a);
    say_facts(&a); /* once more is no second arrival */
    pass(w, 50);
    assert_int_equal(w->joined, 1);
}

static void two_nodes_get_keys_and_sessions_of_their_own(void **state)
{
    struct world *w = *state;
    static struct client a, b;
    join(w, &a, "a");
    join(w, &b, "b");
    assert_memory_not_equal(a.welcome.session, b.welcome.session, MESSAGE_SESSION);
    assert_memory_not_equal(a.welcome.up_key, b.welcome.up_key, MESSAGE_KEY);
    assert_memory_not_equal(a.welcome.down_key, b.welcome.down_key, MESSAGE_KEY);
}

static void a_key_that_was_never_given_out_is_refused(void **state)
{
    struct world *w = *state;
    static struct client good, stranger;
    struct err e = { 0 };
    join(w, &good, "good");
    stranger = (struct client){ .invite = good.invite, .instance = "2" };
    assert_true(keypair_make(&stranger.invite.node, &e));
    dial(w, &stranger);
    say_hello(&stranger);
    EVENTUALLY(w, stranger.is_turned_away);
    pass(w, 100);
    assert_false(stranger.is_open);
    assert_int_equal(stranger.received[MESSAGE_WELCOME] + stranger.received[MESSAGE_REFUSED], 0);
    /* Nor is the coordinator's own key one of a node's. */
    static struct client own;
    own = (struct client){ .invite = good.invite, .instance = "3" };
    own.invite.node = *keyring_own(w->keyring);
    dial(w, &own);
    EVENTUALLY(w, own.is_turned_away);
    assert_false(own.is_open);
    works(w, &good);
    hang_up(w, &own);
    hang_up(w, &stranger);
}

/* libzmq's one I/O thread tells the monitor of each event, and would wait for a reader that is gone. */
static void to_hang_up_at_any_moment_disturbs_no_other_connection(void **state)
{
    struct world *w = *state;
    static struct client good, stranger;
    struct err e = { 0 };
    invite(w, &good, "good");
    stranger = (struct client){ .invite = good.invite };
    assert_true(keypair_make(&stranger.invite.node, &e));
    for (int i = 0; i < 200; i++) {
        dial(w, &stranger);
        for (int64_t end = clock_mono_ns() + i % 20 * (CLOCK_NS_PER_MS / 10); clock_mono_ns() < end;) {
            struct hub_event event;
            assert_true(hub_next(w->hub, clock_mono_ns(), &event, &e));
        }
        hang_up(w, &stranger);
    }
    join(w, &good, "good");
    works(w, &good);
}

static void what_comes_before_the_hello_is_ignored(void **state)
{
    struct world *w = *state;
    static struct client a;
    invite(w, &a, "a");
    dial(w, &a);
    say_facts(&a);
    say_armed(&a);
    say(&a, &(struct message){ .type = MESSAGE_PONG });
    EVENTUALLY(w, a.is_open);
    pass(w, 50);
    assert_int_equal(w->joined + w->messages, 0);
    assert_null(node_of(w, "a"));
    say_hello(&a);
    EVENTUALLY(w, a.received[MESSAGE_WELCOME] == 1);
    say_armed(&a); /* before its facts it has not joined */
    pass(w, 50);
    assert_int_equal(w->joined + w->messages, 0);
    say_facts(&a);
    EVENTUALLY(w, w->joined == 1);
    works(w, &a);
}

static void refused_for(struct world *w, struct client *c, const struct message *hello, const char *because)
{
    c->reason[0] = '\0';
    int welcomes = c->received[MESSAGE_WELCOME];
    catch_stderr();
    say(c, hello);
    for (int i = 0; i < 400 && !*c->reason; i++)
        turn(w);
    const char *log = caught_stderr();
    if (!strstr(c->reason, because) || !strstr(log, because))
        fail_msg("says '%s', logs '%s', not '%s'", c->reason, log, because);
    assert_int_equal(c->received[MESSAGE_WELCOME], welcomes);
}

static void a_hello_that_does_not_fit_the_key_is_refused_with_the_reason(void **state)
{
    struct world *w = *state;
    static struct client a, b;
    join(w, &a, "a");
    invite(w, &b, "b");
    dial(w, &b);
    struct message m = hello_of(&b);
    text_copy(m.hello.name, sizeof m.hello.name, "a");
    refused_for(w, &b, &m, "this key was made for 'b', not for 'a'");
    m = hello_of(&b);
    m.hello.major = WIRE_MAJOR + 1;
    refused_for(w, &b, &m, "install the same version");
    works(w, &a);
    say_armed(&b); /* and it is not heard afterwards either */
    int messages = w->messages;
    pass(w, 50);
    assert_int_equal(w->messages, messages);
    say_hello(&b); /* until it says who it is */
    EVENTUALLY(w, b.received[MESSAGE_WELCOME] == 1);
}

static void another_process_with_the_same_key_is_refused_until_the_first_one_is_gone(void **state)
{
    struct world *w = *state;
    static struct client first, second;
    join(w, &first, "a");
    second = (struct client){ .invite = first.invite, .instance = "2" };
    dial(w, &second);
    struct message m = hello_of(&second);
    refused_for(w, &second, &m, "'a' is here already, from 127.0.0.1");
    works(w, &first);
    hang_up(w, &first);
    EVENTUALLY_MS(w, 2500, w->lost == 1); /* a closed connection shows at the next heartbeat */
    assert_string_equal(w->why_lost, "its connection was closed");
    assert_ptr_equal(w->last_lost, node_of(w, "a"));
    say_hello(&second);
    EVENTUALLY(w, second.received[MESSAGE_WELCOME] == 1);
    say_facts(&second);
    EVENTUALLY(w, w->joined == 2);
    works(w, &second);
}

static void the_same_process_may_dial_again(void **state)
{
    struct world *w = *state;
    static struct client first, again;
    join(w, &first, "a");
    again = (struct client){ .invite = first.invite, .instance = first.instance };
    dial(w, &again);
    say_hello(&again);
    EVENTUALLY(w, again.received[MESSAGE_WELCOME] == 1);
    assert_memory_equal(again.welcome.session, first.welcome.session, MESSAGE_SESSION);
    works(w, &again);
    int messages = w->messages;
    say_armed(&first); /* the old connection is nobody's now */
    pass(w, 50);
    assert_int_equal(w->messages, messages);
    assert_int_equal(w->lost, 0);
    assert_int_equal(w->joined, 1);
}

/* ---- hostile nodes, with a valid key ---- */

struct bad {
    const char *bytes;
    size_t size;
    const char *says;
};
#define BAD(bytes, says)              \
    {                                 \
        bytes, sizeof bytes - 1, says \
    }

static void what_is_no_message_is_dropped_with_a_warning_and_others_go_on(void **state)
{
    static const struct bad ALL[] = {
        BAD("GET / HTTP/1.1\r\n\r\n", "not a message (18 bytes)"),
        BAD("", "not a message (0 bytes)"),
        BAD("\xdd\x0f\xff\xff\xff", "not a message (5 bytes)"),
        BAD("\x92\x05\xdd\x0f\xff\xff\xff", "not a message (7 bytes)"),
        BAD("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01", "not a message (10 bytes)"),
        BAD("\x92\x63\x07", "unknown message type 99"),
        BAD("\x91\x06", "PONG has 0 fields, expected 1"),
        BAD("\x92\x06\xa1x", "PONG: sequence is not a 32-bit number"),
        BAD("\x80", "HELLO has no magic"),
    };
    struct world *w = *state;
    static struct client good, bad;
    join(w, &good, "good");
    join(w, &bad, "bad");
    for (size_t i = 0; i < ARRAY_SIZE(ALL); i++) {
        catch_stderr();
        int sent = zmq_send(zsock_resolve(bad.dealer), ALL[i].bytes, ALL[i].size, ZMQ_DONTWAIT);
        for (int turns = 0; turns < 400 && !strstr(peek_stderr(), "dropped"); turns++)
            turn(w);
        const char *log = caught_stderr();
        assert_int_equal(sent, ALL[i].size);
        if (!strstr(log, "from 'bad' at 127.0.0.1") || !strstr(log, ALL[i].says) || !strstr(log, "dropped"))
            fail_msg("logs '%s', not '%s'", log, ALL[i].says);
    }
    static unsigned char deep[60000];
    memset(deep, 0x91, sizeof deep);
    catch_stderr();
    for (int i = 0; i < 20; i++)
        (void)!zmq_send(zsock_resolve(bad.dealer), deep, sizeof deep, ZMQ_DONTWAIT);
    for (int turns = 0; turns < 400 && !strstr(peek_stderr(), "dropped"); turns++)
        turn(w);
    pass(w, 50);
    assert_non_null(strstr(caught_stderr(), "not a message (60000 bytes)"));
    works(w, &good);
    works(w, &bad); /* it has harmed only its own messages */
    assert_int_equal(w->lost, 0);
}

static void a_node_that_sends_nonsense_on_and_on_does_not_fill_the_log(void **state)
{
    enum { ROUNDS = 20, BURST = 200 };
    struct world *w = *state;
    static struct client good, bad;
    join(w, &good, "good");
    join(w, &bad, "bad");
    catch_stderr();
    for (int i = 0; i < ROUNDS * BURST; i++) {
        (void)!zmq_send(zsock_resolve(bad.dealer), "nonsense", 8, ZMQ_DONTWAIT);
        if (i % BURST == 0)
            turn(w);
    }
    say_armed(&bad);
    for (int turns = 0; turns < 400 && w->messages == 0; turns++)
        turn(w);
    (void)!zmq_send(zsock_resolve(good.dealer), "nonsense", 8, ZMQ_DONTWAIT);
    for (int turns = 0; turns < 400 && !strstr(peek_stderr(), "'good'"); turns++)
        turn(w);
    const char *log = caught_stderr();
    assert_int_equal(w->messages, 1); /* so all before it were read */
    assert_non_null(strstr(log, "from 'good' at 127.0.0.1: not a message (8 bytes); dropped\n"));
    assert_non_null(strstr(log, "(its next ones are told every 10 s at most)\n"));
    int lines = 0;
    for (const char *at = log; (at = strstr(at, "from 'bad'")); at++)
        lines++;
    assert_int_equal(lines, COMPLAINTS_AT_ONCE);
}

static void a_message_that_only_the_coordinator_may_send_does_no_harm(void **state)
{
    struct world *w = *state;
    static struct client a;
    join(w, &a, "a");
    say(&a, &(struct message){ .type = MESSAGE_WELCOME });
    say(&a, &(struct message){ .type = MESSAGE_PING, .ping = { 7 } });
    say(&a, &(struct message){ .type = MESSAGE_PONG, .pong = { 4000000000u } });
    pass(w, 50);
    assert_true(node_of(w, "a")->rtt_ns < CLOCK_NS_PER_S);
    works(w, &a);
}

static void a_message_of_several_frames_is_dropped_whole(void **state)
{
    struct world *w = *state;
    static struct client a;
    join(w, &a, "a");
    void *raw = zsock_resolve(a.dealer);
    assert_int_equal(zmq_send(raw, "\x92\x0a\x05", 3, ZMQ_SNDMORE), 3); /* an ARMED, were it alone */
    assert_int_equal(zmq_send(raw, "\x92\x0a\x05", 3, 0), 3);
    pass(w, 50);
    assert_int_equal(w->messages, 0);
    works(w, &a);
}

static void a_frame_larger_than_any_message_costs_its_sender_the_connection(void **state)
{
    struct world *w = *state;
    static struct client good, bad;
    join(w, &good, "good");
    join(w, &bad, "bad");
    static unsigned char huge[8 << 20];
    assert_true(zmq_send(zsock_resolve(bad.dealer), huge, sizeof huge, ZMQ_DONTWAIT) >= 0);
    bad.is_open = false;
    EVENTUALLY(w, bad.is_open); /* it dials again by itself */
    works(w, &good);
    say_hello(&bad);
    EVENTUALLY(w, bad.received[MESSAGE_WELCOME] == 2);
    if (!node_of(w, "bad")->is_joined)
        say_facts(&bad);
    works(w, &bad);
}

static void nobody_gets_the_messages_of_another_by_taking_its_routing_id(void **state)
{
    struct world *w = *state;
    static struct client victim, thief;
    join(w, &victim, "victim");
    const struct roster_node *n = node_of(w, "victim");
    for (int by_name = 0; by_name < 2; by_name++) {
        invite(w, &thief, "thief");
        struct err e = { 0 };
        /* As channel_dial, with a routing id set before the connection. */
        thief.dealer = zsock_new(ZMQ_DEALER);
        zsock_set_curve_serverkey(thief.dealer, thief.invite.server_key);
        zsock_set_curve_publickey(thief.dealer, thief.invite.node.public_key);
        zsock_set_curve_secretkey(thief.dealer, thief.invite.node.secret_key);
        void *raw = zsock_resolve(thief.dealer);
        assert_int_equal(by_name ? zmq_setsockopt(raw, ZMQ_ROUTING_ID, "victim", 6)
                                 : zmq_setsockopt(raw, ZMQ_ROUTING_ID, n->id, n->id_size),
                         0);
        thief.monitor = zsock_new(ZMQ_PAIR);
        assert_int_equal(zmq_socket_monitor(raw, "inproc://thief", ZMQ_EVENT_HANDSHAKE_SUCCEEDED), 0);
        assert_int_equal(zsock_connect(thief.monitor, "inproc://thief"), 0);
        assert_int_equal(zsock_connect(thief.dealer, "%s", w->endpoint), 0);
        for (int i = 0; i < CLIENTS; i++)
            if (!w->clients[i]) {
                w->clients[i] = &thief;
                break;
            }
        say_hello(&thief);
        EVENTUALLY(w, thief.is_open);
        pass(w, 50);
        for (int i = 0; i < 20; i++)
            if (!hub_send(w->hub, node_of(w, "victim"), &(struct message){ .type = MESSAGE_CANCEL }, &e))
                fail_msg("%s", e.text);
        int before = victim.received[MESSAGE_CANCEL];
        EVENTUALLY(w, victim.received[MESSAGE_CANCEL] == before + 20);
        pass(w, 50);
        assert_int_equal(thief.received[MESSAGE_CANCEL], 0);
        assert_int_equal(thief.received[MESSAGE_PING], 0);
        works(w, &victim);
        hang_up(w, &thief);
        pass(w, 50);
    }
}

/* ---- keys that are taken back ---- */

static void a_key_that_was_taken_back_is_neither_heard_nor_told_anything(void **state)
{
    struct world *w = *state;
    static struct client old, new;
    join(w, &old, "a");
    works(w, &old);
    int messages = w->messages, cancels = old.received[MESSAGE_CANCEL], pings = old.received[MESSAGE_PING];
    struct roster_node *n = node_of(w, "a");
    invite(w, &new, "a");
    say_armed(&old);
    say_hello(&old);
    EVENTUALLY_MS(w, 500, w->lost == 1);
    assert_ptr_equal(w->last_lost, n);
    pass(w, 100);
    assert_int_equal(w->messages, messages);
    assert_int_equal(old.received[MESSAGE_WELCOME], 1);
    struct err e = { 0 };
    assert_false(hub_send(w->hub, n, &(struct message){ .type = MESSAGE_CANCEL }, &e));
    /* The new key's owner need not wait for the old one's silence. */
    new.instance = "2";
    dial(w, &new);
    say_hello(&new);
    EVENTUALLY(w, new.received[MESSAGE_WELCOME] == 1);
    say_facts(&new);
    EVENTUALLY(w, w->joined == 2);
    works(w, &new);
    pass(w, 1200);
    assert_int_equal(old.received[MESSAGE_CANCEL], cancels);
    assert_int_equal(old.received[MESSAGE_PING], pings);
    /* And it cannot come back. */
    hang_up(w, &old);
    old.is_open = old.is_turned_away = false;
    dial(w, &old);
    EVENTUALLY(w, old.is_turned_away);
    assert_false(old.is_open);
}

/* ---- many ---- */

static void who_runs_out_of_open_files_says_what_to_raise(void **state)
{
    struct world *w = *state;
    static struct client a;
    struct rlimit as_it_was, tight;
    join(w, &a, "a");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &as_it_was), 0);
    catch_stderr();
    int next = dup(STDOUT_FILENO);
    close(next);
    tight = (struct rlimit){ (rlim_t)next + 4, as_it_was.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (int turns = 0; turns < 1000 && !strstr(peek_stderr(), "raise the limit"); turns++)
        turn(w);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &as_it_was), 0);
    const char *log = caught_stderr();
    char taken[64];
    snprintf(taken, sizeof taken, "of this process's %d open files are taken", next + 4);
    if (!strstr(log, "no more nodes can connect") || !strstr(log, taken))
        fail_msg("logs '%s'", log);
    works(w, &a);
}

/* ---- life and death ---- */

static void the_heartbeat_tells_the_round_trip(void **state)
{
    struct world *w = *state;
    static struct client a;
    join(w, &a, "a");
    EVENTUALLY(w, node_of(w, "a")->rtt_ns > 0);
    assert_true(node_of(w, "a")->rtt_ns < CLOCK_NS_PER_S);
    int before = a.received[MESSAGE_PING];
    pass(w, 1100);
    assert_in_range(a.received[MESSAGE_PING] - before, 1, 3); /* one a second */
    hub_set_armed(w->hub, node_of(w, "a"), true);
    before = a.received[MESSAGE_PING];
    pass(w, 500);
    assert_in_range(a.received[MESSAGE_PING] - before, 2, 6); /* five a second */
    assert_int_equal(w->lost, 0);
}

static void silence_is_a_loss_sooner_when_armed(void **state)
{
    struct world *w = *state;
    static struct client silent, armed, good;
    join(w, &good, "good");
    join(w, &silent, "silent");
    join(w, &armed, "armed");
    pass(w, 50);
    silent.is_mute = armed.is_mute = true;
    hub_set_armed(w->hub, node_of(w, "armed"), true);
    int64_t begin = clock_mono_ns();
    EVENTUALLY(w, w->lost == 1);
    assert_ptr_equal(w->last_lost, node_of(w, "armed"));
    assert_in_range(clock_mono_ns() - begin, clock_ms(ROSTER_ARMED_DEAD_MS), clock_ms(ROSTER_ARMED_DEAD_MS + 400));
    EVENTUALLY(w, w->lost == 2);
    assert_ptr_equal(w->last_lost, node_of(w, "silent"));
    assert_in_range(clock_mono_ns() - begin, clock_ms(ROSTER_DEAD_MS - 200), clock_ms(ROSTER_DEAD_MS + 1000));
    assert_true(node_of(w, "good")->is_joined);
    works(w, &good);
    /* One that was lost comes back with its next HELLO. */
    silent.is_mute = false;
    say_hello(&silent);
    EVENTUALLY(w, silent.received[MESSAGE_WELCOME] == 2);
    say_facts(&silent);
    EVENTUALLY(w, w->joined == 4);
    works(w, &silent);
}

static void a_signal_comes_as_an_event(void **state)
{
    struct world *w = *state;
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    EVENTUALLY(w, w->signals == 1);
}

/* ---- other processes: this program with other arguments ---- */

static pid_t spawn(const char *const arguments[], int *out)
{
    extern char **environ;
    int ends[2];
    pid_t child;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    assert_int_equal(
        posix_spawn(&child, "/proc/self/exe", &actions, NULL, (char *const *)(uintptr_t)arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *out = ends[0];
    return child;
}

static const char *text_of(int fd, pid_t child)
{
    static char text[1024];
    size_t used = 0;
    for (ssize_t n; used < sizeof text - 1 && (n = read(fd, text + used, sizeof text - 1 - used)) > 0;)
        used += (size_t)n;
    text[used] = '\0';
    close(fd);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return text;
}

static int second_hub(const char *directory, const char *port)
{
    struct keyring *keyring = NULL;
    struct hub *hub = NULL;
    struct err e = { 0 };
    bool ok = keyring_open(directory, &keyring, &e) && hub_open(keyring, (unsigned)strtoul(port, NULL, 10), &hub, &e);
    printf("%s", ok ? "opened" : e.text);
    hub_close(&hub, NULL);
    keyring_close(&keyring);
    return 0;
}

static void a_second_hub_on_the_port_says_that_it_is_in_use(void **state)
{
    struct world *w = *state;
    char port[16];
    int out;
    snprintf(port, sizeof port, "%u", w->port);
    pid_t child = spawn((const char *const[]){ "test_hub", "second-hub", w->directory, port, NULL }, &out);
    const char *said = text_of(out, child);
    if (!strstr(said, port) || !strstr(said, "is in use: another `tare run` or program has the port"))
        fail_msg("says '%s'", said);
    static struct client a;
    join(w, &a, "a"); /* the first one goes on */
}

/* A client of its own process: joins and tells what BYE it gets. */
static int lone_client(const char *path)
{
    struct world w = { 0 };
    struct client c = { .instance = "1" };
    struct err e = { 0 };
    if (!channel_start(&e) || !invite_read(path, &c.invite, &e)) {
        printf("%s", e.text);
        return 1;
    }
    dial(&w, &c);
    say_hello(&c);
    bool is_over = false;
    for (int64_t end = clock_mono_ns() + clock_ms(10000); !is_over && clock_mono_ns() < end;) {
        static struct message m;
        struct channel_frame frame;
        while (!is_over && channel_receive(c.dealer, false, &frame)) {
            if (!channel_frame_decode(&frame, &m, &e))
                printf("%s", e.text);
            channel_frame_close(&frame);
            if (m.type == MESSAGE_WELCOME)
                say_facts(&c);
            if (m.type == MESSAGE_BYE)
                printf("%s", m.bye.reason);
            is_over = m.type == MESSAGE_BYE;
        }
        clock_sleep_until_mono(clock_mono_ns() + clock_ms(1));
    }
    hang_up(&w, &c);
    return 0;
}

static void a_hub_that_closes_says_goodbye(void **state)
{
    struct world *w = *state;
    static struct client a;
    struct err e = { 0 };
    char path[512];
    int out;
    invite(w, &a, "a");
    snprintf(path, sizeof path, "%s/invite", (const char *)w->directory);
    assert_true(invite_write(path, &a.invite, &e));
    pid_t child = spawn((const char *const[]){ "test_hub", "lone-client", path, NULL }, &out);
    EVENTUALLY(w, w->joined == 1);
    hub_close(&w->hub, "all is measured");
    assert_null(w->hub);
    assert_string_equal(text_of(out, child), "all is measured");
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "second-hub") == 0)
        return second_hub(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "lone-client") == 0)
        return lone_client(argv[2]);
#define WITH_HUB(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        WITH_HUB(a_node_with_a_valid_key_joins_and_is_welcome),
        WITH_HUB(two_nodes_get_keys_and_sessions_of_their_own),
        WITH_HUB(a_key_that_was_never_given_out_is_refused),
        WITH_HUB(to_hang_up_at_any_moment_disturbs_no_other_connection),
        WITH_HUB(what_comes_before_the_hello_is_ignored),
        WITH_HUB(a_hello_that_does_not_fit_the_key_is_refused_with_the_reason),
        WITH_HUB(another_process_with_the_same_key_is_refused_until_the_first_one_is_gone),
        WITH_HUB(the_same_process_may_dial_again),
        WITH_HUB(what_is_no_message_is_dropped_with_a_warning_and_others_go_on),
        WITH_HUB(a_node_that_sends_nonsense_on_and_on_does_not_fill_the_log),
        WITH_HUB(a_message_that_only_the_coordinator_may_send_does_no_harm),
        WITH_HUB(a_message_of_several_frames_is_dropped_whole),
        WITH_HUB(a_frame_larger_than_any_message_costs_its_sender_the_connection),
        WITH_HUB(nobody_gets_the_messages_of_another_by_taking_its_routing_id),
        WITH_HUB(a_key_that_was_taken_back_is_neither_heard_nor_told_anything),
        WITH_HUB(who_runs_out_of_open_files_says_what_to_raise),
        WITH_HUB(the_heartbeat_tells_the_round_trip),
        WITH_HUB(silence_is_a_loss_sooner_when_armed),
        WITH_HUB(a_signal_comes_as_an_event),
        WITH_HUB(a_second_hub_on_the_port_says_that_it_is_in_use),
        WITH_HUB(a_hub_that_closes_says_goodbye),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
