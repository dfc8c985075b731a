/* compile_options.h - the workload `compile`: its options, and what its lap tells. */
#ifndef TARE_COMPILE_OPTIONS_H
#define TARE_COMPILE_OPTIONS_H

#include "catalogue/catalogue.h"

enum { COMPILE_JOBS_MOST = 1024, COMPILE_WARMUPS_MOST = 10 };

struct compile_options {
    struct workload_times times; /* not asked for: a build ends by itself */
    char source[256];            /* the tree, as the coordinator's tree_source.h has it */
    char config[128];            /* of a kernel: a target that configures it, or a file of the tree */
    char target[128];            /* "": all */
    char command[256];           /* in words */
    int64_t jobs;                /* 0: as many as the node has CPUs */
    int64_t warmups;             /* builds that are thrown away first */
    int64_t limit_ns;            /* of making ready, and of the build */
    char directory[256];         /* where it builds */
};

/* of the lap, which is the one build. Times are those of the whole process tree; `entry` is from T to its first
 * operation; `preloaded`: 1 where it was held in front of `main` (gate.h), 0 where it was executed at T. */
#define COMPILE_COUNTERS(X) \
    X(REAL, "real_ns")      \
    X(USER, "user_ns")      \
    X(SYS, "sys_ns")        \
    X(ENTRY, "entry_ns")    \
    X(STEPS, "steps")       \
    X(PEAK, "peak_bytes")   \
    X(JOBS, "jobs")         \
    X(PRELOADED, "preloaded")
#define COMPILE_COUNTER_ENUM(NAME, word) COMPILE_COUNTER_##NAME,
enum compile_counter { COMPILE_COUNTERS(COMPILE_COUNTER_ENUM) COMPILE_COUNTER_COUNT };

extern const struct schema COMPILE_SCHEMA;
extern const struct lap_kind COMPILE_LAPS;

struct workload_time compile_time(const void *options);
const char *compile_source(const void *options);

#endif
