#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "catalogue/file_options.h"
#include "result/laps.h"

/* Pages that may be missing from what is still called cached. */
static const double CACHED_LEAST = 0.99;

/* What the bytes went through. Only what came from memory, or was left there, is called cached: a rate of that says
 * nothing of a disk. O_DIRECT is so called and never direct, for nobody within a machine sees what is below its disk.
 */
static void name_path(const struct laps *l, enum file_method method, double pages, double resident, char *out,
                      size_t size)
{
    const struct file_options *o = l->raw->options;
    const struct file_method_info *info = &FILE_METHOD_TABLE[method];
    double share = pages > 0 ? resident / pages : 0;
    out[0] = '\0';
    switch (o->mode) {
    case FILE_MODE_DIRECT: text_append(out, size, "O_DIRECT"); break;
    case FILE_MODE_SYNC:
    case FILE_MODE_FLUSHED:
    default:
        if (info->writes)
            text_append(out, size, "%s",
                        o->mode == FILE_MODE_SYNC      ? "O_SYNC"
                        : o->mode == FILE_MODE_FLUSHED ? "page cache, flushed in time"
                                                       : "cached, not flushed");
        else if (share >= CACHED_LEAST)
            text_append(out, size, "cached");
        else
            text_append(out, size, "page cache, %.0f %% in it before", 100 * share);
    }
    if (*l->load->stream.route)
        text_append(out, size, "; %s", l->load->stream.route);
}

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
    char name[48], part[64], path[320];
    for (uint32_t i = 0; i < FILE_COUNTER_COUNT; i++)
        if (!laps_sum(l, lap->test, lap->number, i, &sums[i]))
            return true; /* a thread has not done it: cut short */
    if (!laps_rate(l, lap->test, lap->number, FILE_COUNTER_BYTES, FILE_COUNTER_ELAPSED, &rate))
        return true;
    name_figure(l, method, (double)lap->counters[FILE_COUNTER_FILE_BYTES],
                (double)lap->counters[FILE_COUNTER_RECORD_BYTES], name, sizeof name);
    name_path(l, method, sums[FILE_COUNTER_PAGES], sums[FILE_COUNTER_RESIDENT], path, sizeof path);
    if (!laps_add_rate(l, name, "B/s", rate * 1e9, path))
        return false;
    snprintf(part, sizeof part, "%s_passes", name);
    if (!laps_add_number(l, part, "1", sums[FILE_COUNTER_PASSES]))
        return false;
    snprintf(part, sizeof part, "%s_cpu", name);
    return laps_add_number(l, part, "s/GB", sums[FILE_COUNTER_CPU] / sums[FILE_COUNTER_BYTES]);
}

bool laps_file(const struct laps *l)
{
    for (size_t i = 0; i < l->load->lap_count; i++)
        if (!add_lap(l, &l->load->laps[i]))
            return false;
    return true;
}
