#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/text.h"
#include "run/keyring.h"
#include "tempdir.h"

#define ENDPOINT "tcp://192.0.2.1:5670"

static struct keyring *open_in(void **state)
{
    struct keyring *k = NULL;
    struct err e = { 0 };
    if (!keyring_open(*state, &k, &e))
        fail_msg("%s", e.text);
    return k;
}

static struct invite invited(struct keyring *k, const char *name)
{
    struct invite i;
    struct err e = { 0 };
    if (!keyring_invite(k, name, ENDPOINT, &i, &e))
        fail_msg("%s", e.text);
    return i;
}

static void refused(const char *directory, const char *because)
{
    struct keyring *untouched = NULL;
    struct err e = { 0 };
    assert_false(keyring_open(directory, &untouched, &e));
    assert_null(untouched);
    if (!strstr(e.text, because))
        fail_msg("says '%s', not '%s'", e.text, because);
}

static void the_own_key_is_made_once_and_stays(void **state)
{
    struct keyring *k = open_in(state);
    struct keypair first = *keyring_own(k);
    assert_true(key_is_valid(first.public_key) && key_is_valid(first.secret_key));
    keyring_close(&k);
    assert_null(k);
    keyring_close(&k); /* nothing */
    k = open_in(state);
    assert_string_equal(keyring_own(k)->public_key, first.public_key);
    assert_string_equal(keyring_own(k)->secret_key, first.secret_key);
    keyring_close(&k);
}

static void an_invite_gives_its_name_a_key_at_once_and_for_good(void **state)
{
    struct keyring *k = open_in(state);
    assert_false(keyring_knows(k, "a"));
    struct invite a = invited(k, "a"), b = invited(k, "b");
    for (int round = 0; round < 2; round++) {
        assert_true(keyring_knows(k, "a") && keyring_knows(k, "b"));
        assert_string_equal(keyring_name_of(k, a.node.public_key), "a");
        assert_string_equal(keyring_name_of(k, b.node.public_key), "b");
        assert_string_equal(a.server_key, keyring_own(k)->public_key);
        keyring_close(&k);
        k = open_in(state);
    }
    assert_string_equal(a.endpoint, ENDPOINT);
    assert_string_equal(a.name, "a");
    keyring_close(&k);
}

static void to_invite_a_name_anew_ends_its_old_key(void **state)
{
    struct keyring *k = open_in(state);
    struct invite old = invited(k, "a"), other = invited(k, "b"), new = invited(k, "a");
    assert_string_not_equal(old.node.public_key, new.node.public_key);
    for (int round = 0; round < 2; round++) {
        assert_null(keyring_name_of(k, old.node.public_key));
        assert_string_equal(keyring_name_of(k, new.node.public_key), "a");
        assert_string_equal(keyring_name_of(k, other.node.public_key), "b");
        keyring_close(&k);
        k = open_in(state);
    }
    keyring_close(&k);
}

static void a_key_that_was_not_given_out_has_no_name(void **state)
{
    struct keyring *k = open_in(state);
    struct keypair stranger;
    struct err e = { 0 };
    assert_true(keypair_make(&stranger, &e));
    assert_null(keyring_name_of(k, stranger.public_key)); /* of an empty ring */
    struct invite a = invited(k, "a");
    assert_null(keyring_name_of(k, stranger.public_key));
    assert_null(keyring_name_of(k, keyring_own(k)->public_key));
    assert_null(keyring_name_of(k, a.node.secret_key));
    assert_null(keyring_name_of(k, ""));
    assert_null(keyring_name_of(k, "a"));
    char longer[64];
    snprintf(longer, sizeof longer, "%sx", a.node.public_key);
    assert_null(keyring_name_of(k, longer));
    keyring_close(&k);
}

