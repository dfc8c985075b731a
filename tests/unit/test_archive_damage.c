/* Files that are not what they should be, and disks that are full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive/upgrade.h"
#include "archive_place.h"

static void alter(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void what_is_no_archive_of_ours_is_refused_untouched(void **state)
{
    const struct place *place = *state;
    struct archive *archive = NULL;
    REFUSED(archive_open_read(place->path, &archive, &e), ERR_USAGE, "there is none");
    REFUSED(archive_open_read(place->directory, &archive, &e), ERR_INTERNAL, "cannot be opened");
    REFUSED(archive_open(place->directory, &archive, &e), ERR_INTERNAL, "Is a directory");

    char path[128];
    snprintf(path, sizeof path, "%s/other", place->directory);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("no database at all\n", file);
    fclose(file);
    REFUSED(archive_open(path, &archive, &e), ERR_USAGE, "not a tare archive");
    REFUSED(archive_open_read(path, &archive, &e), ERR_USAGE, "not a tare archive");
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_size, 19000);

    unlink(path);
    alter(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    REFUSED(archive_open(path, &archive, &e), ERR_USAGE, "not a tare archive");

    make_archive_with_a_run(place->path);
    alter(place->path, "PRAGMA user_version = 99");
    REFUSED(archive_open(place->path, &archive, &e), ERR_USAGE, "newer tare");
    REFUSED(archive_open_read(place->path, &archive, &e), ERR_USAGE, "newer tare");
    assert_null(archive);
}

/* As earlier versions had them. */
static void make_old_archive(const char *path, int version)
{
    static const char *const LACKS[UPGRADE_NEWEST] = {
        [1] = "ALTER TABLE stream DROP COLUMN arrived_ns; ALTER TABLE stream DROP COLUMN arrived_bound_ns",
        [2] = "DROP TABLE latency",
        [3] = "ALTER TABLE stream DROP COLUMN own_first_op_ns",
        [4] = "DROP TABLE lap",
        [5] = "ALTER TABLE trial DROP COLUMN confined; ALTER TABLE trial DROP COLUMN confined_cpus; "
              "ALTER TABLE trial DROP COLUMN confined_bytes",
        [6] = "DROP TABLE kernel_clock",
        [7] = "ALTER TABLE run DROP COLUMN left_out",
        [8] = "DROP TABLE around",
        [9] = "ALTER TABLE stream DROP COLUMN release",
    };
    char sql[64];
    make_archive_with_a_run(path);
    for (int lacking = version; lacking < UPGRADE_NEWEST; lacking++)
        alter(path, LACKS[lacking]);
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", version);
    alter(path, sql);
}

static int64_t version_of(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return version;
}

static void read_old_run(struct archive *archive, int version)
{
    struct run *run = NULL;
    OK(archive_read(archive, "last", true, &run, &e));
    size_t streams = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        for (size_t k = 0; k < run->trials[i].stream_count; k++, streams++) {
            const struct stream *s = &run->trials[i].streams[k];
            assert_true(version >= 2 || (s->arrived_ns == 0 && s->arrived_bound_ns == 0));
            assert_true(version >= 3 || s->latencies_size == 0);
            assert_true(version >= 4 || s->own_first_op_ns == 0);
            assert_true(version >= 5 || s->lap_count == 0);
        }
    assert_true(streams > 0);
    for (size_t i = 0; i < run->trial_count; i++)
        assert_true((version >= 7 || run->trials[i].kernel_clock_count == 0) &&
                    (version >= 9 || run->trials[i].around_count == 0));
    for (size_t i = 0; i < run->trial_count; i++)
        assert_true(version >= 6 || (run->trials[i].confined.how == CONFINED_NOT && !*run->trials[i].confined.cpus));
    run_destroy(&run);
}

static void an_archive_of_an_earlier_version_is_read_and_only_a_writer_changes_it(void **state)
{
    const struct place *place = *state;
    for (int version = UPGRADE_OLDEST; version < UPGRADE_NEWEST; version++) {
        struct archive *archive = NULL;
        unlink(place->path);
        make_old_archive(place->path, version);
        OK(archive_open_read(place->path, &archive, &e));
        read_old_run(archive, version);
        archive_close(&archive);
        assert_int_equal(version_of(place->path), version);
        OK(archive_open(place->path, &archive, &e));
        read_old_run(archive, version);
        archive_close(&archive);
        assert_int_equal(version_of(place->path), UPGRADE_NEWEST);
        OK(archive_open_read(place->path, &archive, &e));
        read_old_run(archive, version);
        archive_close(&archive);
    }
}

