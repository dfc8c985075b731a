/* micro_options.h - the workload `micro`: its options, and what its laps tell. */
#ifndef TARE_MICRO_OPTIONS_H
#define TARE_MICRO_OPTIONS_H

#include "catalogue/catalogue.h"
#include "catalogue/micro_test.h"

struct micro_options {
    struct workload_times times; /* length: of each test */
    int test;                    /* 0: all, else enum micro_test_id + 1 */
    char directory[256];
};

/* of a lap, which is one test; its times are of samples, each the mean of a batch */
#define MICRO_COUNTERS(X) X(SAMPLES, "samples") X(ELAPSED, "elapsed_ns") X(CPU, "cpu_ns")
#define MICRO_COUNTER_ENUM(NAME, word) MICRO_COUNTER_##NAME,
enum micro_counter { MICRO_COUNTERS(MICRO_COUNTER_ENUM) MICRO_COUNTER_COUNT };

extern const struct schema MICRO_SCHEMA;
extern const struct lap_kind MICRO_LAPS;

static inline bool micro_runs_test(const struct micro_options *o, int test)
{
    return o->test == 0 || o->test == test + 1;
}

struct workload_time micro_time(const void *options);

#endif
