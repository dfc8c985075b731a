#include "file_options.h"

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"

#define METHOD_WORD(NAME, name, ...) "|" name
#define MODE_WORD(NAME, name, doc) "|" name
#define COUNTER_WORD(NAME, word) "|" word
#define MS(n) (INT64_C(n) * CLOCK_NS_PER_MS)
#define KIB(n) (INT64_C(n) << 10)
#define MIB(n) (INT64_C(n) << 20)
#define AT(member) offsetof(struct file_options, member)

/* clang-format off */
static const struct field FIELDS[] = {
    { .key = "length", .kind = FIELD_DURATION, .offset = AT(times.length_ns), .min = 0, .max = MS(3600 * 1000), .fallback = "500ms",
      .doc = "each method goes through its file again until it took so long; 0 goes once" },
    { .key = "method", .kind = FIELD_CHOICE, .offset = AT(method), .choices = "all" FILE_METHODS(METHOD_WORD), .fallback = "all",
      .doc = "one of them, or all, one after the other" },
    { .key = "file", .kind = FIELD_SIZE, .offset = AT(file_bytes), .min = 512, .max = MIB(1024 * 1024), .fallback = "64MiB",
      .doc = "size of the file, a multiple of the record's; '2x memory' is twice the memory of the step's largest built-in guest" },
    { .key = "record", .kind = FIELD_SIZE, .offset = AT(record_bytes), .min = 512, .max = MIB(64), .fallback = "64KiB",
      .doc = "bytes that one call hands to the kernel" },
    { .key = "mode", .kind = FIELD_CHOICE, .offset = AT(mode), .choices = &FILE_MODES(MODE_WORD)[1], .fallback = "cached",
      .doc = "through the page cache; so, and flushed within the time; by O_DIRECT; by O_SYNC" },
    { .key = "cache", .kind = FIELD_CHOICE, .offset = AT(cache), .choices = "warm|cold", .fallback = "warm",
      .doc = "cold throws the file's pages out of the node's memory before each pass, and looks whether they are gone" },
    { .key = "cells", .kind = FIELD_CHOICE, .offset = AT(cells), .choices = "one|all", .fallback = "one",
      .doc = "file and record as given, or IOzone's matrix: files from 64KiB up, records of 4KiB to 16MiB, doubling" },
    { .key = "largest", .kind = FIELD_SIZE, .offset = AT(largest_bytes), .min = KIB(64), .max = MIB(1024 * 1024), .fallback = "512MiB",
      .doc = "of all cells the largest file" },
    { .key = "threads", .kind = FIELD_INT, .offset = AT(threads), .min = 1, .max = FILE_THREADS_MOST, .fallback = "1",
      .doc = "so many at once, each with a file of its own; every method begins together" },
    { .key = "directory", .kind = FIELD_TEXT, .offset = AT(directory), .capacity = 256, .fallback = "/var/tmp",
      .doc = "where on the node; its files have no name there and are gone with the agent" },
};
/* clang-format on */

const struct schema FILE_SCHEMA = { "file_io", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct file_options) };

const struct lap_kind FILE_LAPS = { .tests = &FILE_METHODS(METHOD_WORD) FILE_CEILINGS(COUNTER_WORD)[1],
                                    .counters = &FILE_COUNTERS(COUNTER_WORD)[1],
                                    .test_count = FILE_METHOD_COUNT + FILE_CEILING_COUNT,
                                    .counter_count = FILE_COUNTER_COUNT,
                                    .moves_bytes = true };

bool file_runs_method(const struct file_options *o, enum file_method method)
{
    if (o->method > 0)
        return o->method == (int)method + 1;
    return o->mode != FILE_MODE_DIRECT || !FILE_METHOD_TABLE[method].by_stdio;
}

/* ---- the matrix ---- */

static const int64_t LEAST_FILE = KIB(64), LEAST_RECORD = KIB(4), MOST_RECORD = MIB(16);
static const int64_t LARGE_FILE = MIB(16), LEAST_RECORD_OF_LARGE = KIB(64);

