/* Tokens, as the keyring keeps them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "run/keyring.h"
#include "tempdir.h"

enum { NOW = 1000, LATER = 2000 };

struct fixture {
    struct keyring *keyring;
    char token[KEY_NAME];
    struct keypair token_key, a, b;
};

static struct keypair pair(void)
{
    struct keypair made;
    struct err e = { 0 };
    assert_true(keypair_make(&made, &e));
    return made;
}

static struct fixture with_token(void **state, int64_t uses)
{
    struct fixture f = { .token_key = pair(), .a = pair(), .b = pair() };
    struct err e = { 0 };
    const struct keyring_token token = { uses, LATER };
    if (!keyring_open(*state, &f.keyring, &e) ||
        !keyring_record_token(f.keyring, f.token_key.public_key, &token, f.token, &e))
        fail_msg("%s", e.text);
    return f;
}

static void granted(struct fixture *f, const char *name, const struct keypair *key, int64_t now_s)
{
    struct err e = { 0 };
    if (!keyring_enrol(f->keyring, f->token_key.public_key, name, key->public_key, now_s, &e))
        fail_msg("%s", e.text);
    assert_string_equal(keyring_name_of(f->keyring, key->public_key), name);
}

static void refused(struct fixture *f, const char *name, const char *key, int64_t now_s, const char *because)
{
    struct err e = { 0 };
    assert_false(keyring_enrol(f->keyring, f->token_key.public_key, name, key, now_s, &e));
    if (!strstr(e.text, because))
        fail_msg("says '%s', not '%s'", e.text, because);
    assert_true(e.exit != ERR_INTERNAL);
}

static int64_t left(struct fixture *f, int64_t now_s)
{
    int64_t uses = -1;
    struct err e = { 0 };
    assert_true(keyring_token_left(f->keyring, f->token, now_s, &uses, &e));
    return uses;
}

static void a_token_is_a_key_that_is_no_node(void **state)
{
    struct fixture f = with_token(state, 2);
    const char *name = NULL;
    assert_int_equal(keyring_right_of(f.keyring, f.token_key.public_key, &name), KEY_ENROL);
    assert_string_equal(name, f.token);
    assert_null(keyring_name_of(f.keyring, f.token_key.public_key));
    struct err e = { 0 };
    assert_true(keyring_reload(f.keyring, &e));
    assert_int_equal(keyring_right_of(f.keyring, f.token_key.public_key, &name), KEY_ENROL);
    keyring_close(&f.keyring);
}

static void it_enrols_as_many_as_it_has_uses(void **state)
{
    struct fixture f = with_token(state, 2);
    assert_int_equal(left(&f, NOW), 2);
    granted(&f, "a", &f.a, NOW);
    assert_int_equal(left(&f, NOW), 1);
    granted(&f, "b", &f.b, LATER - 1);
    assert_int_equal(left(&f, NOW), 0);
    struct keypair c = pair();
    refused(&f, "c", c.public_key, NOW, "spent");
    assert_null(keyring_name_of(f.keyring, c.public_key));
    keyring_close(&f.keyring);
}

static void the_same_again_is_granted_and_costs_nothing(void **state)
{
    struct fixture f = with_token(state, 1);
    for (int i = 0; i < 3; i++)
        granted(&f, "a", &f.a, i == 2 ? LATER + 1 : NOW); /* its answer may be lost for long */
    assert_int_equal(left(&f, NOW), 0);
    refused(&f, "a", f.b.public_key, NOW, "spent");
    refused(&f, "b", f.a.public_key, NOW, "spent");
    keyring_close(&f.keyring);
}

static void it_expires(void **state)
{
    struct fixture f = with_token(state, 1);
    refused(&f, "a", f.a.public_key, LATER, "expired");
    assert_int_equal(left(&f, LATER), 0);
    granted(&f, "a", &f.a, LATER - 1);
    keyring_close(&f.keyring);
}

static void it_can_be_revoked_like_any_key(void **state)
{
    struct fixture f = with_token(state, 2);
    struct err e = { 0 };
    granted(&f, "a", &f.a, NOW);
    assert_true(keyring_revoke(f.keyring, f.token, &e));
    refused(&f, "b", f.b.public_key, NOW, "revoked");
    refused(&f, "a", f.a.public_key, NOW, "revoked");
    assert_string_equal(keyring_name_of(f.keyring, f.a.public_key), "a"); /* whom it let in stays */
    assert_int_equal(left(&f, NOW), 0);
    const char *name;
    assert_int_equal(keyring_right_of(f.keyring, f.token_key.public_key, &name), KEY_NONE);
    keyring_close(&f.keyring);
}

