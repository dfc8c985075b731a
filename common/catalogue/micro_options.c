#include "micro_options.h"

#include "base/clock.h"
#include "base/text.h"

#define TEST_WORD(NAME, name, ...) "|" name
#define COUNTER_WORD(NAME, word) "|" word
#define MS(n) (INT64_C(n) * CLOCK_NS_PER_MS)
#define AT(member) offsetof(struct micro_options, member)

/* clang-format off */
static const struct field FIELDS[] = {
    { .key = "length", .kind = FIELD_DURATION, .offset = AT(times.length_ns), .min = MS(10), .max = MS(3600 * 1000), .fallback = "1s",
      .doc = "each test takes samples for so long" },
    { .key = "test", .kind = FIELD_CHOICE, .offset = AT(test), .choices = "all" MICRO_TESTS(TEST_WORD), .fallback = "all",
      .doc = "one of them, or all, one after the other" },
    { .key = "directory", .kind = FIELD_TEXT, .offset = AT(directory), .capacity = 256, .fallback = "/var/tmp",
      .doc = "where on the node the file is that fsync waits for; it has no name and is gone with the agent" },
};
/* clang-format on */

const struct schema MICRO_SCHEMA = { "micro", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct micro_options) };

const struct lap_kind MICRO_LAPS = { .tests = &MICRO_TESTS(TEST_WORD)[1],
                                     .counters = &MICRO_COUNTERS(COUNTER_WORD)[1],
                                     .test_count = MICRO_TEST_COUNT,
                                     .counter_count = MICRO_COUNTER_COUNT,
                                     .has_times = true };

struct workload_time micro_time(const void *options)
{
    const struct micro_options *o = options;
    int64_t tests = o->test == 0 ? MICRO_TEST_COUNT : 1;
    return (struct workload_time){ .prepare_ns = MS(20000),
                                   .usual_ns = tests * (o->times.length_ns + MS(20)),
                                   .most_ns = MS(30000) + tests * 2 * o->times.length_ns };
}
