/* laps_keep.c - laps as they came, from the raw trial to the model. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "result/laps.h"

enum { COUNTERS_MAX = LAP_COUNTERS_MAX * 64 };

/* {"amount": 12, ...} */
static char *counters_as_json(const struct lap_kind *kind, const struct raw_lap *lap)
{
    char text[COUNTERS_MAX] = "{", name[32];
    for (uint32_t i = 0; i < kind->counter_count; i++)
        text_append(text, sizeof text, "%s\"%s\": %" PRId64, i ? ", " : "",
                    words_nth(kind->counters, i, name, sizeof name), lap->counters[i]);
    return text_append(text, sizeof text, "}") ? strdup(text) : NULL;
}

static bool keep_times(const struct raw_lap *lap, struct lap *made)
{
    if (lap->times_size == 0)
        return true;
    made->times.bytes = malloc(lap->times_size);
    if (!made->times.bytes)
        return false;
    memcpy(made->times.bytes, lap->times, lap->times_size);
    made->times.size = lap->times_size;
    return true;
}

bool laps_keep(const struct raw_trial *raw, const struct raw_end *end, struct stream *stream)
{
    const struct lap_kind *kind = raw->workload->laps;
    for (size_t i = 0; kind && i < end->lap_count; i++) {
        const struct raw_lap *lap = &end->laps[i];
        struct lap *made = stream_add_lap(stream);
        if (!made)
            return false;
        *made = (struct lap){ .number = (int)lap->number, .first_ns = lap->first_ns, .last_ns = lap->last_ns };
        words_nth(kind->tests, lap->test, made->test, sizeof made->test);
        made->counters = counters_as_json(kind, lap);
        if (!made->counters || !keep_times(lap, made))
            return false;
    }
    return true;
}
