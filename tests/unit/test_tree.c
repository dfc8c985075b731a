/* A source tree on its way: what is taken of it, unpacked, kept; and what the coordinator finds for a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/tree_source.h"
#include "tempdir.h"
#include "workloads/compile/tree_cache.h"
#include "workloads/compile/tree_receipt.h"

static char where[512];

static bool is_there(const char *path) { return access(path, F_OK) == 0; }

static void shell(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void shell(const char *fmt, ...)
{
    char command[4096], whole[8192];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    snprintf(whole, sizeof whole, "cd '%s' && %s", where, command);
    assert_int_equal(system(whole), 0); // NOLINT(cert-env33-c): the test's own words
}

/* ---- chunks ---- */

enum { SIZE = 3 * TREE_WINDOW + 5 };

static unsigned char bytes[SIZE];

static enum tree_taken take(struct tree_receipt *r, int64_t offset, size_t size)
{
    unsigned char sum[TREE_SUM];
    tree_hash(bytes + offset, size, sum, sizeof sum);
    return tree_receipt_take(r, offset, sum, bytes + offset, size, NULL);
}

static size_t size_at(int64_t offset)
{
    return SIZE - offset < TREE_CHUNK_BYTES ? (size_t)(SIZE - offset) : TREE_CHUNK_BYTES;
}

static void open_receipt(struct tree_receipt *r)
{
    char path[600];
    unsigned char hash[TREE_HASH];
    struct err e = { .text = "" };
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 1000);
    tree_hash(bytes, SIZE, hash, sizeof hash);
    snprintf(path, sizeof path, "%s/part", where);
    if (!tree_receipt_open(r, path, hash, SIZE, &e))
        fail_msg("%s", e.text);
}

static void chunks_come_in_order_and_whole(void **unused)
{
    (void)unused;
    struct tree_receipt r;
    unsigned char wrong[TREE_SUM] = { 1 };
    bool is_right = false;
    int64_t told = 0, at = 0;
    open_receipt(&r);
    assert_int_equal(r.held, 0);
    assert_int_equal(r.upto, TREE_WINDOW);
    assert_int_equal(take(&r, TREE_CHUNK_BYTES, TREE_CHUNK_BYTES), TREE_PASSED);
    assert_int_equal(take(&r, 0, TREE_CHUNK_BYTES - 1), TREE_DAMAGED);
    assert_int_equal(tree_receipt_take(&r, 0, wrong, bytes, TREE_CHUNK_BYTES, NULL), TREE_DAMAGED);
    assert_int_equal(r.held, 0);
    /* Credit is given for what was taken, and is never more than a window ahead. */
    for (; !tree_receipt_is_full(&r); at += (int64_t)size_at(at)) {
        assert_true(at < r.upto);
        assert_int_equal(take(&r, at, size_at(at)), TREE_TAKEN);
        if (!tree_receipt_is_full(&r))
            told += tree_receipt_credit(&r);
        assert_true(r.upto - r.held <= TREE_WINDOW && r.upto <= SIZE);
    }
    assert_int_equal(at, SIZE);
    assert_true(told >= 4 && told <= 8);
    assert_int_equal(take(&r, 0, TREE_CHUNK_BYTES), TREE_PASSED);
    assert_true(tree_receipt_check(&r, &is_right, NULL) && is_right);
    tree_receipt_close(&r);
}

static void what_is_held_is_not_asked_for_again(void **unused)
{
    (void)unused;
    struct tree_receipt r;
    bool is_right = true;
    open_receipt(&r);
    for (int64_t at = 0; at < 10 * TREE_CHUNK_BYTES; at += TREE_CHUNK_BYTES)
        assert_int_equal(take(&r, at, TREE_CHUNK_BYTES), TREE_TAKEN);
    assert_int_equal(pwrite(r.fd, "half a chunk", 12, r.held), 12); /* killed while it wrote */
    tree_receipt_close(&r);
    open_receipt(&r);
    assert_int_equal(r.held, 10 * TREE_CHUNK_BYTES);
    assert_int_equal(r.upto, r.held + TREE_WINDOW);
    assert_int_equal(pwrite(r.fd, "?", 1, 100), 1); /* a disk's fault */
    for (int64_t at = r.held; at < SIZE; at += (int64_t)size_at(at))
        assert_int_equal(take(&r, at, size_at(at)), TREE_TAKEN);
    assert_true(tree_receipt_is_full(&r));
    assert_true(tree_receipt_check(&r, &is_right, NULL));
    assert_false(is_right);
    assert_int_equal(r.held, 0); /* from the beginning, then */
    tree_receipt_close(&r);
}

/* ---- what is kept ---- */

static struct tree_place place_of(unsigned char number)
{
    unsigned char hash[TREE_HASH] = { number };
    struct tree_place p;
    setenv("XDG_CACHE_HOME", where, 1);
    assert_true(tree_place_of(hash, &p, NULL));
    return p;
}

static bool unpack(const struct tree_place *p, struct err *e)
{
    return tree_place_unpack(p, clock_mono_ns() + clock_ms(30000), -1, e);
}

static void a_tree_is_unpacked_without_its_top(void **unused)
{
    (void)unused;
    struct tree_place p = place_of(1);
    struct err e = { .text = "" };
    char file[PATH_MAX + 16];
    shell("mkdir -p top/sub && echo hello >top/sub/file && ln -s ../sub/file top/sub/link && chmod 600 top/sub/file &&"
          "tar -czf '%s' top",
          p.part);
    if (!unpack(&p, &e))
        fail_msg("%s", e.text);
    struct stat st;
    snprintf(file, sizeof file, "%s/sub/link", p.tree);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644); /* for whoever builds */
    assert_true(tree_place_is_whole(&p));
    assert_false(is_there(p.part) || is_there(p.fresh));
}

