/* Who may speak, on real connections: a hub in this process, and guests that dial it on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/hub.h"
#include "tempdir.h"
#include "wire/channel.h"

enum { SOON_MS = 5000, NEVER_MS = 400 };

struct fixture {
    struct keyring *keyring;
    struct hub *hub;
    unsigned port;
    char endpoint[KEY_ENDPOINT];
    int lost; /* events */
};

/* One end of a connection, with what has come to it. */
struct guest {
    zsock_t *dealer, *monitor;
    enum channel_event last;
    bool has_answer;
    struct message answer;
};

static unsigned free_port(void) { return 21000 + (unsigned)getpid() % 10000; }

static struct fixture open_hub(void **state)
{
    struct fixture f = { .port = free_port() };
    struct err e = { 0 };
    snprintf(f.endpoint, sizeof f.endpoint, "tcp://127.0.0.1:%u", f.port);
    if (!keyring_open(*state, &f.keyring, &e) || !hub_open(f.keyring, f.port, &f.hub, &e))
        fail_msg("%s", e.text);
    return f;
}

static void close_hub(struct fixture *f)
{
    hub_close(&f->hub, NULL);
    keyring_close(&f->keyring);
}

/* Both sides, until `g` has an answer or its connection is refused; false when nothing comes. */
static bool pump(struct fixture *f, struct guest *g, int ms)
{
    int64_t end = clock_mono_ns() + clock_ms(ms);
    g->has_answer = false;
    while (clock_mono_ns() < end && !g->has_answer && g->last != CHANNEL_REFUSED) {
        struct hub_event event;
        struct err e = { 0 };
        if (!hub_next(f->hub, clock_mono_ns() + clock_ms(5), &event, &e))
            fail_msg("%s", e.text);
        f->lost += event.kind == HUB_LOST;
        enum channel_event news;
        while ((news = channel_event(g->monitor)) != CHANNEL_NOTHING)
            g->last = g->last == CHANNEL_REFUSED ? CHANNEL_REFUSED : news; /* after which it is closed, too */
        struct channel_frame frame;
        if (!channel_receive(g->dealer, false, &frame))
            continue;
        if (!channel_frame_decode(&frame, &g->answer, &e))
            fail_msg("%s", e.text);
        channel_frame_close(&frame);
        g->has_answer = g->answer.type != MESSAGE_PING;
    }
    return g->has_answer;
}

static void dial(struct fixture *f, const struct keypair *key, const char *server_key, struct guest *g)
{
    struct invite invite = { .node = *key };
    struct err e = { 0 };
    *g = (struct guest){ 0 };
    text_copy(invite.endpoint, sizeof invite.endpoint, f->endpoint);
    text_copy(invite.server_key, sizeof invite.server_key,
              server_key ? server_key : keyring_own(f->keyring)->public_key);
    if (!channel_dial(&invite, &g->dealer, &g->monitor, &e))
        fail_msg("%s", e.text);
    for (int64_t end = clock_mono_ns() + clock_ms(SOON_MS);
         g->last != CHANNEL_OPEN && g->last != CHANNEL_REFUSED && clock_mono_ns() < end;)
        (void)pump(f, g, 20);
}

static void hang_up(struct guest *g) { channel_hang_up(&g->dealer, &g->monitor); }

static void tell(struct guest *g, const struct message *m)
{
    struct err e = { 0 };
    bool gone;
    if (!channel_send(g->dealer, NULL, m, &gone, &e))
        fail_msg("%s", e.text);
}

static void say_hello(struct guest *g, const char *name, const char *instance)
{
    struct message m = { .type = MESSAGE_HELLO, .hello = { .major = WIRE_MAJOR } };
    text_copy(m.hello.magic, sizeof m.hello.magic, HELLO_MAGIC);
    text_copy(m.hello.name, sizeof m.hello.name, name);
    text_copy(m.hello.instance, sizeof m.hello.instance, instance);
    tell(g, &m);
}

