/* The options of the workloads that do several things: what they run, and how long that takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/words.h"
#include "catalogue/cpu_options.h"
#include "catalogue/file_options.h"
#include "catalogue/micro_options.h"

static struct file_options file_defaults(void)
{
    struct file_options o;
    schema_defaults(&FILE_SCHEMA, &o);
    return o;
}

/* IOzone prints 99 lines with -a -g 64m, and 126 with its default of 512 MiB. */
static void the_matrix_is_iozones(void **unused)
{
    (void)unused;
    static const int CELLS_OF_ROW[] = { 5, 6, 7, 8, 9, 10, 11, 12, 13, 9, 9, 9, 9, 9 };
    struct file_options o = file_defaults();
    o.cells = FILE_CELLS_ALL;
    int64_t file = 0, record = 0, row_file = 0;
    int row = -1, cells = 0, all = 0;
    while (file_next_cell(&o, &file, &record)) {
        if (file != row_file) {
            if (row >= 0)
                assert_int_equal(cells, CELLS_OF_ROW[row]);
            row++;
            cells = 0;
            row_file = file;
            assert_int_equal(file, INT64_C(65536) << row);
            assert_int_equal(record, file > 16 << 20 ? 65536 : 4096);
        }
        assert_true(record <= file && file % record == 0);
        cells++;
        if (++all == 99)
            assert_true(file == 64 << 20 && record == 16 << 20);
    }
    assert_int_equal(row, 13);
    assert_int_equal(cells, 9);
    assert_int_equal(all, 126);
    assert_true(file == 512 << 20 && record == 16 << 20);
    assert_false(file_next_cell(&o, &file, &record));
    o.largest_bytes = 100 * 1024; /* between two */
    for (file = record = 0, all = 0; file_next_cell(&o, &file, &record);)
        all++;
    assert_int_equal(all, 5);
}

static void one_cell_is_as_given(void **unused)
{
    (void)unused;
    struct file_options o = file_defaults();
    int64_t file = 0, record = 0;
    assert_true(file_next_cell(&o, &file, &record));
    assert_true(file == 64 << 20 && record == 64 << 10);
    assert_false(file_next_cell(&o, &file, &record));
}

static void direct_leaves_stdio_out_unless_it_is_asked_for(void **unused)
{
    (void)unused;
    struct file_options o = file_defaults();
    for (int mode = 0; mode < FILE_MODE_COUNT; mode++)
        for (int i = 0; i < FILE_METHOD_COUNT; i++) {
            o.mode = mode;
            assert_int_equal(file_runs_method(&o, (enum file_method)i),
                             mode != FILE_MODE_DIRECT || !FILE_METHOD_TABLE[i].by_stdio);
        }
    o.mode = FILE_MODE_DIRECT;
    o.method = FILE_FREAD + 1;
    assert_true(file_runs_method(&o, FILE_FREAD));
    assert_false(file_runs_method(&o, FILE_READ));
}

/* What is chosen by a word is what has that word as its name. */
static void choices_name_their_tests(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILE_METHOD_COUNT; i++) {
        assert_int_equal(words_index(schema_field(&FILE_SCHEMA, "method")->choices, FILE_METHOD_TABLE[i].name), i + 1);
        assert_int_equal(words_index(FILE_LAPS.tests, FILE_METHOD_TABLE[i].name), i);
    }
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        assert_int_equal(words_index(schema_field(&CPU_SCHEMA, "test")->choices, CPU_TEST_TABLE[i].name), i + 1);
        assert_int_equal(words_index(CPU_LAPS.tests, CPU_TEST_TABLE[i].name), i);
    }
    for (int i = 0; i < MICRO_TEST_COUNT; i++) {
        assert_int_equal(words_index(schema_field(&MICRO_SCHEMA, "test")->choices, MICRO_TEST_TABLE[i].name), i + 1);
        assert_int_equal(words_index(MICRO_LAPS.tests, MICRO_TEST_TABLE[i].name), i);
    }
    for (int i = 0; i < FILE_MODE_COUNT; i++)
        assert_int_equal(words_index(schema_field(&FILE_SCHEMA, "mode")->choices, FILE_MODE_NAMES[i]), i);
    assert_int_equal(words_index(FILE_LAPS.counters, "resident_before"), FILE_COUNTER_COUNT - 1);
    assert_true((int)FILE_COUNTER_COUNT <= (int)LAP_COUNTERS_MAX);
}

static void more_work_takes_more_time(void **unused)
{
    (void)unused;
    struct file_options few = file_defaults(), many = few;
    struct cpu_options cpu, ten;
    many.cells = FILE_CELLS_ALL;
    many.method = 0;
    few.method = 1;
    assert_true(file_time(&many).usual_ns > 10 * file_time(&few).usual_ns);
    assert_true(file_time(&many).prepare_ns > file_time(&few).prepare_ns);
    schema_defaults(&CPU_SCHEMA, &ten);
    cpu = ten;
    cpu.test = 1;
    assert_true(cpu_time(&ten).usual_ns == 10 * cpu_time(&cpu).usual_ns);
    assert_true(cpu_time(&ten).usual_ns >= 10 * 5 * ten.times.length_ns);
    const struct workload_info *w;
    for (size_t i = 0; (w = catalogue_entry(i)); i++) {
        void *options = malloc(w->options->size);
        assert_non_null(options);
        schema_defaults(w->options, options);
        struct workload_time time = catalogue_time(w, options);
        assert_true(time.prepare_ns >= clock_ms(15000) && time.usual_ns > 0 && time.most_ns >= time.usual_ns);
        assert_int_equal(w->kind == WORKLOAD_LAPS, w->laps && w->time);
        free(options);
    }
}

static void a_signature_changes_with_what_laps_tell(void **unused)
{
    (void)unused;
    const struct workload_info *cpu = catalogue_find("cpu");
    struct workload_info other = *cpu;
    struct lap_kind laps = *cpu->laps;
    other.laps = &laps;
    assert_true(catalogue_signature(&other) == catalogue_signature(cpu));
    laps.counters = "amount|elapsed_ns";
    assert_true(catalogue_signature(&other) != catalogue_signature(cpu));
    laps = *cpu->laps;
    laps.tests = "numeric_sort";
    assert_true(catalogue_signature(&other) != catalogue_signature(cpu));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_iozones),
        cmocka_unit_test(one_cell_is_as_given),
        cmocka_unit_test(direct_leaves_stdio_out_unless_it_is_asked_for),
        cmocka_unit_test(choices_name_their_tests),
        cmocka_unit_test(more_work_takes_more_time),
        cmocka_unit_test(a_signature_changes_with_what_laps_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
