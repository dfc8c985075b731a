#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "run/roster.h"

#define MS INT64_C(1000000)
#define KEY_A "key of a"
#define KEY_B "key of b"

enum { START_MS = 1000000 }; /* not 0: a machine has been up for some time */

static struct message_hello hello_of(const char *name, const char *instance)
{
    struct message_hello h = { .magic = HELLO_MAGIC, .major = WIRE_MAJOR, .version = "9.9" };
    text_copy(h.name, sizeof h.name, name);
    text_copy(h.instance, sizeof h.instance, instance);
    return h;
}

/* A HELLO of the key's own name. */
static enum roster_answer admit(struct roster *r, const char *name, const char *key, const char *instance,
                                const char *id, int64_t at_ms, struct roster_node **node, struct err *reason)
{
    struct message_hello h = hello_of(name, instance);
    return roster_admit(r, name, key, &h, id, strlen(id), (START_MS + at_ms) * MS, node, reason);
}

static struct roster_node *welcome(struct roster *r, const char *name, const char *key, const char *instance,
                                   const char *id, int64_t at_ms)
{
    struct roster_node *node = NULL;
    struct err reason = { 0 };
    if (admit(r, name, key, instance, id, at_ms, &node, &reason) != ROSTER_WELCOME)
        fail_msg("not welcome: %s", reason.text);
    assert_ptr_equal(roster_by_id(r, id, strlen(id)), node);
    return node;
}

static void heard(struct roster_node *n, int64_t at_ms) { roster_heard(n, (START_MS + at_ms) * MS); }
static void arm(struct roster *r, struct roster_node *n, bool is_armed, int64_t at_ms)
{
    roster_set_armed(r, n, is_armed, (START_MS + at_ms) * MS);
}
static struct roster_node *next_dead(struct roster *r, int64_t at_ms)
{
    return roster_next_dead(r, (START_MS + at_ms) * MS);
}
static bool is_dead(const struct roster_node *n, int64_t at_ms) { return roster_is_dead(n, (START_MS + at_ms) * MS); }

static void a_new_node_is_welcome_and_found_by_name_and_connection(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    assert_null(roster_at(r, 0));
    assert_null(roster_by_name(r, "a"));
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id-a", 0), *b = welcome(r, "b", KEY_B, "1", "id-b", 1);
    assert_true(a != b && a->is_welcome && !a->is_joined && !a->is_armed);
    assert_string_equal(a->name, "a");
    assert_string_equal(a->key, KEY_A);
    assert_non_null(a->bounds);
    assert_ptr_equal(roster_at(r, 0), a);
    assert_ptr_equal(roster_at(r, 1), b);
    assert_null(roster_at(r, 2));
    assert_ptr_equal(roster_by_name(r, "b"), b);
    assert_null(roster_by_id(r, "id-c", 4));
    assert_null(roster_by_id(r, "id-a", 3));
    assert_null(roster_by_id(r, "", 0));
    roster_destroy(&r);
    assert_null(r);
    roster_destroy(&r);
}

static void many_nodes_keep_their_places(void **unused)
{
    (void)unused;
    enum { MANY = 100 };
    struct roster *r = roster_new();
    struct roster_node *nodes[MANY];
    char name[MANY][16];
    for (int i = 0; i < MANY; i++) {
        snprintf(name[i], sizeof name[i], "n%d", i);
        nodes[i] = welcome(r, name[i], name[i], "1", name[i], i);
    }
    for (int i = 0; i < MANY; i++) {
        assert_ptr_equal(roster_at(r, (size_t)i), nodes[i]); /* borrowed ones never move */
        assert_ptr_equal(roster_by_name(r, name[i]), nodes[i]);
    }
    roster_destroy(&r);
}

