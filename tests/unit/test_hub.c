/* Who gets in: the hub against nodes with a key and without. */
#include "hub_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HUB(a_node_with_a_valid_key_joins_and_is_welcome),
        WITH_HUB(two_nodes_get_keys_and_sessions_of_their_own),
        WITH_HUB(a_key_that_was_never_given_out_is_refused),
        WITH_HUB(to_hang_up_at_any_moment_disturbs_no_other_connection),
        WITH_HUB(what_comes_before_the_hello_is_ignored),
        WITH_HUB(a_hello_that_does_not_fit_the_key_is_refused_with_the_reason),
        WITH_HUB(another_process_with_the_same_key_is_refused_until_the_first_one_is_gone),
        WITH_HUB(the_same_process_may_dial_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