static void ask_to_enrol(struct guest *g, uint32_t major, const char *name, const char *key)
{
    struct message m = { .type = MESSAGE_ENROL, .enrol = { .major = major } };
    text_copy(m.enrol.magic, sizeof m.enrol.magic, ENROL_MAGIC);
    text_copy(m.enrol.name, sizeof m.enrol.name, name);
    text_copy(m.enrol.public_key, sizeof m.enrol.public_key, key);
    tell(g, &m);
}

static void answers(struct fixture *f, struct guest *g, enum message_type type, const char *because)
{
    if (!pump(f, g, SOON_MS))
        fail_msg("no answer");
    assert_string_equal(message_name(g->answer.type), message_name(type));
    if (type == MESSAGE_REFUSED && !strstr(g->answer.refused.reason, because))
        fail_msg("says '%s', not '%s'", g->answer.refused.reason, because);
}

static struct keypair pair(void)
{
    struct keypair made;
    struct err e = { 0 };
    assert_true(keypair_make(&made, &e));
    return made;
}

static struct keypair invited(struct fixture *f, const char *name)
{
    struct keypair made = pair();
    struct err e = { 0 };
    if (!keyring_record(f->keyring, name, made.public_key, &e))
        fail_msg("%s", e.text);
    return made;
}

static struct keypair token(struct fixture *f, int64_t uses, int64_t seconds, char name[KEY_NAME])
{
    struct keypair made = pair();
    struct err e = { 0 };
    const struct keyring_token token = { uses, clock_real_ns() / CLOCK_NS_PER_S + seconds };
    if (!keyring_record_token(f->keyring, made.public_key, &token, name, &e))
        fail_msg("%s", e.text);
    return made;
}

/* ---- keys ---- */

static void an_unknown_key_and_another_coordinators_are_refused_at_the_door(void **state)
{
    struct fixture f = open_hub(state);
    struct keypair stranger = pair(), known = invited(&f, "a"), elsewhere = pair();
    struct guest g;
    dial(&f, &stranger, NULL, &g);
    assert_int_equal(g.last, CHANNEL_REFUSED);
    hang_up(&g);
    dial(&f, &known, elsewhere.public_key, &g); /* an invite for another coordinator */
    assert_true(g.last != CHANNEL_OPEN);
    hang_up(&g);
    dial(&f, &known, NULL, &g);
    assert_int_equal(g.last, CHANNEL_OPEN);
    hang_up(&g);
    close_hub(&f);
}

static void a_revoked_node_is_told_lost_at_once_and_not_heard_again(void **state)
{
    struct fixture f = open_hub(state);
    struct keypair key = invited(&f, "a");
    struct guest g, again;
    struct err e = { 0 };
    dial(&f, &key, NULL, &g);
    say_hello(&g, "a", "one");
    answers(&f, &g, MESSAGE_WELCOME, NULL);
    tell(&g, &(struct message){ .type = MESSAGE_FACTS });
    (void)pump(&f, &g, NEVER_MS);
    assert_true(roster_by_name(hub_roster(f.hub), "a")->is_joined);
    int64_t before = clock_mono_ns();
    assert_true(keyring_revoke(f.keyring, "a", &e));
    answers(&f, &g, MESSAGE_REFUSED, "revoked");
    (void)pump(&f, &g, 20);
    assert_int_equal(f.lost, 1);
    assert_true(clock_mono_ns() - before < clock_ms(1000));
    assert_false(roster_by_name(hub_roster(f.hub), "a")->is_joined);
    say_hello(&g, "a", "one"); /* its connection is still open */
    answers(&f, &g, MESSAGE_REFUSED, "does not know this key any more");
    dial(&f, &key, NULL, &again);
    assert_int_equal(again.last, CHANNEL_REFUSED);
    hang_up(&again);
    hang_up(&g);
    close_hub(&f);
}