static void the_same_process_on_a_new_connection_goes_on_as_it_was(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct err reason = { 0 };
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0), *again = NULL;
    assert_true(roster_open_session(r, a, 77));
    a->is_joined = a->is_armed = true;
    a->probe_every_ns = 5;
    a->dials = 9;
    assert_int_equal(admit(r, "a", KEY_A, "1", "new", 100, &again, &reason), ROSTER_AGAIN);
    assert_ptr_equal(again, a);
    assert_null(roster_by_id(r, "old", 3)); /* what still comes that way is no longer its word */
    assert_ptr_equal(roster_by_id(r, "new", 3), a);
    assert_true(a->is_welcome && a->is_joined && a->is_armed);
    assert_ptr_equal(roster_by_session(r, 77), a);
    assert_int_equal(a->probe_every_ns, 5);
    assert_int_equal(a->dials, 9);
    assert_null(roster_at(r, 1));
    roster_destroy(&r);
}

static void another_process_is_refused_while_the_first_one_lives(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0), *untouched = NULL;
    text_copy(a->address, sizeof a->address, "192.0.2.7");
    a->is_joined = true;
    heard(a, 1000);
    for (int64_t at_ms = 1000; at_ms < 1000 + ROSTER_REPLACE_MS; at_ms += 499) {
        struct err reason = { 0 };
        assert_int_equal(admit(r, "a", KEY_A, "2", "new", at_ms, &untouched, &reason), ROSTER_REFUSED);
        assert_string_equal(reason.text, "'a' is here already, from 192.0.2.7");
    }
    assert_null(untouched);
    assert_string_equal(a->hello.instance, "1");
    assert_true(a->is_joined);
    assert_ptr_equal(roster_by_id(r, "old", 3), a);
    assert_null(roster_by_id(r, "new", 3));
    roster_destroy(&r);
}

static void another_process_takes_over_after_three_seconds_of_silence(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0);
    a->is_joined = a->is_armed = true;
    a->worst_gap_ns = 9;
    a->probe_every_ns = 5;
    a->udp_size = 16;
    a->dials = 9;
    a->rtt_ns = 9;
    struct err e = { 0 };
    assert_true(bounds_add(a->bounds, 1, 2, 3, 4, &e));
    assert_ptr_equal(welcome(r, "a", KEY_A, "2", "new", ROSTER_REPLACE_MS), a);
    assert_string_equal(a->hello.instance, "2");
    assert_true(a->is_welcome && !a->is_joined && !a->is_armed);
    assert_null(roster_by_id(r, "old", 3));
    /* Nothing of the old process's clock, address or rhythm is taken for the new one's. */
    assert_int_equal(bounds_count(a->bounds), 0);
    assert_int_equal(a->udp_size, 0);
    assert_int_equal(a->dials, 0);
    assert_int_equal(a->probe_every_ns, 0);
    assert_int_equal(a->worst_gap_ns, 0);
    assert_int_equal(a->rtt_ns, 0);
    roster_destroy(&r);
}

static void another_process_takes_over_at_once_where_the_connection_is_closed(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0);
    roster_cut(r, a);
    assert_ptr_equal(welcome(r, "a", KEY_A, "2", "new", 10), a);
    assert_false(a->is_cut);
    assert_false(is_dead(a, 10));
    roster_destroy(&r);
}

static void who_was_dropped_comes_back_as_new(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0);
    a->is_joined = true;
    roster_drop(r, a);
    assert_null(roster_by_id(r, "old", 3));
    assert_ptr_equal(roster_by_name(r, "a"), a); /* it did come once */
    assert_ptr_equal(welcome(r, "a", KEY_A, "1", "new", 10), a);
    assert_false(a->is_joined);
    roster_drop(r, a);
    assert_ptr_equal(welcome(r, "a", KEY_A, "2", "newer", 20), a);
    roster_destroy(&r);
}

static void the_same_instance_with_another_key_is_another_process(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct err reason = { 0 };
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "old", 0), *untouched = NULL;
    assert_int_equal(admit(r, "a", "new key of a", "1", "new", 10, &untouched, &reason), ROSTER_REFUSED);
    assert_string_equal(a->key, KEY_A);
    roster_drop(r, a); /* as the hub does with a key that was taken back */
    welcome(r, "a", "new key of a", "1", "new", 10);
    assert_string_equal(a->key, "new key of a");
    roster_destroy(&r);
}

