#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tempdir.h"
#include "workloads/file/file_cache.h"
#include "workloads/file/file_ceiling.h"
#include "workloads/file/file_cell.h"
#include "workloads/file/file_walk.h"

enum { RECORDS = 37, RECORD = 4096 };

struct bench {
    struct file_place place;
    struct meter meter;
    _Atomic bool stop;
    struct file file;
};

static void begin(struct bench *b, const char *dir, enum file_mode mode, uint64_t records)
{
    struct err e = { 0 };
    memset(b, 0, sizeof *b);
    if (!file_place_open(&b->place, dir, &e))
        fail_msg("%s", e.text);
    b->file = (struct file){ .place = &b->place,
                             .mode = mode,
                             .records = records,
                             .record_bytes = RECORD,
                             .seed = 5,
                             .meter = &b->meter,
                             .stop = &b->stop };
    assert_true(file_make(&b->file, &e));
}

static void end(struct bench *b)
{
    file_release(&b->file);
    file_place_close(&b->place);
}

static struct file_pass pass(struct bench *b, enum file_method method)
{
    struct err e = { 0 };
    struct file_pass p = { 0 };
    if (!file_pass_prepare(&b->file, method, &e) || !file_pass_run(&b->file, method, &p, &e))
        fail_msg("%s: %s", FILE_METHOD_TABLE[method].name, e.text);
    return p;
}

static void run_cell(struct bench *b, const struct file_cell *cell, struct file_result *r)
{
    struct err e = { 0 };
    if (!file_cell_prepare(&b->file, cell, r, &e) || !file_cell_run(&b->file, cell, r, &e))
        fail_msg("%s: %s", FILE_METHOD_TABLE[cell->method].name, e.text);
}

static uint64_t label_of(const struct bench *b, uint64_t record)
{
    uint64_t label = 0;
    assert_int_equal(pread(b->file.fd, &label, sizeof label, (off_t)(record * RECORD)), sizeof label);
    return label;
}

static void set_label(const struct bench *b, uint64_t record, uint64_t label)
{
    assert_int_equal(pwrite(b->file.fd, &label, sizeof label, (off_t)(record * RECORD)), sizeof label);
}

static void each_method_moves_the_file_once_and_counts_it(void **state)
{
    struct bench b;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    struct file_pass last = { 0 };
    for (int i = 0; i < FILE_METHOD_COUNT; i++) {
        struct file_pass p = pass(&b, (enum file_method)i);
        struct stat st;
        assert_true(p.is_whole);
        assert_int_equal(p.bytes, RECORDS * RECORD);
        assert_int_equal(p.operations, RECORDS);
        assert_true(p.first_ns >= last.last_ns && p.last_ns > p.first_ns && p.cpu_ns >= 0);
        assert_int_equal(fstat(b.file.fd, &st), 0);
        assert_int_equal(st.st_size, RECORDS * RECORD);
        assert_int_equal(st.st_nlink, 0); /* nothing to leave behind */
        last = p;
    }
    assert_int_equal(meter_read(&b.meter).operations, RECORDS * FILE_METHOD_COUNT);
    assert_int_equal(meter_read(&b.meter).bytes, RECORDS * RECORD * FILE_METHOD_COUNT);
    end(&b);
}

/* Every record is made a wrong one in its turn: a method that leaves it out does not find it. */
static void each_reading_method_reads_every_record(void **state)
{
    struct bench b;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    pass(&b, FILE_WRITE);
    for (uint64_t record = 0; record < RECORDS; record++) {
        set_label(&b, record, record ^ 0x100);
        for (int i = 0; i < FILE_METHOD_COUNT; i++) {
            struct err e = { 0 };
            struct file_pass p;
            char says[64];
            if (FILE_METHOD_TABLE[i].writes)
                continue;
            snprintf(says, sizeof says, "in the place of record %llu another", (unsigned long long)record);
            assert_true(file_pass_prepare(&b.file, (enum file_method)i, &e));
            assert_false(file_pass_run(&b.file, (enum file_method)i, &p, &e));
            assert_non_null(strstr(e.text, says));
        }
        set_label(&b, record, record);
    }
    end(&b);
}