static int64_t first_record(int64_t file_bytes)
{
    return file_bytes > LARGE_FILE ? LEAST_RECORD_OF_LARGE : LEAST_RECORD;
}

static bool next_of_all(int64_t largest, int64_t *file_bytes, int64_t *record_bytes)
{
    int64_t file = *file_bytes, record = *record_bytes * 2;
    if (file == 0 || record > file || record > MOST_RECORD) {
        file = file == 0 ? LEAST_FILE : file * 2;
        record = first_record(file);
    }
    if (file > largest)
        return false;
    *file_bytes = file;
    *record_bytes = record;
    return true;
}

bool file_next_cell(const struct file_options *o, int64_t *file_bytes, int64_t *record_bytes)
{
    if (o->cells == FILE_CELLS_ALL)
        return next_of_all(o->largest_bytes, file_bytes, record_bytes);
    if (*file_bytes != 0)
        return false;
    *file_bytes = o->file_bytes;
    *record_bytes = o->record_bytes;
    return true;
}

static bool is_cell_of_all(const void *options)
{
    const struct file_options *o = options;
    return o->cells == FILE_CELLS_ONE && o->record_bytes >= first_record(o->file_bytes);
}

const struct workload_matrix FILE_MATRIX = { "iozone", "file=64KiB..512MiB record=4KiB..16MiB", is_cell_of_all };

const char *file_misfit(const void *options, struct err *e)
{
    const struct file_options *o = options;
    char file[32], record[32];
    if (o->cells == FILE_CELLS_ONE && o->file_bytes % o->record_bytes != 0) {
        err_set(e, ERR_USAGE, "file: %s is no multiple of the record's %s",
                units_print_size(o->file_bytes, file, sizeof file),
                units_print_size(o->record_bytes, record, sizeof record));
        return "file";
    }
    if (o->method > 0 && o->mode == FILE_MODE_DIRECT && FILE_METHOD_TABLE[o->method - 1].by_stdio) {
        err_set(e, ERR_USAGE, "method: %s goes by stdio, which mode: direct cannot: choose another of them",
                FILE_METHOD_TABLE[o->method - 1].name);
        return "method";
    }
    return NULL;
}

/* ---- time ---- */

/* A device that a person would still wait for, and one of today. */
enum { SLOW_BYTES_PER_S = 5 * 1000 * 1000, SLOW_RECORDS_PER_S = 50 };
enum { USUAL_BYTES_PER_S = 500 * 1000 * 1000, USUAL_RECORDS_PER_S = 5000 };

static int64_t pass_ns(int64_t file, int64_t record, int64_t bytes_per_s, int64_t records_per_s)
{
    double s = (double)file / (double)bytes_per_s + (double)file / (double)record / (double)records_per_s;
    return (int64_t)(s * 1e9);
}

struct workload_time file_time(const void *options)
{
    const struct file_options *o = options;
    bool waits = o->mode == FILE_MODE_DIRECT || o->mode == FILE_MODE_SYNC;
    int64_t methods = 0, largest = 0;
    struct workload_time time = { .most_ns = MS(60000) };
    for (int i = 0; i < FILE_METHOD_COUNT; i++)
        methods += file_runs_method(o, (enum file_method)i);
    for (int64_t file = 0, record = 0; file_next_cell(o, &file, &record);) {
        int64_t slow = pass_ns(file, record, SLOW_BYTES_PER_S, SLOW_RECORDS_PER_S);
        int64_t usual = pass_ns(file, record, USUAL_BYTES_PER_S, waits ? USUAL_RECORDS_PER_S : 1000 * 1000);
        time.most_ns += methods * o->threads * (6 * o->times.length_ns + 3 * slow);
        time.usual_ns += methods * (o->times.length_ns + o->times.length_ns / 4 + usual);
        largest = file > largest ? file : largest;
    }
    time.ready_ns = o->threads * pass_ns(largest, largest, USUAL_BYTES_PER_S, USUAL_RECORDS_PER_S);
    time.prepare_ns = MS(20000) + o->threads * pass_ns(largest, largest, SLOW_BYTES_PER_S, SLOW_RECORDS_PER_S);
    return time;
}