/* A HELLO that must be refused for `because`. */
static void refused(const struct message_hello *hello, const char *because)
{
    struct roster *r = roster_new();
    struct roster_node *untouched = NULL;
    struct err reason = { 0 };
    assert_int_equal(roster_admit(r, "a", KEY_A, hello, "id", 2, START_MS * MS, &untouched, &reason), ROSTER_REFUSED);
    if (!strstr(reason.text, because))
        fail_msg("says '%s', not '%s'", reason.text, because);
    assert_null(untouched);
    assert_null(roster_at(r, 0));
    assert_null(roster_by_id(r, "id", 2));
    roster_destroy(&r);
}

static void a_hello_that_does_not_fit_is_refused_with_one_clear_line(void **unused)
{
    (void)unused;
    struct message_hello h = hello_of("b", "1");
    refused(&h, "this key was made for 'a', not for 'b'");
    h = hello_of("", "1");
    refused(&h, "this key was made for 'a', not for ''");
    h = hello_of("a", "");
    refused(&h, "without an instance");
    h = hello_of("a", "1");
    h.major = WIRE_MAJOR + 1;
    refused(&h, "this program (9.9) protocol 2: install the same version");
    h.major = 0;
    refused(&h, "install the same version");
    h = (struct message_hello){ .magic = HELLO_MAGIC, .major = WIRE_MAJOR + 1 }; /* it may lack everything else */
    refused(&h, "install the same version");
}

static void a_connection_id_that_is_too_long_is_refused(void **unused)
{
    (void)unused;
    static const char LONG[ROSTER_ID_MAX + 1];
    struct roster *r = roster_new();
    struct roster_node *node = NULL;
    struct err reason = { 0 };
    struct message_hello h = hello_of("a", "1");
    assert_int_equal(roster_admit(r, "a", KEY_A, &h, LONG, ROSTER_ID_MAX + 1, 0, &node, &reason), ROSTER_REFUSED);
    assert_int_equal(roster_admit(r, "a", KEY_A, &h, LONG, ROSTER_ID_MAX, 0, &node, &reason), ROSTER_WELCOME);
    roster_destroy(&r);
}

static void a_connection_belongs_to_one_node_the_last_that_spoke_with_its_key(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0);
    a->is_joined = true;
    struct roster_node *b = welcome(r, "b", KEY_B, "1", "id", 10);
    assert_ptr_equal(roster_by_id(r, "id", 2), b);
    assert_int_equal(a->id_size, 0);
    assert_true(is_dead(a, 10)); /* told as lost */
    assert_false(is_dead(b, 10));
    roster_destroy(&r);
}

static void a_node_is_dead_after_three_and_a_half_seconds_of_silence(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0);
    assert_false(is_dead(a, 0));
    assert_false(is_dead(a, 3500));
    assert_true(is_dead(a, 3501));
    heard(a, 3400);
    assert_false(is_dead(a, 6900));
    assert_true(is_dead(a, 6901));
    roster_destroy(&r);
}

static void an_armed_node_is_dead_after_six_tenths_of_a_second(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0);
    arm(r, a, true, 0);
    assert_false(is_dead(a, 600));
    assert_true(is_dead(a, 601));
    arm(r, a, false, 601);
    assert_false(is_dead(a, 601));
    roster_destroy(&r);
}

static void who_is_not_here_cannot_die(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0);
    arm(r, a, true, 0);
    roster_cut(r, a);
    roster_drop(r, a);
    assert_false(is_dead(a, 1000000));
    assert_null(next_dead(r, 1000000));
    roster_cut(r, a); /* as sending to it does */
    assert_null(next_dead(r, 1000000));
    roster_destroy(&r);
}

static void a_closed_connection_is_a_loss_whoever_still_answers_by_udp(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0);
    heard(a, 100);
    roster_cut(r, a);
    heard(a, 101);
    assert_true(is_dead(a, 101));
    assert_true(a->worst_gap_ns <= 100 * MS); /* and no silence of hours was made up */
    roster_destroy(&r);
}