static void each_writing_method_writes_every_record_but_the_one_that_repeats_the_first(void **state)
{
    struct bench b;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    pass(&b, FILE_WRITE);
    for (int i = 0; i < FILE_METHOD_COUNT; i++) {
        if (!FILE_METHOD_TABLE[i].writes)
            continue;
        for (uint64_t record = 0; record < RECORDS; record++)
            set_label(&b, record, UINT64_MAX);
        pass(&b, (enum file_method)i);
        for (uint64_t record = 0; record < RECORDS; record++)
            assert_int_equal(label_of(&b, record), i == FILE_RECORD_REWRITE && record > 0 ? UINT64_MAX : record);
    }
    end(&b);
}

static void methods_that_make_a_file_leave_the_old_one_and_others_keep_it(void **state)
{
    struct bench b;
    struct stat before, after;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    pass(&b, FILE_WRITE);
    for (int i = 0; i < FILE_METHOD_COUNT; i++) {
        assert_int_equal(fstat(b.file.fd, &before), 0);
        int kept = dup(b.file.fd);
        pass(&b, (enum file_method)i);
        assert_int_equal(fstat(b.file.fd, &after), 0);
        assert_int_equal(before.st_ino != after.st_ino, FILE_METHOD_TABLE[i].is_new);
        close(kept);
    }
    end(&b);
}

static void all_modes_go_through_all_methods(void **state)
{
    for (int mode = 0; mode < FILE_MODE_COUNT; mode++) {
        struct bench b;
        int fd = -1;
        begin(&b, *state, (enum file_mode)mode, 5);
        if (!file_place_new_file(&b.place, (enum file_mode)mode, &fd, NULL)) {
            assert_int_equal(mode, FILE_MODE_DIRECT);
            print_message("O_DIRECT is not to be had here\n");
            end(&b);
            continue;
        }
        assert_int_equal((fcntl(fd, F_GETFL) & O_DIRECT) != 0, mode == FILE_MODE_DIRECT);
        assert_int_equal((fcntl(fd, F_GETFL) & O_SYNC) == O_SYNC, mode == FILE_MODE_SYNC);
        close(fd);
        for (int i = 0; i < FILE_METHOD_COUNT; i++)
            assert_int_equal(pass(&b, (enum file_method)i).bytes, 5 * RECORD);
        end(&b);
    }
}

static void a_pass_that_is_stopped_is_not_whole(void **state)
{
    struct bench b;
    struct err e = { 0 };
    struct file_result r;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    assert_true(file_cell_fill(&b.file, -1, &e));
    assert_int_equal(meter_read(&b.meter).operations, 0); /* what only makes ready is not counted */
    b.stop = true;
    for (int i = 0; i < FILE_METHOD_COUNT; i++)
        if (!FILE_METHOD_TABLE[i].is_new) {
            assert_false(pass(&b, (enum file_method)i).is_whole);
            run_cell(&b, &(struct file_cell){ .method = (enum file_method)i }, &r);
            assert_true(r.passes == 0 && r.bytes == 0 && r.elapsed_ns == 0);
        }
    end(&b);
}

static void a_cell_repeats_until_it_has_lasted(void **state)
{
    struct bench b;
    struct err e = { 0 };
    struct file_result r;
    begin(&b, *state, FILE_MODE_CACHED, 4);
    assert_true(file_cell_fill(&b.file, -1, &e));
    for (int i = 0; i < FILE_METHOD_COUNT; i++) {
        struct file_cell cell = { .method = (enum file_method)i, .lasting_ns = 500 * 1000 };
        run_cell(&b, &cell, &r);
        assert_true(r.passes >= 1 && r.elapsed_ns > 0 && r.last_ns - r.first_ns >= r.elapsed_ns);
        assert_int_equal(r.operations, 4 * r.passes);
        assert_int_equal(r.bytes, 4 * RECORD * r.passes);
        cell.lasting_ns = 0;
        run_cell(&b, &cell, &r);
        assert_int_equal(r.passes, 1);
    }
    end(&b);
}

