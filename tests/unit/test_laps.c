/* From the laps of a workload to its figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/bytes.h"
#include "catalogue/boot_options.h"
#include "catalogue/cpu_options.h"
#include "catalogue/file_options.h"
#include "catalogue/micro_options.h"
#include "result/file_path.h"
#include "result/laps.h"
#include "stats/hist.h"

/* A node whose clock nobody relates to the coordinator's, with so many threads. */
static struct raw_trial trial_of(const char *workload, const void *options, uint32_t threads)
{
    struct raw_trial raw = { .kind = RAW_LAPS, .workload = catalogue_find(workload), .options = options };
    raw.nodes = calloc(1, sizeof *raw.nodes);
    raw.node_count = 1;
    for (uint32_t flow = 0; flow < threads; flow++)
        assert_non_null(raw_add_end(&raw, 0, 0, STREAM_LOAD, 0, flow));
    return raw;
}

static struct message_lap message_of(const struct raw_trial *raw, uint32_t test, uint32_t number,
                                     const int64_t *counters)
{
    struct message_lap m = { .test = test, .number = number, .first_ns = 1000, .last_ns = 2000 };
    m.counters_size = raw->workload->laps->counter_count * sizeof(int64_t);
    for (uint32_t i = 0; i < raw->workload->laps->counter_count; i++)
        bytes_put(m.counters + i * sizeof(int64_t), sizeof(int64_t), (uint64_t)counters[i]);
    return m;
}

static void add(struct raw_trial *raw, uint32_t flow, uint32_t test, uint32_t number, const int64_t *counters)
{
    struct err e = { 0 };
    static struct message_lap m;
    m = message_of(raw, test, number, counters);
    if (!raw_add_lap(raw_end(raw, 0, 0, flow), raw->workload->laps, &m, &e))
        fail_msg("%s", e.text);
}

static double value_of(const struct stream *s, const char *name)
{
    const struct figure *f = stream_figure(s, name, WINDOW_WHOLE, FIGURE_ON_OWN);
    return f ? f->value : NAN;
}

static void is(const struct stream *s, const char *name, double value)
{
    if (!(fabs(value_of(s, name) - value) <= 1e-9 * fabs(value)))
        fail_msg("%s is %.12g instead of %.12g", name, value_of(s, name), value);
}

static void done(struct raw_trial *raw, struct stream *s)
{
    free(s->figures);
    raw_clear(raw);
}

static void a_tests_rate_is_the_mean_of_its_runs_and_the_sum_of_its_threads(void **unused)
{
    (void)unused;
    struct cpu_options o;
    struct stream s = { 0 };
    schema_defaults(&CPU_SCHEMA, &o);
    struct raw_trial raw = trial_of("cpu", &o, 2);
    /* 2 and 4 a second in the first run, 4 and 6 in the second: 6 and 10 together */
    add(&raw, 0, CPU_TEST_IDEA, 0, (const int64_t[]){ 4, 2000000000, 1000000000 });
    add(&raw, 1, CPU_TEST_IDEA, 0, (const int64_t[]){ 8, 2000000000, 2000000000 });
    add(&raw, 0, CPU_TEST_IDEA, 1, (const int64_t[]){ 4, 1000000000, 1000000000 });
    add(&raw, 1, CPU_TEST_IDEA, 1, (const int64_t[]){ 6, 1000000000, 1000000000 });
    /* cut short: one thread has not told */
    add(&raw, 0, CPU_TEST_IDEA, 2, (const int64_t[]){ 100, 1000000000, 1000000000 });
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    is(&s, "idea", 8);
    is(&s, "idea_runs", 2);
    is(&s, "idea_half_width", 12.7062 * 2 / 8); /* deviation sqrt(8) over sqrt(2), by Student */
    is(&s, "idea_cpu", 5.0 / 6);
    assert_true(isnan(value_of(&s, "int_k6"))); /* its other tests were not run */
    assert_true(isnan(value_of(&s, "huffman")));
    assert_null(stream_figure(&s, "idea", WINDOW_WHOLE, FIGURE_ON_COORDINATOR)); /* its clock is not known */
    assert_string_equal(stream_figure(&s, "idea", WINDOW_WHOLE, FIGURE_ON_OWN)->unit, "loops/s");
    struct stream other = { 0 };
    assert_true(laps_add(&raw, &raw.ends[1], &other));
    assert_int_equal(other.figure_count, 0);
    done(&raw, &s);
}

