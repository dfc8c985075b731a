#include "base/text.h"
#include "catalogue/compile_options.h"
#include "result/laps.h"

static double seconds(const struct raw_lap *lap, enum compile_counter counter)
{
    return (double)lap->counters[counter] / 1e9;
}

bool laps_compile(const struct laps *l)
{
    const struct raw_lap *lap = raw_lap(l->load, 0, 0);
    const char *path = l->load->stream.route;
    if (!lap || lap->counters[COMPILE_COUNTER_REAL] <= 0)
        return true; /* it was cut short */
    text_copy(l->stream->release, sizeof l->stream->release,
              lap->counters[COMPILE_COUNTER_PRELOADED] ? RELEASE_PRELOADED : RELEASE_EXEC);
    const double real = seconds(lap, COMPILE_COUNTER_REAL), user = seconds(lap, COMPILE_COUNTER_USER),
                 sys = seconds(lap, COMPILE_COUNTER_SYS);
    return laps_add_time(l, "real", real, path) && laps_add_time(l, "user", user, path) &&
           laps_add_time(l, "sys", sys, path) && laps_add_number(l, "cpus", "1", (user + sys) / real) &&
           laps_add_number(l, "jobs", "1", (double)lap->counters[COMPILE_COUNTER_JOBS]) &&
           laps_add_number(l, "steps", "1", (double)lap->counters[COMPILE_COUNTER_STEPS]) &&
           laps_add_number(l, "entry", "s", seconds(lap, COMPILE_COUNTER_ENTRY)) &&
           laps_add_number(l, "peak", "B", (double)lap->counters[COMPILE_COUNTER_PEAK]);
}