static void the_longest_silence_is_kept_over_a_new_connection_too(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct err reason = { 0 };
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id", 0), *again = NULL;
    assert_int_equal(a->worst_gap_ns, 0);
    heard(a, 100);
    heard(a, 1300);
    heard(a, 1350);
    assert_int_equal(a->worst_gap_ns, 1200 * MS);
    a->worst_gap_ns = 0; /* a trial begins */
    heard(a, 1400);
    /* The link is down for two seconds, and TCP has to begin anew. */
    assert_int_equal(admit(r, "a", KEY_A, "1", "new", 3400, &again, &reason), ROSTER_AGAIN);
    heard(a, 3450);
    assert_int_equal(a->worst_gap_ns, 2000 * MS);
    roster_destroy(&r);
}

static void a_session_is_found_only_while_its_node_is_here(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id-a", 0), *b = welcome(r, "b", KEY_B, "1", "id-b", 0);
    assert_true(roster_open_session(r, a, UINT64_MAX));
    assert_ptr_equal(roster_by_session(r, UINT64_MAX), a);
    assert_false(roster_open_session(r, b, UINT64_MAX)); /* it is taken */
    assert_false(roster_open_session(r, b, 0));          /* that is none */
    assert_null(roster_by_session(r, 0));
    assert_true(roster_open_session(r, a, 5));
    assert_null(roster_by_session(r, UINT64_MAX));
    roster_drop(r, a);
    assert_null(roster_by_session(r, 5));
    assert_true(roster_open_session(r, b, 5));
    assert_ptr_equal(roster_by_session(r, 5), b);
    roster_destroy(&r);
}

static void the_dead_are_told_until_they_are_dropped_and_no_one_else(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id-a", 0), *b = welcome(r, "b", KEY_B, "1", "id-b", 0);
    assert_null(next_dead(r, 3500));
    heard(b, 3000);
    assert_ptr_equal(next_dead(r, 3501), a);
    assert_ptr_equal(next_dead(r, 3501), a);
    heard(a, 3501); /* it was only late */
    assert_null(next_dead(r, 3501));
    assert_ptr_equal(next_dead(r, 6501), b);
    roster_drop(r, b);
    assert_null(next_dead(r, 6501));
    assert_ptr_equal(next_dead(r, 7002), a);
    roster_destroy(&r);
}

static void arming_and_cutting_bring_a_death_forward(void **unused)
{
    (void)unused;
    struct roster *r = roster_new();
    struct roster_node *a = welcome(r, "a", KEY_A, "1", "id-a", 0), *b = welcome(r, "b", KEY_B, "1", "id-b", 0);
    arm(r, a, true, 1000); /* the silence before that is forgiven */
    assert_null(next_dead(r, 1600));
    assert_ptr_equal(next_dead(r, 1601), a);
    arm(r, a, false, 1601);
    assert_null(next_dead(r, 1601));
    roster_cut(r, b);
    assert_ptr_equal(next_dead(r, 1601), b);
    arm(r, b, true, 1601); /* which does not bring it back */
    assert_ptr_equal(next_dead(r, 1601), b);
    welcome(r, "b", KEY_B, "2", "id-c", 1602);
    assert_null(next_dead(r, 1602));
    roster_destroy(&r);
}

/* What must be true of each node at any time, by the plain reading of the header. */
static void check_node(struct roster *r, struct roster_node *n, int64_t at_ms)
{
    assert_ptr_equal(roster_by_name(r, n->name), n);
    if (n->id_size > 0)
        assert_ptr_equal(roster_by_id(r, n->id, n->id_size), n);
    if (n->session)
        assert_ptr_equal(roster_by_session(r, n->session), n);
    assert_true(n->is_welcome || (n->id_size == 0 && n->session == 0 && !is_dead(n, at_ms)));
}

/* Nodes come, come again, are replaced, take each other's connections, fall silent and are dropped; one
 * look at random times finds all of the dead and none of the living. */
