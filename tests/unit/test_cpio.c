/* Archives as the kernel unpacks them: read back by a reader of our own, and by cpio where it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "guests/cpio.h"
#include "tempdir.h"

enum { HEAD = 110, FIELDS = 13 };

struct memory {
    char *bytes;
    size_t size;
};

static FILE *open_memory(struct memory *m) { return open_memstream(&m->bytes, &m->size); }

struct read_entry {
    uint32_t fields[FIELDS]; /* inode, mode, uid, gid, links, mtime, size, devices, length of the name, sum */
    const char *name, *data;
};

static size_t rounded(size_t size) { return (size + 3) / 4 * 4; }

/* The entry at `at`; returns where the next one is. */
static size_t read_entry(const struct memory *m, size_t at, struct read_entry *entry)
{
    assert_true(at + HEAD <= m->size);
    assert_memory_equal(m->bytes + at, "070701", 6);
    for (int i = 0; i < FIELDS; i++) {
        char hex[9] = "";
        memcpy(hex, m->bytes + at + 6 + 8 * i, 8);
        entry->fields[i] = (uint32_t)strtoul(hex, NULL, 16);
    }
    entry->name = m->bytes + at + HEAD;
    assert_int_equal(strlen(entry->name) + 1, entry->fields[11]);
    size_t data = rounded(at + HEAD + entry->fields[11]);
    entry->data = m->bytes + data;
    assert_true(data + entry->fields[6] <= m->size);
    return rounded(data + entry->fields[6]);
}

static void write_sample(struct memory *m, const char *file)
{
    struct err e = { 0 };
    struct cpio cpio = { .to = open_memory(m) };
    assert_true(cpio_directory(&cpio, "bin", 0755, &e));
    assert_true(cpio_text(&cpio, "bin/a", 0600, "five!", &e));
    assert_true(cpio_text(&cpio, "empty", 0644, "", &e));
    assert_true(cpio_file(&cpio, "copy", 0755, file, &e));
    assert_true(cpio_end(&cpio, &e));
    fclose(cpio.to);
}

static void what_is_written_is_read_back_with_mode_size_and_content(void **state)
{
    char path[512];
    struct memory m = { 0 };
    snprintf(path, sizeof path, "%s/file", (const char *)*state);
    FILE *file = fopen(path, "w");
    fputs("1234567", file);
    fclose(file);
    write_sample(&m, path);
    static const struct {
        const char *name, *data;
        uint32_t mode;
    } WANTED[] = { { "bin", "", S_IFDIR | 0755 },
                   { "bin/a", "five!", S_IFREG | 0600 },
                   { "empty", "", S_IFREG | 0644 },
                   { "copy", "1234567", S_IFREG | 0755 },
                   { "TRAILER!!!", "", 0 } };
    size_t at = 0;
    for (size_t i = 0; i < sizeof WANTED / sizeof *WANTED; i++) {
        struct read_entry entry;
        at = read_entry(&m, at, &entry);
        assert_string_equal(entry.name, WANTED[i].name);
        assert_int_equal(entry.fields[1], WANTED[i].mode);
        assert_int_equal(entry.fields[6], strlen(WANTED[i].data));
        assert_memory_equal(entry.data, WANTED[i].data, strlen(WANTED[i].data));
        assert_int_equal(entry.fields[0], i + 1); /* inodes differ, or the kernel would link them */
        for (int field = 2; field <= 5; field++)  /* root's, of no time */
            assert_int_equal(entry.fields[field], field == 4 ? entry.fields[4] : 0);
    }
    assert_int_equal(at, m.size);
    free(m.bytes);
}

static void the_same_files_make_the_same_bytes_at_another_time(void **state)
{
    char path[512];
    struct memory first = { 0 }, second = { 0 };
    snprintf(path, sizeof path, "%s/file", (const char *)*state);
    const struct timespec long_ago[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(path, "w");
        fputs("the same", file);
        fclose(file);
        if (i == 1)
            assert_int_equal(utimensat(-100, path, long_ago, 0), 0);
        write_sample(i ? &second : &first, path);
    }
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.bytes, second.bytes, first.size);
    free(first.bytes);
    free(second.bytes);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct memory m = { 0 };
    struct err e = { 0 };
    struct cpio cpio = { .to = open_memory(&m) };
    (void)state;
    assert_false(cpio_file(&cpio, "x", 0644, "/nowhere/at/all", &e));
    assert_non_null(strstr(e.text, "/nowhere/at/all"));
    assert_false(cpio_file(&cpio, "x", 0644, "/dev", &e));
    assert_non_null(strstr(e.text, "'/dev' is no file"));
    fclose(cpio.to);
    free(m.bytes);
}

static void a_disk_that_is_full_is_told(void **state)
{
    struct err e = { 0 };
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    struct cpio cpio = { .to = full };
    bool written = cpio_text(&cpio, "a", 0644, "text", &e);
    assert_false(written && cpio_end(&cpio, &e));
    assert_non_null(strstr(e.text, "No space left"));
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_with_mode_size_and_content),
        cmocka_unit_test(the_same_files_make_the_same_bytes_at_another_time),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(a_disk_that_is_full_is_told),
    };
    return cmocka_run_group_tests(tests, tempdir_make, tempdir_remove);
}