static void nothing_leaves_the_tree(void **unused)
{
    (void)unused;
    static const struct {
        const char *make, *why;
    } CASES[] = {
        { "mkdir -p t/a && touch t/f && ln -s ../../f t/a/l", "the link l leads out of the tree, to ../../f" },
        { "mkdir -p t/a && touch t/f && ln -s /etc/passwd t/a/l", "the link l leads out of the tree, to /etc/passwd" },
        { "mkdir -p t && mkfifo t/pipe && touch t/f", "pipe is neither file, directory nor link" },
    };
    struct tree_place p = place_of(2);
    struct err e;
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        shell("rm -rf t && %s && tar -cf '%s' t", CASES[i].make, p.part);
        assert_false(unpack(&p, &e));
        assert_non_null(strstr(e.text, CASES[i].why));
        assert_false(is_there(p.tree) || is_there(p.fresh));
    }
    shell("rm -rf t && touch f && tar -P -cf '%s' --transform 's|^|../../|' f", p.part);
    assert_false(unpack(&p, &e));
    assert_non_null(strstr(e.text, "unpacking the source: tar: "));
    shell("echo nothing of the kind >'%s'", p.part);
    assert_false(unpack(&p, &e));
    assert_false(is_there(p.tree) || is_there(p.fresh));
}

static void the_oldest_trees_go_but_not_those_in_use(void **unused)
{
    (void)unused;
    struct tree_place places[TREE_CACHE_KEPT + 2];
    for (unsigned char i = 0; i < TREE_CACHE_KEPT + 2; i++) {
        places[i] = place_of((unsigned char)(0x10 + i));
        shell("mkdir -p '%s' && touch -d @%d '%s'", places[i].tree, 1000 + i, places[i].home);
    }
    assert_true(tree_place_lock(&places[1], false, NULL));
    struct tree_place other = places[1];
    other.lock_fd = -1;
    assert_false(tree_place_lock(&other, true, NULL));
    tree_cache_tidy(places[0].cache);
    assert_false(is_there(places[0].tree));
    assert_true(is_there(places[1].tree)); /* somebody builds from it */
    tree_place_unlock(&places[1]);
    tree_cache_tidy(places[0].cache);
    assert_false(is_there(places[1].tree));
    for (int i = 2; i < TREE_CACHE_KEPT + 2; i++)
        assert_true(is_there(places[i].tree));
}

/* ---- what a name stands for ---- */

static void the_same_directory_is_the_same_archive(void **unused)
{
    (void)unused;
    struct tree_source a, b;
    struct err e = { .text = "" };
    char path[600];
    unsigned char head[2];
    shell("mkdir -p src/.git && echo one >src/one && echo two >src/two && echo x >src/.git/x");
    snprintf(path, sizeof path, "%s/src", where);
    if (!tree_source_open(path, &a, &e))
        fail_msg("%s", e.text);
    shell("touch -d @5 src/one && mv src/two src/2 && mv src/2 src/two && echo y >src/.git/x && chmod 755 src");
    assert_true(tree_source_open(path, &b, NULL));
    assert_memory_equal(a.hash, b.hash, TREE_HASH);
    assert_true(tree_source_read(&a, 0, head, sizeof head, NULL));
    assert_memory_equal(head, "\x1f\x8b", 2); /* gzip's */
    assert_false(tree_source_read(&a, a.size - 1, head, sizeof head, NULL));
    tree_source_close(&b);
    shell("echo three >src/two");
    assert_true(tree_source_open(path, &b, NULL));
    assert_memory_not_equal(a.hash, b.hash, TREE_HASH);
    tree_source_close(&a);
    tree_source_close(&b);
}

static void what_is_not_there_says_what_to_do(void **unused)
{
    (void)unused;
    struct tree_source s;
    struct err e;
    assert_false(tree_source_open("linux-source-0.0", &s, &e));
    assert_string_equal(e.text, "source linux-source-0.0: there is no such directory, and no "
                                "/usr/src/linux-source-0.0*.tar.xz: `apt-get install linux-source-0.0`, if that is "
                                "its package");
    assert_int_equal(e.exit, ERR_USAGE);
    assert_false(tree_source_open("/nowhere/at/all", &s, &e));
    assert_string_equal(e.text, "source /nowhere/at/all: No such file or directory");
    assert_false(tree_source_open("/dev/null", &s, &e));
    assert_string_equal(e.text, "source /dev/null: neither a file nor a directory");
}

static int make_where(void **state)
{
    if (tempdir_make(state) != 0)
        return -1;
    snprintf(where, sizeof where, "%s", (const char *)*state);
    return 0;
}

#define IN_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, make_where, tempdir_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ITS_OWN(chunks_come_in_order_and_whole),           IN_ITS_OWN(what_is_held_is_not_asked_for_again),
        IN_ITS_OWN(a_tree_is_unpacked_without_its_top),       IN_ITS_OWN(nothing_leaves_the_tree),
        IN_ITS_OWN(the_oldest_trees_go_but_not_those_in_use), IN_ITS_OWN(the_same_directory_is_the_same_archive),
        IN_ITS_OWN(what_is_not_there_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