static void all_tests_make_the_indexes_which_come_first(void **unused)
{
    (void)unused;
    struct cpu_options o;
    struct stream s = { 0 };
    schema_defaults(&CPU_SCHEMA, &o);
    o.times.length_ns = 200 * 1000 * 1000;
    struct raw_trial raw = trial_of("cpu", &o, 1);
    strcpy(raw.ends[0].stream.route, "GCC 12");
    for (uint32_t test = 0; test < CPU_TEST_COUNT; test++)
        for (uint32_t run = 0; run < 5; run++) /* twice a K6/233, in 100 s so that whole units do */
            add(&raw, 0, test, run,
                (const int64_t[]){ llround(200000 * CPU_TEST_TABLE[test].base[CPU_BASE_K6]), INT64_C(100000000000000),
                                   1 });
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    assert_true(fabs(value_of(&s, "mem_k6") - 2) < 1e-3 && fabs(value_of(&s, "int_k6") - 2) < 1e-3 &&
                fabs(value_of(&s, "fp_k6") - 2) < 1e-3);
    assert_true(value_of(&s, "mem_p90") > 9.8 && value_of(&s, "mem_p90") < 9.9);
    assert_string_equal(s.figures[0].name, "mem_k6");
    assert_string_equal(s.figures[0].path, "quick (runs of 200ms); GCC 12"); /* shorter than Nbench's */
    done(&raw, &s);
}