static void each_of_many_keys_is_found(void **state)
{
    enum { MANY = 50 };
    struct keyring *k = open_in(state);
    static struct invite all[MANY];
    char name[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "n%d", i);
        all[i] = invited(k, name);
    }
    for (int i = 0; i < MANY; i++)
        assert_string_equal(keyring_name_of(k, all[i].node.public_key), all[i].name);
    keyring_close(&k);
}

/* What a coordinator looks at instead of asking for every key anew. */
static void it_is_told_when_a_key_may_have_ended_and_only_then(void **state)
{
    struct keyring *k = open_in(state);
    struct err e = { 0 };
    uint64_t endings = keyring_endings(k);
    struct invite a = invited(k, "a"), b = invited(k, "b");
    const char *lent = keyring_name_of(k, a.node.public_key);
    assert_int_equal(keyring_endings(k), endings);
    assert_true(keyring_revoke(k, "b", &e));
    assert_int_not_equal(keyring_endings(k), endings);
    endings = keyring_endings(k);
    assert_false(keyring_revoke(k, "b", &e));
    assert_int_equal(keyring_endings(k), endings);
    assert_null(keyring_name_of(k, b.node.public_key));
    assert_ptr_equal(keyring_name_of(k, a.node.public_key), lent); /* as long as its own key lasts */
    (void)invited(k, "a");
    assert_int_not_equal(keyring_endings(k), endings);
    assert_null(keyring_name_of(k, a.node.public_key));
    endings = keyring_endings(k);
    assert_true(keyring_reload(k, &e)); /* who knows what others have changed */
    assert_int_not_equal(keyring_endings(k), endings);
    keyring_close(&k);
}

static void what_is_no_name_or_too_long_is_not_invited(void **state)
{
    struct keyring *k = open_in(state);
    static const char *const BAD[] = {
        "", "-a", "a b", "a/b", "a\n", "\xc3\xa4", "0123456789012345678901234567890123456789012345678901234567890123"
    };
    struct invite untouched = { .name = "untouched" };
    struct err e = { 0 };
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
        assert_false(keyring_invite(k, BAD[i], ENDPOINT, &untouched, &e));
        assert_non_null(strstr(e.text, "is not a name"));
        assert_false(keyring_knows(k, BAD[i]));
    }
    char endpoint[200];
    memset(endpoint, 'x', sizeof endpoint - 1);
    endpoint[sizeof endpoint - 1] = '\0';
    assert_false(keyring_invite(k, "a", endpoint, &untouched, &e));
    assert_false(keyring_knows(k, "a"));
    assert_string_equal(untouched.name, "untouched");
    keyring_close(&k);
}

