#include "cpu_options.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"

#define TEST_WORD(NAME, name, ...) "|" name
#define COUNTER_WORD(NAME, word) "|" word
#define MS(n) (INT64_C(n) * CLOCK_NS_PER_MS)
#define AT(member) offsetof(struct cpu_options, member)

/* clang-format off */
static const struct field FIELDS[] = {
    { .key = "length", .kind = FIELD_DURATION, .offset = AT(times.length_ns), .min = MS(10), .max = MS(3600 * 1000),
      .fallback = "5s", .doc = "the work of one run lasts at least so long; below Nbench's 5s figures are marked as quick" },
    { .key = "test", .kind = FIELD_CHOICE, .offset = AT(test), .choices = "all" CPU_TESTS(TEST_WORD), .fallback = "all",
      .doc = "one of Nbench's tests, or all ten of them, from which the three indexes come" },
    { .key = "threads", .kind = FIELD_INT, .offset = AT(threads), .min = 1, .max = CPU_THREADS_MOST, .fallback = "1",
      .doc = "so many at once do the same work; every run begins together" },
    { .key = "runs_least", .kind = FIELD_INT, .offset = AT(runs_least), .min = 1, .max = CPU_RUNS_MOST, .fallback = "5",
      .doc = "of each test, at least" },
    { .key = "runs_most", .kind = FIELD_INT, .offset = AT(runs_most), .min = 1, .max = CPU_RUNS_MOST, .fallback = "30",
      .doc = "and at most" },
    { .key = "within", .kind = FIELD_INT, .offset = AT(within_percent), .min = 1, .max = 100, .fallback = "5",
      .doc = "percent of the mean: when its 95 % half-width is no more, a test has run often enough" },
};
/* clang-format on */

const struct schema CPU_SCHEMA = { "cpu", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct cpu_options) };

const struct lap_kind CPU_LAPS = { .tests = &CPU_TESTS(TEST_WORD)[1],
                                   .counters = &CPU_COUNTERS(COUNTER_WORD)[1],
                                   .test_count = CPU_TEST_COUNT,
                                   .counter_count = CPU_COUNTER_COUNT };

/* Beside its work a unit is checked, and its input made anew: LU's check is as long as its work, others' are a
 * part of it. */
struct workload_time cpu_time(const void *options)
{
    const struct cpu_options *o = options;
    int64_t tests = o->test == 0 ? CPU_TEST_COUNT : 1;
    return (struct workload_time){ .prepare_ns = MS(20000),
                                   .usual_ns = tests * o->runs_least * (o->times.length_ns + o->times.length_ns / 4),
                                   .most_ns = MS(60000) + tests * o->runs_most * (3 * o->times.length_ns + MS(2000)) };
}

const char *cpu_misfit(const void *options, struct err *e)
{
    const struct cpu_options *o = options;
    if (o->runs_least <= o->runs_most)
        return NULL;
    err_set(e, ERR_USAGE, "runs_least: %" PRId64 " is more than runs_most, %" PRId64 ": turn them round", o->runs_least,
            o->runs_most);
    return "runs_least";
}
