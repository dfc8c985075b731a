#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "tempdir.h"
#include "wire/keys.h"

static struct invite good; /* made once: what a coordinator would hand out */

static int make_good(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    struct keypair server;
    text_copy(good.endpoint, sizeof good.endpoint, "tcp://192.0.2.1:5670");
    text_copy(good.name, sizeof good.name, "host-1.example");
    if (!keypair_make(&server, &e) || !keypair_make(&good.node, &e))
        return -1;
    text_copy(good.server_key, sizeof good.server_key, server.public_key);
    return 0;
}

static const char *path_in(void **state, const char *name)
{
    static char path[4][512];
    static int next;
    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", (const char *)*state, name);
    return path[next];
}

/* A file as a person or a damaged disk could leave it. */
static const char *file_with(void **state, const void *bytes, size_t size, mode_t mode)
{
    const char *path = path_in(state, "file");
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static void print_invite(char *text, size_t size, const struct invite *i)
{
    snprintf(text, size, "endpoint=%s\nname=%s\nserver-key=%s\npublic-key=%s\nsecret-key=%s\n", i->endpoint, i->name,
             i->server_key, i->node.public_key, i->node.secret_key);
}

/* The error names the file, says `because`, never shows the secret; the output is untouched. */
static void refused_at(const char *path, const char *because)
{
    struct invite got = { .name = "untouched" };
    struct err e = { 0 };
    assert_false(invite_read(path, &got, &e));
    if (!strstr(e.text, because) || strncmp(e.text, path, strlen(path)) != 0)
        fail_msg("says '%s', not '%s'", e.text, because);
    for (size_t at = 0; at + 8 <= strlen(good.node.secret_key); at++) {
        char piece[9] = "";
        memcpy(piece, good.node.secret_key + at, 8);
        assert_null(strstr(e.text, piece));
    }
    assert_string_equal(got.name, "untouched");
}

static void refused_text(void **state, const char *text, const char *because)
{
    refused_at(file_with(state, text, strlen(text), 0600), because);
}

static void same(const struct invite *a, const struct invite *b)
{
    assert_string_equal(a->endpoint, b->endpoint);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->server_key, b->server_key);
    assert_string_equal(a->node.public_key, b->node.public_key);
    assert_string_equal(a->node.secret_key, b->node.secret_key);
}

static void an_invite_survives_the_journey_through_its_file(void **state)
{
    struct invite got;
    struct err e = { 0 };
    const char *path = path_in(state, "invite");
    if (!invite_write(path, &good, &e) || !invite_read(path, &got, &e))
        fail_msg("%s", e.text);
    same(&got, &good);
}

static void the_longest_invite_survives_too(void **state)
{
    struct invite longest = good, got;
    struct err e = { 0 };
    const char *path = path_in(state, "invite");
    memset(longest.name, 'n', sizeof longest.name - 1);
    memset(longest.endpoint + 6, 'e', sizeof longest.endpoint - 7);
    if (!invite_write(path, &longest, &e) || !invite_read(path, &got, &e))
        fail_msg("%s", e.text);
    same(&got, &longest);
}