static void what_is_written_is_in_the_cache_and_what_is_dropped_is_not(void **state)
{
    struct bench b;
    struct err e = { 0 };
    struct file_cache cache;
    struct file_result r;
    begin(&b, *state, FILE_MODE_CACHED, RECORDS);
    assert_true(file_cell_fill(&b.file, -1, &e));
    assert_true(file_cache_look(b.file.fd, &cache, &e));
    assert_int_equal(cache.pages, RECORDS * RECORD / sysconf(_SC_PAGESIZE));
    assert_int_equal(cache.resident, cache.pages);
    if (!file_cache_drop(b.file.fd, &e)) {
        print_message("skip: %s\n", e.text);
        end(&b);
        skip();
    }
    assert_true(file_cache_look(b.file.fd, &cache, &e));
    assert_int_equal(cache.resident, 0);

    const struct file_cell read = { .method = FILE_READ, .is_cold = true }, warm = { .method = FILE_READ };
    const struct file_cell again = { .method = FILE_REREAD, .is_cold = true };
    run_cell(&b, &read, &r);
    assert_int_equal(r.resident_before, 0);
    assert_int_equal(r.pages_before, cache.pages);
    run_cell(&b, &again, &r); /* what was just read is still there */
    assert_int_equal(r.resident_before, cache.pages);
    run_cell(&b, &warm, &r);
    assert_int_equal(r.resident_before, cache.pages);
    end(&b);
}

static void a_file_system_in_memory_cannot_be_cold(void **unused)
{
    (void)unused;
    struct bench b;
    struct err e = { 0 };
    struct file_result r;
    if (access("/dev/shm", W_OK) != 0)
        skip();
    begin(&b, "/dev/shm", FILE_MODE_CACHED, 3);
    assert_true(file_cell_fill(&b.file, -1, &e));
    assert_false(file_cell_prepare(&b.file, &(struct file_cell){ .method = FILE_READ, .is_cold = true }, &r, &e));
    assert_non_null(strstr(e.text, "cache: cold"));
    assert_non_null(strstr(e.text, "3 of 3 pages"));
    end(&b);
}

/* ---- what is in the way ---- */

static void refused(const char *dir, const char *why)
{
    struct file_place place;
    struct err e = { 0 };
    assert_false(file_place_open(&place, dir, &e));
    if (!strstr(e.text, why) || !strstr(e.text, dir))
        fail_msg("'%s' does not say '%s'", e.text, why);
    assert_int_equal(e.exit, ERR_USAGE);
}

static void directories_that_do_not_do_are_told(void **state)
{
    char path[300];
    refused("/nowhere/at/all", "there is none on this node");
    snprintf(path, sizeof path, "%s/file", (char *)*state);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    refused(path, "that is not a directory");
    struct file_place place;
    struct err e = { 0 };
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_false(file_place_open(&place, path, &e));
    assert_non_null(strstr(e.text, "too long"));
    refused("/proc", "");
}

static void a_user_without_the_right_is_told(void **state)
{
    struct err e = { 0 };
    struct file_place place = { .fd = -1 };
    snprintf(place.path, sizeof place.path, "%s", (char *)*state);
    assert_false(file_place_fault(&place, EACCES, "made", &e));
    assert_non_null(strstr(e.text, "may not make files"));
    assert_false(file_place_fault(&place, EROFS, "made", &e));
    assert_non_null(strstr(e.text, "read-only"));
    assert_false(file_place_fault(&place, ENOSPC, "written", &e));
    assert_non_null(strstr(e.text, "no space is left while a file is written"));
    assert_false(file_place_fault(&place, EIO, "read", &e));
    assert_non_null(strstr(e.text, "while a file is read: Input/output error"));
}

/* Of a process that is gone, never of one that is there, nor anybody else's file. */
static void what_a_killed_process_left_is_gone_at_the_next_start(void **state)
{
    const char *dir = *state;
    static const char *const KEPT[] = { ".tare-file-", ".tare-file-x-0", ".tare-file-0-0", "tare-file-99-0" };
    struct file_place place;
    struct err e = { 0 };
    char path[256], own[256];
    pid_t gone = fork();
    if (gone == 0)
        _exit(0);
    assert_int_equal(waitpid(gone, NULL, 0), gone);
    snprintf(path, sizeof path, "%s/.tare-file-%ld-7", dir, (long)gone);
    snprintf(own, sizeof own, "%s/.tare-file-%ld-7", dir, (long)getpid());
    close(open(path, O_CREAT | O_WRONLY, 0600));
    close(open(own, O_CREAT | O_WRONLY, 0600));
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        char other[256];
        snprintf(other, sizeof other, "%s/%s", dir, KEPT[i]);
        close(open(other, O_CREAT | O_WRONLY, 0600));
    }
    assert_true(file_place_open(&place, dir, &e));
    file_place_close(&place);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(own, F_OK), 0);
    unlink(own);
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, KEPT[i]);
        assert_int_equal(access(path, F_OK), 0);
        unlink(path);
    }
}