/* Nobody told this process: the transaction looks for itself. */
static void what_another_process_took_back_counts_at_once(void **state)
{
    struct fixture f = with_token(state, 2);
    struct keyring *other = NULL;
    struct err e = { 0 };
    assert_true(keyring_open(*state, &other, &e) && keyring_revoke(other, f.token, &e));
    keyring_close(&other);
    refused(&f, "a", f.a.public_key, NOW, "revoked");
    keyring_close(&f.keyring);
}

static void a_name_that_is_taken_or_was_revoked_is_refused(void **state)
{
    struct fixture f = with_token(state, 4);
    struct invite invited;
    struct err e = { 0 };
    assert_true(keyring_invite(f.keyring, "a", "tcp://192.0.2.1:5670", &invited, &e));
    refused(&f, "a", f.a.public_key, NOW, "'a' is taken");
    assert_string_equal(keyring_name_of(f.keyring, invited.node.public_key), "a");
    assert_true(keyring_revoke(f.keyring, "a", &e));
    refused(&f, "a", f.a.public_key, NOW, "`tare invite a`");
    refused(&f, "b", invited.node.public_key, NOW, "used before");
    refused(&f, "b", f.token_key.public_key, NOW, "used before");
    assert_int_equal(left(&f, NOW), 4);
    keyring_close(&f.keyring);
}

static void what_is_no_name_or_no_key_is_refused(void **state)
{
    struct fixture f = with_token(state, 4);
    refused(&f, "", f.a.public_key, NOW, "not a name");
    refused(&f, "a/b", f.a.public_key, NOW, "not a name");
    refused(&f, f.token, f.a.public_key, NOW, "tokens have names");
    refused(&f, "a", "", NOW, "key");
    refused(&f, "a", "short", NOW, "key");
    assert_int_equal(left(&f, NOW), 4);
    keyring_close(&f.keyring);
}

static void a_nodes_key_enrols_nobody(void **state)
{
    struct fixture f = with_token(state, 4);
    struct err e = { 0 };
    granted(&f, "a", &f.a, NOW);
    assert_false(keyring_enrol(f.keyring, f.a.public_key, "b", f.b.public_key, NOW, &e));
    struct keypair stranger = pair();
    assert_false(keyring_enrol(f.keyring, stranger.public_key, "b", f.b.public_key, NOW, &e));
    assert_null(keyring_name_of(f.keyring, f.b.public_key));
    keyring_close(&f.keyring);
}

static void a_key_that_is_revoked_never_comes_back(void **state)
{
    struct fixture f = with_token(state, 4);
    struct err e = { 0 };
    granted(&f, "a", &f.a, NOW);
    assert_true(keyring_revoke(f.keyring, "a", &e));
    assert_false(keyring_revoke(f.keyring, "a", &e));
    assert_non_null(strstr(e.text, "nothing to revoke"));
    for (int round = 0; round < 2; round++) {
        assert_null(keyring_name_of(f.keyring, f.a.public_key));
        assert_false(keyring_knows(f.keyring, "a"));
        assert_true(keyring_reload(f.keyring, &e));
    }
    refused(&f, "a", f.a.public_key, NOW, "revoked"); /* not even by what let it in once */
    assert_false(keyring_record(f.keyring, "a", f.a.public_key, &e));
    assert_non_null(strstr(e.text, "used before"));
    keyring_close(&f.keyring);
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_remove)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(a_token_is_a_key_that_is_no_node),
        IN_DIRECTORY(it_enrols_as_many_as_it_has_uses),
        IN_DIRECTORY(the_same_again_is_granted_and_costs_nothing),
        IN_DIRECTORY(it_expires),
        IN_DIRECTORY(it_can_be_revoked_like_any_key),
        IN_DIRECTORY(what_another_process_took_back_counts_at_once),
        IN_DIRECTORY(a_name_that_is_taken_or_was_revoked_is_refused),
        IN_DIRECTORY(what_is_no_name_or_no_key_is_refused),
        IN_DIRECTORY(a_nodes_key_enrols_nobody),
        IN_DIRECTORY(a_key_that_is_revoked_never_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
