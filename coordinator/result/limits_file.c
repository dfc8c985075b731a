/* limits_file.c - what limits a figure of files: by what its own node measured of the place before the start, and how
 * long its threads had the CPU. Pure. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "result/file_way.h"
#include "result/lap_figure.h"
#include "result/limits.h"

static double value_of(const struct stream *stream, const char *name, const char *end)
{
    char whole[64] = "";
    text_append(whole, sizeof whole, "%s%s", name, end);
    const struct figure *figure = stream_main_figure(stream, whole);
    return figure && isfinite(figure->value) ? figure->value : NAN;
}

static void set(struct limit *limit, double value, double ceiling, const char *unit, const char *what)
{
    *limit = (struct limit){ .is_known = true, .value = value, .ceiling = ceiling };
    text_copy(limit->unit, sizeof limit->unit, unit);
    text_copy(limit->what, sizeof limit->what, what);
}

/* What goes to a device can be as fast as that, and where it is not, its threads have waited for it. */
static void look_at_device(double rate, double ceiling, double busy, struct limit *limit)
{
    if (rate / ceiling >= 1 - busy)
        set(limit, rate, ceiling, "B/s", "its device by O_DIRECT and 1 MiB a call");
    else if (isfinite(busy))
        set(limit, busy < 1 ? 1 - busy : 0, 1, "of its time", "it waited for its device");
}

void limits_of_file(const struct stream *stream, const struct figure *figure, int threads, struct limits *limits)
{
    const bool writes = lap_figure_writes(figure->name);
    const double rate = figure->value;
    const double busy = value_of(stream, figure->name, "_cpu") * rate / 1e9 / threads;
    const double device = value_of(stream, writes ? "device_write" : "device_read", "_ceiling");
    const double cache = value_of(stream, writes ? "cache_write" : "cache_read", "_ceiling");
    *limits = (struct limits){ 0 };
    if (isfinite(busy)) {
        char what[64];
        snprintf(what, sizeof what, "what its %d thread%s can use", threads, threads == 1 ? "" : "s");
        set(&limits->of[LIMIT_CPU], busy * threads, threads, "CPUs", what);
    }
    if (!*figure->path)
        return;
    if (!file_way_is_cached(figure->path))
        look_at_device(rate, device * threads, busy, &limits->of[LIMIT_DEVICE]);
    else if (isfinite(cache))
        set(&limits->of[LIMIT_CACHE], rate, cache * threads, "B/s", "its page cache by 1 MiB a call");
    else
        set(&limits->of[LIMIT_CACHE], 1, 1, "1", "the data's path never left memory");
}
