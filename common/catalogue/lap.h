/* lap.h - what a workload tells of the things that it does one after the other.
 *
 * A lap is one of them, done: a test of `cpu` run once, a file gone through by one method, a single operation
 * timed again and again. It has its test and its number among those of the test, the stamps of its first and last
 * operation, and raw counters, each in its place; some have a histogram of times. Figures are the coordinator's.
 */
#ifndef TARE_LAP_H
#define TARE_LAP_H

#include <stdbool.h>
#include <stdint.h>

enum { LAP_COUNTERS_MAX = 10, LAP_ROUTE = 256 };

/* Both in words, "a|b|c": a lap's test and the place of a counter are indexes into them. */
struct lap_kind {
    const char *tests, *counters;
    uint32_t test_count, counter_count;
    bool has_times;
    bool moves_bytes; /* its meters count bytes that mean something */
};

#endif
