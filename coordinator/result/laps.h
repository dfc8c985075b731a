/* laps.h - figures of the workloads that do several things one after the other, from their laps. Pure.
 *
 * A step's figures are those of a node, its threads together, and stand with the stream of its first thread. By
 * the node's own clock, and by the coordinator's: a node's seconds are as long as the coordinator says.
 *
 *   file_io   bytes a second of each method, the sum over threads; ..._passes through the file, ..._cpu: CPU seconds
 *             of the threads a GB
 *   cpu       units a second of each test, the sum over threads, the mean of its runs; ..._runs, ..._half_width:
 *             of the mean's 95 % interval, as a share of it, ..._cpu: CPU time a second and thread; the indexes
 *             mem_k6, ... are those of cpu_test.h
 *   compile   real time of the build, user and system time of all its processes; cpus: (user + sys) / real; entry: from
 *             T to its first operation; steps: lines that it said; peak: the most memory that one of
 *             its processes had
 *   guest_boot   how long each of its parts took
 *   micro     percentiles of the times of each test, and least, mean and most
 */
#ifndef TARE_LAPS_H
#define TARE_LAPS_H

#include "result/raw.h"

/* Add them to the stream of a load end; those of another thread than the first have none. False when memory is
 * out. */
bool laps_add(const struct raw_trial *raw, const struct raw_end *load, struct stream *stream);

/* Keep the laps of an end as they came, whatever its figures are. False when memory is out. */
bool laps_keep(const struct raw_trial *raw, const struct raw_end *end, struct stream *stream);

/* ---- for the files that make the figures of one workload each ---- */

struct laps {
    const struct raw_trial *raw;
    const struct raw_end *load; /* of the first thread */
    double stretch;             /* the coordinator's seconds in one of the node's; NaN where it is not known */
    struct stream *stream;
};

/* The sum over the node's threads of numerator / denominator of the lap; false where one of them has it not. */
bool laps_rate(const struct laps *laps, uint32_t test, uint32_t number, uint32_t numerator, uint32_t denominator,
               double *rate);

/* The sum of one counter, likewise. */
bool laps_sum(const struct laps *laps, uint32_t test, uint32_t number, uint32_t counter, double *sum);

/* A rate by both clocks, or a time, or a plain number. `path`: what it went through. False when memory is out. */
bool laps_add_rate(const struct laps *laps, const char *name, const char *unit, double a_second, const char *path);
bool laps_add_time(const struct laps *laps, const char *name, double seconds, const char *path);
bool laps_add_number(const struct laps *laps, const char *name, const char *unit, double value);

bool laps_boot(const struct laps *laps);
bool laps_cpu(const struct laps *laps);
bool laps_file(const struct laps *laps);
bool laps_micro(const struct laps *laps);
bool laps_compile(const struct laps *laps);

#endif
