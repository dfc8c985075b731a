#include "compile_options.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define COUNTER_WORD(NAME, word) "|" word
#define SECONDS(n) (INT64_C(n) * CLOCK_NS_PER_S)
#define AT(member) offsetof(struct compile_options, member)

/* clang-format off */
static const struct field FIELDS[] = {
    { .key = "source", .kind = FIELD_TEXT, .offset = AT(source), .capacity = 256, .fallback = NULL,
      .doc = "the tree, where tare runs: a directory, an archive, or Debian's package, as linux-source-6.1; sent to each node once" },
    { .key = "config", .kind = FIELD_TEXT, .offset = AT(config), .capacity = 128, .fallback = "tinyconfig",
      .doc = "of a kernel: tinyconfig, defconfig, or a file of the tree; other trees have none" },
    { .key = "target", .kind = FIELD_TEXT, .offset = AT(target), .capacity = 128, .fallback = "",
      .doc = "what is built, as in lib/ or mm/, several with spaces; empty is all" },
    { .key = "command", .kind = FIELD_TEXT, .offset = AT(command), .capacity = 256, .fallback = "make",
      .doc = "in words, no shell between; -j, and the target, come behind it" },
    { .key = "jobs", .kind = FIELD_INT, .offset = AT(jobs), .min = 0, .max = COMPILE_JOBS_MOST, .fallback = "0",
      .doc = "so many at once; 0 is as many as the node has CPUs" },
    { .key = "warmups", .kind = FIELD_INT, .offset = AT(warmups), .min = 0, .max = COMPILE_WARMUPS_MOST, .fallback = "1",
      .doc = "builds that are thrown away before the one that is measured" },
    { .key = "limit", .kind = FIELD_DURATION, .offset = AT(limit_ns), .min = SECONDS(1), .max = SECONDS(24 * 3600), .fallback = "1h",
      .doc = "what takes longer is ended: making ready with its warm-ups, and the build" },
    { .key = "directory", .kind = FIELD_TEXT, .offset = AT(directory), .capacity = 256, .fallback = "/var/tmp",
      .doc = "where on the node it builds, in a directory of its own, which is gone afterwards" },
};
/* clang-format on */

const struct schema COMPILE_SCHEMA = { "compile", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct compile_options) };

const struct lap_kind COMPILE_LAPS = { .tests = "build",
                                       .counters = &COMPILE_COUNTERS(COUNTER_WORD)[1],
                                       .test_count = 1,
                                       .counter_count = COMPILE_COUNTER_COUNT };

/* What a person may expect of a machine of today with two CPUs; nobody knows before it is done. */
struct workload_time compile_time(const void *options)
{
    const struct compile_options *o = options;
    bool is_part = *o->target, is_tiny = strcmp(o->config, "tinyconfig") == 0;
    int64_t usual = is_part ? SECONDS(2) : is_tiny ? SECONDS(70) : SECONDS(900);
    usual = usual < o->limit_ns ? usual : o->limit_ns;
    return (struct workload_time){ .prepare_ns = o->limit_ns + SECONDS(30),
                                   .usual_ns = usual,
                                   .ready_ns = o->warmups * usual,
                                   .most_ns = o->limit_ns };
}

const char *compile_source(const void *options)
{
    const struct compile_options *o = options;
    return o->source;
}