static void directory_and_file_are_made_for_the_owner_alone(void **state)
{
    mode_t before = umask(0);
    char inner[512], file[600];
    snprintf(inner, sizeof inner, "%s/not/there/yet", (const char *)*state);
    snprintf(file, sizeof file, "%s/keys.db", inner);
    struct keyring *k = NULL;
    struct err e = { 0 };
    struct stat st;
    assert_true(keyring_open(inner, &k, &e));
    keyring_close(&k);
    umask(before);
    assert_int_equal(stat(inner, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void keys_that_others_could_reach_are_refused_with_the_way_out(void **state)
{
    char file[512];
    snprintf(file, sizeof file, "%s/keys.db", (const char *)*state);
    struct keyring *k = open_in(state);
    keyring_close(&k);
    static const mode_t OPEN[] = { 0755, 0750, 0701, 0710, 0770 };
    for (size_t i = 0; i < ARRAY_SIZE(OPEN); i++) {
        assert_int_equal(chmod(*state, OPEN[i]), 0);
        refused(*state, "chmod 700");
    }
    assert_int_equal(chmod(*state, 0700), 0);
    assert_int_equal(chmod(file, 0640), 0);
    refused(*state, "chmod 600");
    assert_int_equal(chmod(file, 0600), 0);
    k = open_in(state);
    keyring_close(&k);
}

static void a_file_that_is_something_else_is_refused(void **state)
{
    char file[512], elsewhere[512];
    snprintf(file, sizeof file, "%s/keys.db", (const char *)*state);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", (const char *)*state);
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    static const char LINE[] = "this is a text and no database at all\n";
    for (int i = 0; i < 100; i++)
        assert_true(write(fd, LINE, sizeof LINE - 1) > 0);
    close(fd);
    refused(*state, "not a database");
    assert_int_equal(rename(file, elsewhere), 0);
    assert_int_equal(symlink(elsewhere, file), 0); /* nor is somebody's link followed */
    refused(*state, "keys.db");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkdir(file, 0700), 0);
    refused(*state, "keys.db");
}

/* Several first starts at once: one pair is made, and all have it. */
static void processes_that_open_at_once_agree_on_the_own_key(void **state)
{
    enum { PROCESSES = 8 };
    int go[2], told[2];
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(told, O_CLOEXEC), 0);
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0)
            continue;
        char byte;
        struct keyring *k = NULL;
        struct err e = { 0 };
        char name[16];
        struct invite invite;
        close(go[1]);
        (void)!read(go[0], &byte, 1); /* until the parent closes */
        snprintf(name, sizeof name, "n%d", i);
        bool ok = keyring_open(*state, &k, &e) && keyring_invite(k, name, ENDPOINT, &invite, &e);
        if (!ok)
            fprintf(stderr, "%s\n", e.text);
        ok = ok && write(told[1], keyring_own(k)->public_key, KEY_TEXT) == KEY_TEXT;
        keyring_close(&k);
        _exit(ok ? 0 : 1);
    }
    close(go[0]);
    close(go[1]);
    close(told[1]);
    char first[KEY_TEXT], other[KEY_TEXT];
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
        assert_int_equal(read(told[0], i == 0 ? first : other, KEY_TEXT), KEY_TEXT);
        assert_string_equal(i == 0 ? first : other, first);
    }
    close(told[0]);
    struct keyring *k = open_in(state);
    assert_string_equal(keyring_own(k)->public_key, first);
    for (int i = 0; i < PROCESSES; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        assert_true(keyring_knows(k, name)); /* and no invite was lost */
    }
    keyring_close(&k);
}

static void the_users_own_keys_lie_where_the_environment_says(void **unused)
{
    (void)unused;
    char path[64];
    struct err e = { 0 };
    setenv("XDG_CONFIG_HOME", "/config", 1);
    setenv("HOME", "/home/x", 1);
    assert_true(keyring_default_dir(path, sizeof path, &e));
    assert_string_equal(path, "/config/tare");
    setenv("XDG_CONFIG_HOME", "relative/is/ignored", 1);
    assert_true(keyring_default_dir(path, sizeof path, &e));
    assert_string_equal(path, "/home/x/.config/tare");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    assert_false(keyring_default_dir(path, sizeof path, &e));
    setenv("HOME", "/0123456789012345678901234567890123456789012345678901234567890123", 1);
    assert_false(keyring_default_dir(path, sizeof path, &e));
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_remove)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(the_own_key_is_made_once_and_stays),
        IN_DIRECTORY(an_invite_gives_its_name_a_key_at_once_and_for_good),
        IN_DIRECTORY(to_invite_a_name_anew_ends_its_old_key),
        IN_DIRECTORY(a_key_that_was_not_given_out_has_no_name),
        IN_DIRECTORY(each_of_many_keys_is_found),
        IN_DIRECTORY(it_is_told_when_a_key_may_have_ended_and_only_then),
        IN_DIRECTORY(what_is_no_name_or_too_long_is_not_invited),
        IN_DIRECTORY(directory_and_file_are_made_for_the_owner_alone),
        IN_DIRECTORY(keys_that_others_could_reach_are_refused_with_the_way_out),
        IN_DIRECTORY(a_file_that_is_something_else_is_refused),
        IN_DIRECTORY(processes_that_open_at_once_agree_on_the_own_key),
        cmocka_unit_test(the_users_own_keys_lie_where_the_environment_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