static void however_nodes_come_and_go_each_is_found_and_the_dead_are_all_told(void **unused)
{
    (void)unused;
    enum { NODES = 40, IDS = 60, STEPS = 20000 };
    struct random rnd = { 3 };
    struct roster *r = roster_new();
    int64_t at_ms = 0;
    size_t told = 0, replaced = 0;
    for (int step = 0; step < STEPS; step++) {
        char name[16], id[16], instance[16];
        snprintf(name, sizeof name, "n%d", (int)random_below(&rnd, NODES));
        snprintf(id, sizeof id, "id%d", (int)random_below(&rnd, IDS));
        snprintf(instance, sizeof instance, "%d", (int)random_below(&rnd, 2));
        struct roster_node *n = roster_by_name(r, name);
        struct err reason = { 0 };
        at_ms += (int64_t)random_below(&rnd, 30);
        switch (random_below(&rnd, 8)) {
        case 0:
        case 1: {
            bool was_here = n && n->is_welcome;
            enum roster_answer answer = admit(r, name, name, instance, id, at_ms, &n, &reason);
            if (answer == ROSTER_WELCOME)
                assert_true(roster_open_session(r, n, random_next(&rnd) | 1));
            replaced += was_here && answer == ROSTER_WELCOME;
            break;
        }
        case 2:
            if (n)
                roster_drop(r, n);
            break;
        case 3:
            if (n)
                roster_cut(r, n);
            break;
        case 4:
            if (n)
                arm(r, n, random_below(&rnd, 2), at_ms);
            break;
        case 5: {
            size_t dead = 0;
            for (size_t i = 0; (n = roster_at(r, i)); i++)
                dead += is_dead(n, at_ms);
            for (; (n = next_dead(r, at_ms)); dead--, told++) {
                assert_true(is_dead(n, at_ms));
                roster_drop(r, n);
            }
            assert_int_equal(dead, 0);
            break;
        }
        default:
            if (n)
                heard(n, at_ms);
        }
        for (size_t i = 0; step % 16 == 0 && (n = roster_at(r, i)); i++)
            check_node(r, n, at_ms);
    }
    assert_true(told > 100 && replaced > 10); /* the test itself is worth something */
    roster_destroy(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_node_is_welcome_and_found_by_name_and_connection),
        cmocka_unit_test(many_nodes_keep_their_places),
        cmocka_unit_test(the_same_process_on_a_new_connection_goes_on_as_it_was),
        cmocka_unit_test(another_process_is_refused_while_the_first_one_lives),
        cmocka_unit_test(another_process_takes_over_after_three_seconds_of_silence),
        cmocka_unit_test(another_process_takes_over_at_once_where_the_connection_is_closed),
        cmocka_unit_test(who_was_dropped_comes_back_as_new),
        cmocka_unit_test(the_same_instance_with_another_key_is_another_process),
        cmocka_unit_test(a_hello_that_does_not_fit_is_refused_with_one_clear_line),
        cmocka_unit_test(a_connection_id_that_is_too_long_is_refused),
        cmocka_unit_test(a_connection_belongs_to_one_node_the_last_that_spoke_with_its_key),
        cmocka_unit_test(a_node_is_dead_after_three_and_a_half_seconds_of_silence),
        cmocka_unit_test(an_armed_node_is_dead_after_six_tenths_of_a_second),
        cmocka_unit_test(who_is_not_here_cannot_die),
        cmocka_unit_test(a_closed_connection_is_a_loss_whoever_still_answers_by_udp),
        cmocka_unit_test(the_longest_silence_is_kept_over_a_new_connection_too),
        cmocka_unit_test(a_session_is_found_only_while_its_node_is_here),
        cmocka_unit_test(the_dead_are_told_until_they_are_dropped_and_no_one_else),
        cmocka_unit_test(arming_and_cutting_bring_a_death_forward),
        cmocka_unit_test(however_nodes_come_and_go_each_is_found_and_the_dead_are_all_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
