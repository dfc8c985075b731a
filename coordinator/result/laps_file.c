#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "catalogue/file_options.h"
#include "result/file_path.h"
#include "result/laps.h"

#define CEILING_NAME(NAME, name) name,

static void name_figure(const struct laps *l, enum file_method method, double file, double record, char *out,
                        size_t size)
{
    const struct file_options *o = l->raw->options;
    char shown[2][32];
    out[0] = '\0';
    text_append(out, size, "%s", FILE_METHOD_TABLE[method].name);
    if (o->cells == FILE_CELLS_ALL)
        text_append(out, size, "/%s/%s", units_print_size((int64_t)file, shown[0], sizeof shown[0]),
                    units_print_size((int64_t)record, shown[1], sizeof shown[1]));
}

/* One lap of all threads together. */
static bool add_lap(const struct laps *l, const struct raw_lap *lap)
{
    const enum file_method method = (enum file_method)lap->test;
    double rate = 0, sums[FILE_COUNTER_COUNT];
    char name[48], part[64], path[FILE_PATH];
    for (uint32_t i = 0; i < FILE_COUNTER_COUNT; i++)
        if (!laps_sum(l, lap->test, lap->number, i, &sums[i]))
            return true; /* a thread has not done it: cut short */
    if (!laps_rate(l, lap->test, lap->number, FILE_COUNTER_BYTES, FILE_COUNTER_ELAPSED, &rate))
        return true;
    name_figure(l, method, (double)lap->counters[FILE_COUNTER_FILE_BYTES],
                (double)lap->counters[FILE_COUNTER_RECORD_BYTES], name, sizeof name);
    file_path_write(l->raw, l->load, method, sums[FILE_COUNTER_PAGES], sums[FILE_COUNTER_RESIDENT], path, sizeof path);
    if (!laps_add_rate(l, name, "B/s", rate * 1e9, path))
        return false;
    snprintf(part, sizeof part, "%s_passes", name);
    if (!laps_add_number(l, part, "1", sums[FILE_COUNTER_PASSES]))
        return false;
    snprintf(part, sizeof part, "%s_cpu", name);
    return laps_add_number(l, part, "s/GB", sums[FILE_COUNTER_CPU] / sums[FILE_COUNTER_BYTES]);
}

/* What the node's first thread alone measured, before the start: nothing of the step's own goes much beyond it. */
static bool add_ceiling(const struct laps *l, const struct raw_lap *lap)
{
    static const char *const NAMES[] = { FILE_CEILINGS(CEILING_NAME) };
    char name[48];
    snprintf(name, sizeof name, "%s_ceiling", NAMES[lap->test - FILE_METHOD_COUNT]);
    double elapsed = (double)lap->counters[FILE_COUNTER_ELAPSED];
    return elapsed <= 0 || laps_add_number(l, name, "B/s", (double)lap->counters[FILE_COUNTER_BYTES] * 1e9 / elapsed);
}

bool laps_file(const struct laps *l)
{
    for (size_t i = 0; i < l->load->lap_count; i++) {
        const struct raw_lap *lap = &l->load->laps[i];
        if (!(lap->test < FILE_METHOD_COUNT ? add_lap(l, lap) : add_ceiling(l, lap)))
            return false;
    }
    return true;
}