/* Both ways to the newest version lead to the same columns. */
static void an_archive_brought_up_to_date_has_the_columns_of_a_new_one(void **state)
{
    const struct place *place = *state;
    static const char COLUMNS[] =
        "SELECT group_concat(m.name || '.' || p.name || ' ' || p.type || p.\"notnull\", ', ') "
        "FROM (SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name) m, "
        "pragma_table_info(m.name) p";
    char *texts[UPGRADE_NEWEST + 1] = { NULL };
    for (int version = UPGRADE_NEWEST; version >= UPGRADE_OLDEST; version--) {
        struct archive *archive = NULL;
        unlink(place->path);
        if (version < UPGRADE_NEWEST)
            make_old_archive(place->path, version);
        else
            make_archive_with_a_run(place->path);
        OK(archive_open(place->path, &archive, &e));
        archive_close(&archive);
        sqlite3 *db = NULL;
        sqlite3_stmt *statement = NULL;
        assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, COLUMNS, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        texts[version] = strdup((const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
        sqlite3_close(db);
        assert_string_equal(texts[version], texts[UPGRADE_NEWEST]);
    }
    for (int version = UPGRADE_OLDEST; version <= UPGRADE_NEWEST; version++)
        free(texts[version]);
}

static void a_truncated_file_is_told(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    struct stat s;
    assert_int_equal(stat(place->path, &s), 0);
    assert_int_equal(truncate(place->path, s.st_size / 8192 * 4096), 0);
    struct archive *archive = NULL;
    struct run *run = NULL;
    struct err why = { 0 };
    bool ok = archive_open_read(place->path, &archive, &why) && archive_read(archive, "last", true, &run, &why);
    archive_close(&archive);
    assert_false(ok);
    assert_non_null(strstr(why.text, "damaged"));
    assert_non_null(strstr(why.text, place->path));
    REFUSED(archive_open(place->path, &archive, &e), ERR_INTERNAL, "damaged");
}

/* Every byte of a page may be wrong: an error or a run, never a crash. Worth most under the sanitizers. */
static void noise_in_the_file_never_crashes(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    struct stat s;
    assert_int_equal(stat(place->path, &s), 0);
    int read = 0, refused = 0;
    for (int round = 0; round < 300; round++) {
        int fd = open(place->path, O_RDWR);
        unsigned char old[4], noise[4];
        off_t at = 100 + (off_t)(draw() % (uint64_t)(s.st_size - 104));
        uint32_t random = (uint32_t)draw();
        memcpy(noise, &random, sizeof noise);
        assert_int_equal(pread(fd, old, sizeof old, at), sizeof old);
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
        struct archive *archive = NULL;
        struct run *run = NULL;
        struct err e = { 0 };
        if (archive_open_read(place->path, &archive, &e) && archive_read(archive, "last", true, &run, &e))
            read++;
        else
            refused += e.text[0] != '\0';
        archive_close(&archive);
        run_destroy(&run);
        assert_int_equal(pwrite(fd, old, sizeof old, at), sizeof old);
        close(fd);
    }
    assert_int_equal(read + refused, 300);
    assert_true(read > 0 && refused > 0);
}

static void values_that_make_no_sense_are_named(void **state)
{
    const struct place *place = *state;
    static const struct {
        const char *sql, *because;
    } CASES[] = {
        { "UPDATE run SET status = 'sleeping'", "run.status is a word" },
        { "UPDATE run SET uuid = printf('%.*c', 4000, 'x')", "run.uuid is no text, or too long" },
        { "UPDATE trial SET verdict = 'fine'", "trial.verdict is a word" },
        { "UPDATE trial SET partial = 2", "trial.partial is neither" },
        { "UPDATE trial SET attempt = 1 << 40", "trial.attempt is no number of 32 bits" },
        { "UPDATE flag SET stream = 99", "flag.stream is none" },
        { "PRAGMA foreign_keys = OFF; UPDATE block SET step = 7", "block.step is none" },
        { "DELETE FROM block; PRAGMA foreign_keys = OFF", NULL }, /* the trials go with it */
        { "UPDATE sample SET points = x'00'", "sample.points" },
        { "UPDATE sample SET points = zeroblob(0)", NULL },
        { "UPDATE sample SET points = x'ffffffffffffffff00000000000000000000000000000000'", "backwards" },
        { "UPDATE latency SET histogram = x'0102'", "latency.histogram: 2 bytes that are no histogram" },
        { "UPDATE latency SET histogram = zeroblob(0)", NULL },
        { "UPDATE figure SET name = 'a' || char(0) || 'b'", "figure.name is no text" },
        { "DROP TABLE skew", "its tables are not tare's" },
        { "ALTER TABLE skew RENAME COLUMN a TO z", "its tables are not tare's" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        make_archive_with_a_run(place->path);
        alter(place->path, CASES[i].sql);
        struct archive *archive = NULL;
        struct run *run = NULL;
        struct err why = { 0 };
        OK(archive_open_read(place->path, &archive, &e));
        bool ok = archive_read(archive, "last", true, &run, &why);
        if (CASES[i].because ? ok || !strstr(why.text, CASES[i].because) : !ok)
            fail_msg("%s: %s", CASES[i].sql, ok ? "was read" : why.text);
        archive_close(&archive);
        run_destroy(&run);
        unlink(place->path);
    }
}

static void a_null_is_no_value(void **state)
{
    const struct place *place = *state;
    make_archive_with_a_run(place->path);
    alter(place->path, "CREATE TABLE bare AS SELECT * FROM skew; DROP TABLE skew; ALTER TABLE bare RENAME TO skew;"
                       "UPDATE skew SET ns = NULL");
    struct archive *archive = NULL;
    struct run *run = NULL;
    OK(archive_open_read(place->path, &archive, &e));
    REFUSED(archive_read(archive, "last", true, &run, &e), ERR_INTERNAL, "skew.ns is no whole number");
    archive_close(&archive);
}

/* A disk of 384 KiB, on which the tables take some 260, at `directory`; false where only root may have one. */
static bool mount_small_disk(const char *directory)
{
    return mkdir(directory, 0700) == 0 && geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", directory, "tmpfs", 0, "size=384k") == 0;
}

static void a_full_disk_keeps_what_was_finished(void **state)
{
    const struct place *place = *state;
    char disk[96], path[128];
    snprintf(disk, sizeof disk, "%s/disk", place->directory);
    snprintf(path, sizeof path, "%s/archive.db", disk);
    if (!mount_small_disk(disk)) {
        puts("skip: a small disk needs the right to mount");
        skip();
    }
    struct archive *archive = NULL;
    struct run *run = new_run();
    OK(archive_open(path, &archive, &e));
    OK(archive_begin(archive, run, &e));
    struct err why = { 0 };
    size_t kept = 0;
    for (bool fits = true; fits && kept < 1000; kept += fits) {
        struct trial trial = { 0 };
        fill_trial(&trial, (int)kept);
        fits = archive_trial(archive, run, &trial, &why);
        trial_clear(&trial);
    }
    assert_in_range(kept, 1, 999);
    assert_int_equal(why.exit, ERR_PARTIAL);
    assert_non_null(strstr(why.text, "disk full"));
    assert_non_null(strstr(why.text, path));
    archive_close(&archive);
    struct run *back = read_run(path, "last");
    assert_int_equal(back->trial_count, kept);
    run_destroy(&back);
    run_destroy(&run);
    umount(disk);
}

/* Whether this process, which cannot write there, reads the run of four trials; else what it is told. */
static bool reads(const char *path, struct err *why)
{
    struct archive *archive = NULL;
    struct run *run = NULL;
    bool ok = archive_open_read(path, &archive, why) && archive_read(archive, "last", false, &run, why);
    archive_close(&archive);
    ok = ok && run->trial_count == 4;
    run_destroy(&run);
    return ok;
}

/* In a process of another user where we are root, whom no mode keeps from writing. */
static void as_one_who_cannot_write(const char *path, bool wanted, const char *because)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err why = { 0 };
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        bool ok = reads(path, &why);
        if (ok != wanted || !strstr(why.text, because))
            fprintf(stderr, "%s\n", why.text);
        _exit(ok == wanted && strstr(why.text, because) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void an_archive_is_read_where_nothing_can_be_written(void **state)
{
    const struct place *place = *state;
    char odd[256] = "", log[256] = "", data[128] = "", tare[128] = "";
    text_append(odd, sizeof odd, "%s/data/tare/50%% #1?.db", place->directory);
    text_append(log, sizeof log, "%s-wal", odd);
    text_append(data, sizeof data, "%s/data", place->directory);
    text_append(tare, sizeof tare, "%s/data/tare", place->directory);
    make_archive_with_a_run(place->path);
    assert_int_equal(rename(place->path, odd), 0);
    assert_int_equal(chmod(odd, 0444), 0);
    assert_int_equal(chmod(place->directory, 0755), 0);
    assert_int_equal(chmod(data, 0755), 0);
    assert_int_equal(chmod(tare, 0555), 0);
    as_one_who_cannot_write(odd, true, "");
    /* What a copy took with it, or a coordinator that was killed has left. */
    assert_int_equal(chmod(tare, 0755), 0);
    FILE *file = fopen(log, "w");
    assert_non_null(file);
    assert_true(fputs("newer trials", file) >= 0);
    fclose(file);
    assert_int_equal(chmod(tare, 0555), 0);
    as_one_who_cannot_write(odd, false, "copy both");
    assert_int_equal(chmod(tare, 0755), 0);
}

int main(void)
{
#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
    const struct CMUnitTest tests[] = {
        IN_PLACE(what_is_no_archive_of_ours_is_refused_untouched),
        IN_PLACE(an_archive_of_an_earlier_version_is_read_and_only_a_writer_changes_it),
        IN_PLACE(an_archive_brought_up_to_date_has_the_columns_of_a_new_one),
        IN_PLACE(a_truncated_file_is_told),
        IN_PLACE(noise_in_the_file_never_crashes),
        IN_PLACE(values_that_make_no_sense_are_named),
        IN_PLACE(a_null_is_no_value),
        IN_PLACE(a_full_disk_keeps_what_was_finished),
        IN_PLACE(an_archive_is_read_where_nothing_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
