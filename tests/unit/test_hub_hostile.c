/* The hub against nodes that have a valid key and mean harm, or have it no more, or are too many. */
#include <sys/resource.h>

#include "hub_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HUB(what_is_no_message_is_dropped_with_a_warning_and_others_go_on),
        WITH_HUB(a_node_that_sends_nonsense_on_and_on_does_not_fill_the_log),
        WITH_HUB(a_message_that_only_the_coordinator_may_send_does_no_harm),
        WITH_HUB(a_message_of_several_frames_is_dropped_whole),
        WITH_HUB(a_frame_larger_than_any_message_costs_its_sender_the_connection),
        WITH_HUB(nobody_gets_the_messages_of_another_by_taking_its_routing_id),
        WITH_HUB(a_key_that_was_taken_back_is_neither_heard_nor_told_anything),
        WITH_HUB(who_runs_out_of_open_files_says_what_to_raise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
