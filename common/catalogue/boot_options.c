#include "boot_options.h"

#include "base/clock.h"
#include "base/text.h"

#define LAP_WORD(NAME, name, ...) "|" name
#define LAP_NAME(NAME, name, ...) [BOOT_##NAME] = name,
#define COUNTER_WORD(NAME, word) "|" word
#define SECONDS(n) (INT64_C(n) * CLOCK_NS_PER_S)

static const struct field FIELDS[] = {
    { .key = "saves",
      .kind = FIELD_CHOICE,
      .offset = offsetof(struct boot_options, saves),
      .choices = "auto|off", /* enum boot_saves */
      .fallback = "auto",
      .doc = "auto also saves it to a file and restores it from there, where that can be had, and says where not" },
};

const struct schema BOOT_SCHEMA = { "guest_boot", FIELDS, ARRAY_SIZE(FIELDS), sizeof(struct boot_options) };

const struct lap_kind BOOT_LAPS = { .tests = &BOOT_LAPS_LIST(LAP_WORD)[1],
                                    .counters = &BOOT_COUNTERS(COUNTER_WORD)[1],
                                    .test_count = BOOT_LAP_COUNT,
                                    .counter_count = BOOT_COUNTER_COUNT };

const char *const BOOT_LAP_NAMES[BOOT_LAP_COUNT] = { BOOT_LAPS_LIST(LAP_NAME) };

/* To get ready a kernel may have to be fetched (guests/kernel.h has the deadline); a KVM that does not work is tried
 * before a guest is emulated. */
struct workload_time boot_time(const void *options)
{
    const struct boot_options *o = options;
    return (struct workload_time){ .prepare_ns = SECONDS(420),
                                   .usual_ns = o->saves == BOOT_SAVES_AUTO ? SECONDS(10) : SECONDS(7),
                                   .most_ns = SECONDS(300) };
}