static void two_processes_with_one_key_are_one_too_many(void **state)
{
    struct fixture f = open_hub(state);
    struct keypair key = invited(&f, "a");
    struct guest one, two;
    dial(&f, &key, NULL, &one);
    dial(&f, &key, NULL, &two);
    say_hello(&one, "a", "one");
    answers(&f, &one, MESSAGE_WELCOME, NULL);
    say_hello(&two, "a", "two");
    answers(&f, &two, MESSAGE_REFUSED, "'a' is here already, from 127.0.0.1");
    say_hello(&two, "b", "two");
    answers(&f, &two, MESSAGE_REFUSED, "made for 'a', not for 'b'");
    hang_up(&one);
    hang_up(&two);
    close_hub(&f);
}

/* ---- tokens ---- */

static void a_token_enrols_and_the_key_is_good_at_once(void **state)
{
    struct fixture f = open_hub(state);
    char name[KEY_NAME];
    struct keypair key = token(&f, 1, 60, name), own = pair();
    struct guest g, node;
    dial(&f, &key, NULL, &g);
    for (int i = 0; i < 2; i++) { /* the second time as if the answer had been lost */
        ask_to_enrol(&g, WIRE_MAJOR, "a", own.public_key);
        answers(&f, &g, MESSAGE_GRANTED, NULL);
        assert_string_equal(g.answer.granted.name, "a");
    }
    dial(&f, &own, NULL, &node);
    assert_int_equal(node.last, CHANNEL_OPEN);
    say_hello(&node, "a", "one");
    answers(&f, &node, MESSAGE_WELCOME, NULL);
    ask_to_enrol(&g, WIRE_MAJOR, "b", pair().public_key); /* spent, on a connection from when it was not */
    answers(&f, &g, MESSAGE_REFUSED, "spent");
    hang_up(&node);
    hang_up(&g);
    close_hub(&f);
}

static void a_token_may_do_nothing_else_and_a_node_may_not_enrol(void **state)
{
    struct fixture f = open_hub(state);
    char name[KEY_NAME];
    struct keypair key = token(&f, 1, 60, name), known = invited(&f, "a");
    struct guest g, node;
    dial(&f, &key, NULL, &g);
    say_hello(&g, name, "one");
    assert_false(pump(&f, &g, NEVER_MS));
    say_hello(&g, "a", "one");
    tell(&g, &(struct message){ .type = MESSAGE_FACTS });
    tell(&g, &(struct message){ .type = MESSAGE_DONE });
    assert_false(pump(&f, &g, NEVER_MS));
    assert_null(roster_at(hub_roster(f.hub), 0));
    ask_to_enrol(&g, WIRE_MAJOR, "a", pair().public_key);
    answers(&f, &g, MESSAGE_REFUSED, "'a' is taken");
    ask_to_enrol(&g, WIRE_MAJOR + 1, "b", pair().public_key);
    answers(&f, &g, MESSAGE_REFUSED, "install the same version");
    dial(&f, &known, NULL, &node);
    struct keypair own = pair();
    ask_to_enrol(&node, WIRE_MAJOR, "b", own.public_key);
    assert_false(pump(&f, &node, NEVER_MS));
    assert_null(keyring_name_of(f.keyring, own.public_key));
    hang_up(&node);
    hang_up(&g);
    close_hub(&f);
}