static void what_a_place_can_give_is_measured_by_whole_passes(void **state)
{
    struct file_place place;
    struct file_result r[FILE_CEILING_COUNT];
    struct err e = { 0 };
    int cancelled[2];
    assert_true(file_place_open(&place, *state, &e));
    assert_true(file_ceilings(&place, 256 * 1024, -1, r, &e));
    for (int i = FILE_CEILING_CACHE_WRITE; i < FILE_CEILING_COUNT; i++) {
        assert_true(r[i].passes > 0 && r[i].elapsed_ns > 0);
        assert_int_equal(r[i].bytes, r[i].passes * 256 * 1024);
    }
    assert_int_equal(pipe(cancelled), 0);
    assert_int_equal(write(cancelled[1], "x", 1), 1);
    assert_false(file_ceilings(&place, 1024 * 1024, cancelled[0], r, &e));
    assert_int_equal(e.exit, ERR_INTERRUPTED);
    close(cancelled[0]), close(cancelled[1]);
    file_place_close(&place);
}

static void more_than_there_is_room_for_is_told_before(void **state)
{
    struct file_place place;
    struct err e = { 0 };
    assert_true(file_place_open(&place, *state, &e));
    assert_true(file_place_has_room(&place, 1, &e));
    assert_false(file_place_has_room(&place, INT64_C(1) << 60, &e));
    assert_non_null(strstr(e.text, "the files take 1048576TiB, and only "));
    file_place_close(&place);
}

static bool is_mounted(const char *fs, const char *dir, unsigned long flags, const char *options)
{
    if (mount(fs, dir, fs, flags, options) == 0)
        return true;
    print_message("%s cannot be mounted: %s\n", fs, strerror(errno));
    return false;
}

/* A small tmpfs stands for a disk that runs full; it needs the right to mount. Of a record of three pages the disk has
 * room for one at the end: what fits of it is written, again and again if it is begun anew. */
static void a_disk_that_runs_full_is_one_clear_line(void **state)
{
    static const enum file_method METHODS[] = { FILE_WRITE, FILE_FWRITE, FILE_PWRITE };
    static const size_t RECORD_BYTES[] = { RECORD, 3 * RECORD };
    struct bench b;
    struct file_pass p;
    if (!is_mounted("tmpfs", *state, 0, "size=64k"))
        skip();
    alarm(60);
    for (size_t size = 0; size < 2; size++) {
        begin(&b, *state, FILE_MODE_CACHED, RECORDS);
        file_release(&b.file);
        b.file.record_bytes = RECORD_BYTES[size];
        assert_true(file_make(&b.file, NULL));
        for (size_t i = 0; i < 3; i++) {
            struct err e = { 0 };
            if (METHODS[i] == FILE_PWRITE) /* makes no file of its own */
                assert_true(file_pass_prepare(&b.file, FILE_WRITE, &e));
            assert_true(file_pass_prepare(&b.file, METHODS[i], &e));
            assert_false(file_pass_run(&b.file, METHODS[i], &p, &e));
            assert_non_null(strstr(e.text, "no space is left while a file is written"));
            assert_int_equal(e.exit, ERR_USAGE);
        }
        end(&b);
    }
    alarm(0);
    assert_int_equal(umount(*state), 0);
}

static void a_directory_that_is_mounted_read_only_is_told(void **state)
{
    struct file_place place;
    struct err e = { 0 };
    if (!is_mounted("tmpfs", *state, MS_RDONLY, NULL))
        skip();
    bool is_open = file_place_open(&place, *state, &e);
    assert_int_equal(umount(*state), 0);
    assert_false(is_open);
    assert_non_null(strstr(e.text, "mounted read-only"));
    assert_non_null(strstr(e.text, *state));
}

