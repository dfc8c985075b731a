/* file_options.h - the workload `file_io`: its options, and what its laps tell. */
#ifndef TARE_FILE_OPTIONS_H
#define TARE_FILE_OPTIONS_H

#include "catalogue/catalogue.h"
#include "catalogue/file_method.h"

enum file_cells { FILE_CELLS_ONE, FILE_CELLS_ALL };
enum file_temperature { FILE_WARM, FILE_COLD };

struct file_options {
    struct workload_times times; /* length: passes are repeated until they took so long */
    char directory[256];         /* "": /var/tmp */
    int method;                  /* 0: all, else enum file_method + 1 */
    int mode;                    /* enum file_mode */
    int cache;                   /* enum file_temperature */
    int cells;                   /* enum file_cells */
    int64_t file_bytes, record_bytes, largest_bytes;
    int64_t threads;
};

enum { FILE_THREADS_MOST = 32 };

/* of a lap: one method on one file, as often as it took */
#define FILE_COUNTERS(X)            \
    X(FILE_BYTES, "file_bytes")     \
    X(RECORD_BYTES, "record_bytes") \
    X(PASSES, "passes")             \
    X(BYTES, "bytes")               \
    X(OPERATIONS, "operations")     \
    X(ELAPSED, "elapsed_ns")        \
    X(CPU, "cpu_ns")                \
    X(PAGES, "pages_before")        \
    X(RESIDENT, "resident_before")
#define FILE_COUNTER_ENUM(NAME, word) FILE_COUNTER_##NAME,
enum file_counter { FILE_COUNTERS(FILE_COUNTER_ENUM) FILE_COUNTER_COUNT };

/* Beside its methods: what the place can give, by records of 1 MiB, which is measured before the start. Their laps are
 * tests behind the methods. */
#define FILE_CEILINGS(X)            \
    X(DEVICE_WRITE, "device_write") \
    X(DEVICE_READ, "device_read")   \
    X(CACHE_WRITE, "cache_write")   \
    X(CACHE_READ, "cache_read")
#define FILE_CEILING_ENUM(NAME, name) FILE_CEILING_##NAME,
enum file_ceiling { FILE_CEILINGS(FILE_CEILING_ENUM) FILE_CEILING_COUNT };

extern const struct schema FILE_SCHEMA;
extern const struct lap_kind FILE_LAPS;

/* Whether the step runs a method: O_DIRECT and stdio do not go together, so that `all` leaves it out there. */
bool file_runs_method(const struct file_options *options, enum file_method method);

/* The sizes that are gone through: from (0, 0) to the first, then one by one; false past the last, and nothing has
 * changed. With cells: all these are IOzone's of its automatic mode: files and records double, a record is at most its
 * file, files above 16 MiB take no record below 64 KiB. */
bool file_next_cell(const struct file_options *options, int64_t *file_bytes, int64_t *record_bytes);

struct workload_time file_time(const void *options);

/* `file` where it is no multiple of `record`, `method` where stdio shall go by O_DIRECT (catalogue.h). */
const char *file_misfit(const void *options, struct err *e);

/* IOzone's automatic mode as a matrix, a trial a cell; `cells: all` goes through it in one. */
extern const struct workload_matrix FILE_MATRIX;

#endif