static int entries(void **state)
{
    int count = 0;
    DIR *directory = opendir(*state);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void the_file_is_the_owners_alone_whatever_the_umask_and_what_was_there(void **state)
{
    mode_t before = umask(0);
    const char *path = path_in(state, "invite");
    struct err e = { 0 };
    struct stat st;
    for (int round = 0; round < 2; round++) {
        assert_true(invite_write(path, &good, &e));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(chmod(path, 0644), 0); /* the second time it replaces this */
    }
    umask(before);
}

static void a_new_invite_replaces_the_old_one_whole(void **state)
{
    const char *path = path_in(state, "invite");
    struct invite other = good, got;
    struct err e = { 0 };
    char before[2048] = "", after[2048] = "";
    assert_true(invite_write(path, &good, &e));
    int old = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(old >= 0 && pread(old, before, sizeof before - 1, 0) > 0);
    text_copy(other.name, sizeof other.name, "other");
    assert_true(invite_write(path, &other, &e));
    /* Who has the old one open still reads all of it: nothing was written into it. */
    assert_true(pread(old, after, sizeof after - 1, 0) > 0);
    assert_string_equal(before, after);
    close(old);
    assert_true(invite_read(path, &got, &e));
    assert_string_equal(got.name, "other");
    assert_int_equal(entries(state), 1);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
    struct err e = { 0 };
    struct stat st;
    const char *taken = path_in(state, "directory");
    assert_int_equal(mkdir(taken, 0700), 0);
    assert_false(invite_write(taken, &good, &e));
    assert_int_equal(strncmp(e.text, taken, strlen(taken)), 0);
    assert_int_equal(stat(taken, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_false(invite_write(path_in(state, "nowhere/invite"), &good, &e));
    assert_int_equal(entries(state), 1);
}

static void a_file_that_others_could_read_is_refused_with_the_way_out(void **state)
{
    static const mode_t OPEN[] = { 0644, 0640, 0604, 0620, 0602, 0610, 0601, 0777 };
    char text[1024];
    print_invite(text, sizeof text, &good);
    for (size_t i = 0; i < ARRAY_SIZE(OPEN); i++)
        refused_at(file_with(state, text, strlen(text), OPEN[i]), "lets others read the key: chmod 600");
    struct invite got;
    struct err e = { 0 };
    assert_true(invite_read(file_with(state, text, strlen(text), 0600), &got, &e));
    assert_true(invite_read(file_with(state, text, strlen(text), 0400), &got, &e));
}

static void what_is_no_file_is_refused_at_once(void **state)
{
    refused_at(path_in(state, "nothing"), "`tare invite` on the coordinator writes one");
    refused_at((const char *)*state, "not a regular file");
    const char *pipe = path_in(state, "pipe");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    alarm(5); /* a pipe that nobody writes into shall not hang an agent */
    refused_at(pipe, "not a regular file (a pipe is read with '-')");
    alarm(0);
}

static void damaged_keys_are_refused(void **state)
{
    static const char BAD[] = "\"',;\\_`|~ "; /* none of Z85 */
    size_t places[] = { offsetof(struct invite, server_key), offsetof(struct invite, node.public_key),
                        offsetof(struct invite, node.secret_key) };
    for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
        char text[1024];
        struct invite bad = good;
        char *key = (char *)&bad + places[p];
        for (size_t i = 0; BAD[i]; i++) {
            bad = good;
            key[i] = BAD[i];
            print_invite(text, sizeof text, &bad);
            refused_text(state, text, "a key is damaged");
        }
        bad = good;
        key[39] = '\0';
        print_invite(text, sizeof text, &bad);
        refused_text(state, text, "a key is damaged");
        bad = good;
        memset(key, '#', 40); /* each five of them are more than 32 bits hold */
        print_invite(text, sizeof text, &bad);
        refused_text(state, text, "a key is damaged");
    }
}

static void a_pair_that_does_not_belong_together_is_refused(void **state)
{
    char text[1024];
    struct invite bad = good;
    struct err e = { 0 };
    assert_true(keypair_make(&bad.node, &e));
    text_copy(bad.node.secret_key, KEY_TEXT, good.node.secret_key);
    print_invite(text, sizeof text, &bad);
    refused_text(state, text, "do not belong together");
}

static void each_missing_or_double_or_unknown_line_is_named(void **state)
{
    static const char *const KEYS[] = { "endpoint", "name", "server-key", "public-key", "secret-key" };
    char text[2048], whole[1024], says[64];
    print_invite(whole, sizeof whole, &good);
    for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
        char *line = strstr(whole, KEYS[i]), *next = strchr(line, '\n') + 1;
        snprintf(text, sizeof text, "%.*s%s", (int)(line - whole), whole, next);
        snprintf(says, sizeof says, "'%s' is missing", KEYS[i]);
        refused_text(state, text, says);
        snprintf(text, sizeof text, "%s%.*s", whole, (int)(next - line), line);
        snprintf(says, sizeof says, "'%s' is given twice", KEYS[i]);
        refused_text(state, text, says);
    }
    snprintf(text, sizeof text, "%scolour=red\n", whole);
    refused_text(state, text, "line 6 is none of an invite");
    snprintf(text, sizeof text, "# comment\n%s\n", whole);
    refused_text(state, text, "line 7 is none of an invite");
    refused_text(state, "", "'endpoint' is missing");
    refused_text(state, "# only a comment", "'endpoint' is missing");
}

/* A line broken in the middle, as mail programs do: what is left of it may be the secret. */
static void no_error_shows_the_secret(void **state)
{
    char text[2048], whole[1024];
    print_invite(whole, sizeof whole, &good);
    char *secret = strstr(whole, good.node.secret_key);
    snprintf(text, sizeof text, "%.*s\n%s", (int)(secret - whole), whole, secret);
    refused_text(state, text, "");
    snprintf(text, sizeof text, "%s", good.node.secret_key);
    refused_text(state, text, "");
    snprintf(text, sizeof text, "%s=x\n", good.node.secret_key);
    refused_text(state, text, "");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(secret - whole), whole, good.node.secret_key, secret);
    refused_text(state, text, ""); /* too long */
}