static void a_methods_rate_says_what_its_bytes_went_through(void **unused)
{
    (void)unused;
    static const struct {
        int mode;
        enum file_method method;
        int64_t pages, resident;
        const char *path;
    } CASES[] = {
        { FILE_MODE_CACHED, FILE_READ, 100, 100, "cached; ext4 on vda" },
        { FILE_MODE_CACHED, FILE_READ, 1000, 370, "page cache, 37 % in it before; ext4 on vda" },
        { FILE_MODE_CACHED, FILE_READ, 100, 0, "page cache, 0 % in it before; ext4 on vda" },
        { FILE_MODE_CACHED, FILE_WRITE, 0, 0, "cached, not flushed; ext4 on vda" },
        { FILE_MODE_FLUSHED, FILE_WRITE, 0, 0, "page cache, flushed in time; ext4 on vda" },
        { FILE_MODE_SYNC, FILE_REWRITE, 100, 100, "O_SYNC; ext4 on vda" },
        { FILE_MODE_DIRECT, FILE_READ, 100, 0, "O_DIRECT; ext4 on vda" },
        { FILE_MODE_DIRECT, FILE_WRITE, 0, 0, "O_DIRECT; ext4 on vda" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct file_options o;
        struct stream s = { 0 };
        schema_defaults(&FILE_SCHEMA, &o);
        o.mode = CASES[i].mode;
        struct raw_trial raw = trial_of("file_io", &o, 2);
        strcpy(raw.ends[0].stream.route, "ext4 on vda");
        for (uint32_t flow = 0; flow < 2; flow++)
            add(&raw, flow, CASES[i].method, 0,
                (const int64_t[]){ 1048576, 65536, 3, 3000000, 48, 1000000, 500000, CASES[i].pages,
                                   CASES[i].resident });
        assert_true(laps_add(&raw, &raw.ends[0], &s));
        const char *name = FILE_METHOD_TABLE[CASES[i].method].name;
        is(&s, name, 6e9); /* 3 MB in 1 ms, twice */
        assert_string_equal(stream_figure(&s, name, WINDOW_WHOLE, FIGURE_ON_OWN)->path, CASES[i].path);
        char beside[64];
        snprintf(beside, sizeof beside, "%s_passes", name);
        is(&s, beside, 6);
        snprintf(beside, sizeof beside, "%s_cpu", name);
        is(&s, beside, 1.0 / 6);
        done(&raw, &s);
    }
}

/* The host's half of the way is that of the disk which the guest's device is, or is a part of. */
static void a_guests_path_goes_on_through_its_host(void **unused)
{
    (void)unused;
    static const char IN[] = "ext4 (rw) on vda1 (virtio, virtual)", REAL[] = "xfs (rw) on nvme0n1 (nvme)";
    static const struct {
        int mode;
        const char *route, *disks, *path;
    } CASES[] = {
        { FILE_MODE_DIRECT, IN, "vda|raw, cache=none, io=native|xfs (rw) on nvme0n1 (nvme)\n",
          "direct; ext4 (rw) on vda1 (virtio, virtual) | raw, cache=none, io=native | xfs (rw) on nvme0n1 (nvme)" },
        { FILE_MODE_DIRECT, IN, "vdb|x|y\nvda|raw, cache=writeback, io=threads|xfs (rw) on nvme0n1 (nvme)\n",
          "O_DIRECT, cached by its host; ext4 (rw) on vda1 (virtio, virtual) | raw, cache=writeback, io=threads | "
          "xfs (rw) on nvme0n1 (nvme)" },
        { FILE_MODE_DIRECT, IN, "vda|raw, cache=none, io=native|ext4 (rw) on vda (virtio, virtual)\n",
          "O_DIRECT; ext4 (rw) on vda1 (virtio, virtual) | raw, cache=none, io=native | ext4 (rw) on vda (virtio, "
          "virtual)" },
        { FILE_MODE_DIRECT, IN, "vda|raw, cache=none, io=native|\n",
          "O_DIRECT; ext4 (rw) on vda1 (virtio, virtual) | raw, cache=none, io=native" },
        { FILE_MODE_DIRECT, IN, "vd|raw|z\n", "O_DIRECT; ext4 (rw) on vda1 (virtio, virtual)" },
        { FILE_MODE_DIRECT, REAL, "", "direct; xfs (rw) on nvme0n1 (nvme)" },
        { FILE_MODE_DIRECT, "xfs (rw) on sda (ata, virtual)", "", "O_DIRECT; xfs (rw) on sda (ata, virtual)" },
        { FILE_MODE_DIRECT, "tmpfs (rw) on tmpfs", "", "O_DIRECT; tmpfs (rw) on tmpfs" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct file_options o;
        struct stream s = { 0 };
        char place[512];
        schema_defaults(&FILE_SCHEMA, &o);
        o.mode = CASES[i].mode;
        struct raw_trial raw = trial_of("file_io", &o, 1);
        strcpy(raw.nodes[0].name, "guest");
        struct raw_watched *watched = raw_add_watched(&raw);
        strcpy(watched->use.guest, "other");
        strcpy(watched->use.disks, "vda|wrong|wrong\n");
        watched = raw_add_watched(&raw);
        strcpy(watched->use.guest, "guest");
        strcpy(watched->use.disks, CASES[i].disks);
        strcpy(raw.ends[0].stream.route, CASES[i].route);
        add(&raw, 0, FILE_PREAD, 0, (const int64_t[]){ 65536, 4096, 1, 65536, 16, 65536, 1, 16, 16 });
        assert_true(laps_add(&raw, &raw.ends[0], &s));
        const char *path = stream_figure(&s, "pread", WINDOW_WHOLE, FIGURE_ON_OWN)->path;
        assert_string_equal(path, CASES[i].path);
        file_way_place(path, place, sizeof place);
        if (*CASES[i].disks == 'v' && i < 2)
            assert_string_equal(place, REAL);
        done(&raw, &s);
    }
}

static void what_a_place_can_give_stands_beside_its_figures(void **unused)
{
    (void)unused;
    struct file_options o;
    struct stream s = { 0 };
    schema_defaults(&FILE_SCHEMA, &o);
    struct raw_trial raw = trial_of("file_io", &o, 2);
    add(&raw, 0, FILE_METHOD_COUNT + FILE_CEILING_DEVICE_READ, 0,
        (const int64_t[]){ 16777216, 1048576, 3, 50331648, 48, 100000000, 1, 1, 1 });
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    assert_int_equal(s.figure_count, 1);
    is(&s, "device_read_ceiling", 503316480);
    done(&raw, &s);
}

static void cells_of_a_matrix_are_named_by_their_sizes(void **unused)
{
    (void)unused;
    struct file_options o;
    struct stream s = { 0 };
    schema_defaults(&FILE_SCHEMA, &o);
    o.cells = FILE_CELLS_ALL;
    struct raw_trial raw = trial_of("file_io", &o, 1);
    add(&raw, 0, FILE_RECORD_REWRITE, 0, (const int64_t[]){ 65536, 4096, 1, 65536, 16, 65536, 1, 16, 16 });
    add(&raw, 0, FILE_RECORD_REWRITE, 1, (const int64_t[]){ 536870912, 16777216, 1, 1000, 32, 1000000, 1, 1, 1 });
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    is(&s, "record_rewrite/64KiB/4KiB", 1e9);
    is(&s, "record_rewrite/512MiB/16MiB", 1e6);
    is(&s, "record_rewrite/512MiB/16MiB_passes", 1);
    done(&raw, &s);
}

static void times_become_percentiles(void **unused)
{
    (void)unused;
    struct micro_options o;
    struct stream s = { 0 };
    static struct hist h;
    static struct message_lap m;
    struct err e = { 0 };
    schema_defaults(&MICRO_SCHEMA, &o);
    struct raw_trial raw = trial_of("micro", &o, 1);
    for (int i = 1; i <= 100; i++)
        hist_add(&h, i);
    m = message_of(&raw, MICRO_SYSCALL, 0, (const int64_t[]){ 100, 5050, 5050 });
    assert_false(raw_add_lap(&raw.ends[0], raw.workload->laps, &m, &e)); /* without its times */
    m.times_size = hist_pack(&h, m.times);
    assert_true(raw_add_lap(&raw.ends[0], raw.workload->laps, &m, &e));
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    is(&s, "syscall_p50", 50e-9);
    is(&s, "syscall_p99", 99e-9);
    is(&s, "syscall_min", 1e-9);
    is(&s, "syscall_mean", 50.5e-9);
    is(&s, "syscall_max", 100e-9);
    is(&s, "syscall_samples", 100);
    done(&raw, &s);
}

static void the_parts_of_a_guests_boot_are_seconds_and_its_stop_says_why_it_was_not_saved(void **unused)
{
    (void)unused;
    static const struct boot_options OPTIONS = { .saves = BOOT_SAVES_AUTO };
    struct raw_trial raw = trial_of("guest_boot", &OPTIONS, 1);
    struct stream s = { 0 };
    for (uint32_t lap = 0; lap < BOOT_LAP_COUNT; lap++)
        if (lap != BOOT_SAVE && lap != BOOT_RESTORE)
            add(&raw, 0, lap, 0, (const int64_t[]){ (lap + 1) * INT64_C(250000000) });
    strcpy(raw_end(&raw, 0, 0, 0)->stream.route, "not saved and restored: a daemon");
    assert_true(laps_add(&raw, &raw.ends[0], &s));
    is(&s, "start", 0.25);
    is(&s, "boot", 0.5);
    is(&s, "join", 0.75);
    is(&s, "stop", 1.5);
    assert_null(stream_main_figure(&s, "save"));
    assert_string_equal(stream_main_figure(&s, "stop")->path, "not saved and restored: a daemon");
    assert_string_equal(stream_main_figure(&s, "start")->path, "");
    assert_string_equal(stream_main_figure(&s, "start")->unit, "s");
    done(&raw, &s);
}

static void laps_that_make_no_sense_are_refused(void **unused)
{
    (void)unused;
    struct cpu_options o;
    static struct message_lap good, bad;
    struct err e = { 0 };
    schema_defaults(&CPU_SCHEMA, &o);
    struct raw_trial raw = trial_of("cpu", &o, 1);
    struct raw_end *end = &raw.ends[0];
    good = message_of(&raw, 3, 0, (const int64_t[]){ 1, 2, 3 });
    for (int i = 0; i < 6; i++) {
        bad = good;
        switch (i) {
        case 0: bad.test = CPU_TEST_COUNT; break;
        case 1: bad.first_ns = 0; break;
        case 2: bad.last_ns = bad.first_ns - 1; break;
        case 3: bad.counters_size -= 8; break;
        case 4: bytes_put(bad.counters + 8, 8, UINT64_MAX); break;
        default: bad.times_size = 5;
        }
        assert_false(raw_add_lap(end, raw.workload->laps, &bad, &e));
        assert_non_null(strstr(e.text, "makes no sense"));
        assert_int_equal(end->lap_count, 0);
    }
    assert_true(raw_add_lap(end, raw.workload->laps, &good, &e));
    assert_false(raw_add_lap(end, raw.workload->laps, &good, &e));
    assert_non_null(strstr(e.text, "the same lap again"));
    assert_ptr_equal(raw_lap(end, 3, 0), &end->laps[0]);
    assert_null(raw_lap(end, 3, 1));
    struct stream s = { 0 };
    done(&raw, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tests_rate_is_the_mean_of_its_runs_and_the_sum_of_its_threads),
        cmocka_unit_test(all_tests_make_the_indexes_which_come_first),
        cmocka_unit_test(a_methods_rate_says_what_its_bytes_went_through),
        cmocka_unit_test(a_guests_path_goes_on_through_its_host),
        cmocka_unit_test(what_a_place_can_give_stands_beside_its_figures),
        cmocka_unit_test(cells_of_a_matrix_are_named_by_their_sizes),
        cmocka_unit_test(times_become_percentiles),
        cmocka_unit_test(the_parts_of_a_guests_boot_are_seconds_and_its_stop_says_why_it_was_not_saved),
        cmocka_unit_test(laps_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