/* A ramfs has none; a tmpfs has one since Linux 6.6. */
static void a_file_system_without_o_direct_is_told_and_has_the_other_modes(void **state)
{
    struct file_place place;
    struct err e = { 0 };
    int fd = -1;
    if (!is_mounted("ramfs", *state, 0, NULL))
        skip();
    assert_true(file_place_open(&place, *state, &e));
    assert_false(file_place_new_file(&place, FILE_MODE_DIRECT, &fd, &e));
    assert_non_null(strstr(e.text, "has no O_DIRECT: choose another mode or directory"));
    assert_int_equal(e.exit, ERR_USAGE);
    assert_true(file_place_new_file(&place, FILE_MODE_SYNC, &fd, &e));
    close(fd);
    file_place_close(&place);
    assert_int_equal(umount(*state), 0);
}

/* ---- orders ---- */

static void every_order_visits_each_record_once(void **unused)
{
    (void)unused;
    static unsigned char seen[4100];
    static const uint64_t COUNTS[] = { 1, 2, 3, 16, 17, 18, 33, 34, 35, 255, 256, 257, 289, 4099 };
    for (size_t c = 0; c < sizeof COUNTS / sizeof *COUNTS; c++)
        for (int method = 0; method < FILE_METHOD_COUNT; method++) {
            struct file_walk walk = file_walk_begin((enum file_method)method, COUNTS[c], 3);
            memset(seen, 0, sizeof seen);
            for (uint64_t i = 0; i < COUNTS[c]; i++) {
                uint64_t record = file_walk_next(&walk);
                assert_true(record < COUNTS[c]);
                seen[record]++;
            }
            for (uint64_t i = 0; i < COUNTS[c]; i++)
                if (method != FILE_RECORD_REWRITE)
                    assert_int_equal(seen[i], 1);
            if (method == FILE_RECORD_REWRITE)
                assert_int_equal(seen[0], (unsigned char)COUNTS[c]);
        }
}

static void strides_are_17_records_wide(void **unused)
{
    (void)unused;
    struct file_walk walk = file_walk_begin(FILE_STRIDE_READ, 40, 1);
    static const uint64_t FIRST[] = { 0, 17, 34, 1, 18, 35, 2 };
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(file_walk_next(&walk), FIRST[i]);
}

static void a_random_order_is_the_seeds_and_no_run_of_neighbours(void **unused)
{
    (void)unused;
    enum { COUNT = 5000 };
    struct permutation one = permutation_begin(COUNT, 1), same = permutation_begin(COUNT, 1),
                       other = permutation_begin(COUNT, 2);
    uint64_t before = COUNT;
    int neighbours = 0, alike = 0, even_then_odd = 0;
    for (int i = 0; i < COUNT; i++) {
        uint64_t number = permutation_next(&one);
        assert_int_equal(permutation_next(&same), number);
        alike += permutation_next(&other) == number;
        neighbours += number == before + 1 || number + 1 == before;
        even_then_odd += (int)((number ^ before) & 1);
        before = number;
    }
    assert_true(neighbours < 30 && alike < 30); /* 2 and 1 are to be expected */
    assert_true(even_then_odd > COUNT * 2 / 5 && even_then_odd < COUNT * 3 / 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_method_moves_the_file_once_and_counts_it, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(each_reading_method_reads_every_record, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(each_writing_method_writes_every_record_but_the_one_that_repeats_the_first,
                                        tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(methods_that_make_a_file_leave_the_old_one_and_others_keep_it, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(all_modes_go_through_all_methods, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_pass_that_is_stopped_is_not_whole, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_cell_repeats_until_it_has_lasted, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(what_is_written_is_in_the_cache_and_what_is_dropped_is_not, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test(a_file_system_in_memory_cannot_be_cold),
        cmocka_unit_test_setup_teardown(directories_that_do_not_do_are_told, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_user_without_the_right_is_told, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(what_a_killed_process_left_is_gone_at_the_next_start, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(what_a_place_can_give_is_measured_by_whole_passes, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_is_told_before, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_disk_that_runs_full_is_one_clear_line, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_directory_that_is_mounted_read_only_is_told, tempdir_make, tempdir_remove),
        cmocka_unit_test_setup_teardown(a_file_system_without_o_direct_is_told_and_has_the_other_modes, tempdir_make,
                                        tempdir_remove),
        cmocka_unit_test(every_order_visits_each_record_once),
        cmocka_unit_test(strides_are_17_records_wide),
        cmocka_unit_test(a_random_order_is_the_seeds_and_no_run_of_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