static void what_ends_a_token_counts_on_connections_from_before(void **state)
{
    struct fixture f = open_hub(state);
    char name[KEY_NAME], short_lived[KEY_NAME];
    struct keypair revoked = token(&f, 9, 60, name), expiring = token(&f, 9, 1, short_lived);
    struct guest g, late;
    struct err e = { 0 };
    dial(&f, &revoked, NULL, &g);
    dial(&f, &expiring, NULL, &late);
    assert_int_equal(late.last, CHANNEL_OPEN);
    assert_true(keyring_revoke(f.keyring, name, &e));
    ask_to_enrol(&g, WIRE_MAJOR, "a", pair().public_key);
    answers(&f, &g, MESSAGE_REFUSED, "does not know this key any more");
    (void)pump(&f, &late, 1100);
    ask_to_enrol(&late, WIRE_MAJOR, "a", pair().public_key);
    answers(&f, &late, MESSAGE_REFUSED, "expired");
    hang_up(&late);
    dial(&f, &revoked, NULL, &late);
    assert_int_equal(late.last, CHANNEL_REFUSED);
    hang_up(&late);
    hang_up(&g);
    close_hub(&f);
}

/* ---- the port ---- */

static int plain_socket(int type, unsigned port, bool listens)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)); /* the connections of the tests before */
    if (!listens)
        assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    else
        assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    if (listens && type == SOCK_STREAM)
        assert_int_equal(listen(fd, 1), 0);
    return fd;
}

static void a_port_in_use_is_named(void **state)
{
    static const int TYPES[] = { SOCK_STREAM, SOCK_DGRAM };
    for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
        struct keyring *keyring = NULL;
        struct hub *hub = NULL;
        struct err e = { 0 };
        char port[16];
        snprintf(port, sizeof port, "%u", free_port());
        int taken = plain_socket(TYPES[i], free_port(), true);
        assert_true(keyring_open(*state, &keyring, &e));
        assert_false(hub_open(keyring, free_port(), &hub, &e));
        if (!strstr(e.text, "in use") || !strstr(e.text, port))
            fail_msg("says '%s'", e.text);
        assert_int_equal(e.exit, ERR_USAGE);
        keyring_close(&keyring);
        close(taken);
    }
}

static void connections_that_say_nothing_keep_nobody_out(void **state)
{
    enum { STALLED = 200 };
    struct fixture f = open_hub(state);
    struct keypair key = invited(&f, "a");
    struct guest g;
    int stalled[STALLED];
    for (int i = 0; i < STALLED; i++) {
        stalled[i] = plain_socket(SOCK_STREAM, f.port, false);
        if (i % 2) /* half of them begin as ZMTP does */
            assert_int_equal(write(stalled[i], "\xff\0\0\0\0\0\0\0\1\x7f", 10), 10);
    }
    int64_t before = clock_mono_ns();
    dial(&f, &key, NULL, &g);
    assert_int_equal(g.last, CHANNEL_OPEN);
    say_hello(&g, "a", "one");
    answers(&f, &g, MESSAGE_WELCOME, NULL);
    assert_true(clock_mono_ns() - before < clock_ms(2000));
    /* After the handshake's time they are closed from the other side. */
    fcntl(stalled[0], F_SETFL, O_NONBLOCK);
    char byte;
    ssize_t got = -1;
    for (int64_t end = clock_mono_ns() + clock_ms(8000); got < 0 && clock_mono_ns() < end;) {
        (void)pump(&f, &g, 50);
        for (got = 1; got > 0;) /* past the greeting */
            got = read(stalled[0], &byte, 1);
    }
    assert_int_equal(got, 0);
    for (int i = 0; i < STALLED; i++)
        close(stalled[i]);
    hang_up(&g);
    close_hub(&f);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_remove)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(an_unknown_key_and_another_coordinators_are_refused_at_the_door),
        IN_DIRECTORY(a_revoked_node_is_told_lost_at_once_and_not_heard_again),
        IN_DIRECTORY(two_processes_with_one_key_are_one_too_many),
        IN_DIRECTORY(a_token_enrols_and_the_key_is_good_at_once),
        IN_DIRECTORY(a_token_may_do_nothing_else_and_a_node_may_not_enrol),
        IN_DIRECTORY(what_ends_a_token_counts_on_connections_from_before),
        IN_DIRECTORY(a_port_in_use_is_named),
        IN_DIRECTORY(connections_that_say_nothing_keep_nobody_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
