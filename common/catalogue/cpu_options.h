/* cpu_options.h - the workload `cpu`: its options, and what its laps tell. */
#ifndef TARE_CPU_OPTIONS_H
#define TARE_CPU_OPTIONS_H

#include "catalogue/catalogue.h"
#include "catalogue/cpu_test.h"

struct cpu_options {
    struct workload_times times; /* length: of a run's work, at least */
    int test;                    /* 0: all, else enum cpu_test_id + 1 */
    int64_t threads;
    int64_t runs_least, runs_most;
    int64_t within_percent; /* the 95 % half-width of the mean that ends the runs */
};

enum { CPU_THREADS_MOST = 64, CPU_RUNS_MOST = 1000 };
/* What Nbench asks of a run; shorter ones are the quick form. */
#define CPU_FULL_RUN_NS (INT64_C(5) * 1000 * 1000 * 1000)

/* of a lap, which is one run of one test by one thread */
#define CPU_COUNTERS(X) X(AMOUNT, "amount") X(ELAPSED, "elapsed_ns") X(CPU, "cpu_ns")
#define CPU_COUNTER_ENUM(NAME, word) CPU_COUNTER_##NAME,
enum cpu_counter { CPU_COUNTERS(CPU_COUNTER_ENUM) CPU_COUNTER_COUNT };

extern const struct schema CPU_SCHEMA;
extern const struct lap_kind CPU_LAPS;

static inline bool cpu_runs_test(const struct cpu_options *o, int test) { return o->test == 0 || o->test == test + 1; }

struct workload_time cpu_time(const void *options);

/* `runs_least` where it is more than `runs_most` (catalogue.h). */
const char *cpu_misfit(const void *options, struct err *e);

#endif