static void the_endpoint_is_of_tcp(void **state)
{
    char text[1024];
    struct invite bad = good;
    text_copy(bad.endpoint, sizeof bad.endpoint, "ipc:///tmp/x");
    print_invite(text, sizeof text, &bad);
    refused_text(state, text, "endpoint 'ipc:///tmp/x' is not tcp://ADDRESS:PORT");
}

static void comment_lines_before_the_keys_are_skipped(void **state)
{
    char text[2048], whole[1024];
    struct invite got;
    struct err e = { 0 };
    print_invite(whole, sizeof whole, &good);
    snprintf(text, sizeof text, "#\n# two = lines\n%s", whole);
    if (!invite_read(file_with(state, text, strlen(text), 0600), &got, &e))
        fail_msg("%s", e.text);
    same(&got, &good);
}

static void a_file_too_large_or_with_a_nul_is_no_invite(void **state)
{
    static char large[1 << 16];
    memset(large, '#', sizeof large);
    refused_at(file_with(state, large, sizeof large, 0600), "not an invite (larger than");
    char text[1024];
    print_invite(text, sizeof text, &good);
    size_t length = strlen(text);
    refused_at(file_with(state, text, length + 1, 0600), "not an invite (holds a NUL byte)");
    text[3] = '\0';
    refused_at(file_with(state, text, length, 0600), "not an invite (holds a NUL byte)");
    refused_at(file_with(state, "", 1, 0600), "not an invite (holds a NUL byte)");
}

static void a_dash_reads_an_invite_from_stdin(void **unused)
{
    (void)unused;
    char text[1024];
    int ends[2], before = dup(STDIN_FILENO);
    struct invite got;
    struct err e = { 0 };
    print_invite(text, sizeof text, &good);
    for (int round = 0; round < 2; round++) { /* whole, then cut short */
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
        size_t size = round == 0 ? strlen(text) : strlen(text) / 2;
        assert_int_equal(write(ends[1], text, size), (ssize_t)size);
        close(ends[1]);
        if (round == 0) {
            assert_true(invite_read("-", &got, &e));
            same(&got, &good);
        } else {
            refused_at("-", "");
        }
        close(ends[0]);
    }
    dup2(before, STDIN_FILENO);
    close(before);
}

static void a_wiped_invite_holds_nothing(void **unused)
{
    (void)unused;
    struct invite i = good;
    static const struct invite NOTHING;
    invite_wipe(&i);
    assert_memory_equal(&i, &NOTHING, sizeof i);
}

static void made_keys_differ_and_are_valid(void **unused)
{
    (void)unused;
    struct keypair a, b;
    struct err e = { 0 };
    assert_true(keypair_make(&a, &e) && keypair_make(&b, &e));
    assert_string_not_equal(a.secret_key, b.secret_key);
    assert_string_not_equal(a.public_key, b.public_key);
    assert_true(key_is_valid(a.public_key) && key_is_valid(a.secret_key));
    assert_false(key_is_valid(""));
    assert_false(key_is_valid("0123456789012345678901234567890123456789X"));
}

int main(void)
{
#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_remove)
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(an_invite_survives_the_journey_through_its_file),
        IN_DIRECTORY(the_longest_invite_survives_too),
        IN_DIRECTORY(the_file_is_the_owners_alone_whatever_the_umask_and_what_was_there),
        IN_DIRECTORY(a_new_invite_replaces_the_old_one_whole),
        IN_DIRECTORY(a_write_that_fails_leaves_nothing_behind),
        IN_DIRECTORY(a_file_that_others_could_read_is_refused_with_the_way_out),
        IN_DIRECTORY(what_is_no_file_is_refused_at_once),
        IN_DIRECTORY(damaged_keys_are_refused),
        IN_DIRECTORY(a_pair_that_does_not_belong_together_is_refused),
        IN_DIRECTORY(each_missing_or_double_or_unknown_line_is_named),
        IN_DIRECTORY(no_error_shows_the_secret),
        IN_DIRECTORY(the_endpoint_is_of_tcp),
        IN_DIRECTORY(comment_lines_before_the_keys_are_skipped),
        IN_DIRECTORY(a_file_too_large_or_with_a_nul_is_no_invite),
        cmocka_unit_test(a_dash_reads_an_invite_from_stdin),
        cmocka_unit_test(a_wiped_invite_holds_nothing),
        cmocka_unit_test(made_keys_differ_and_are_valid),
    };
    return cmocka_run_group_tests(tests, make_good, NULL);
}
