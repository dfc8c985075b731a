#include "laps.h"

#include <math.h>

#include "base/text.h"
#include "catalogue/boot_options.h"
#include "catalogue/compile_options.h"
#include "catalogue/cpu_options.h"
#include "catalogue/file_options.h"
#include "catalogue/micro_options.h"
#include "result/span.h"

static bool is_thread_of(const struct raw_end *end, const struct raw_end *load)
{
    return end->node == load->node && end->job == load->job;
}

bool laps_rate(const struct laps *l, uint32_t test, uint32_t number, uint32_t numerator, uint32_t denominator,
               double *rate)
{
    double sum = 0;
    for (size_t i = 0; i < l->raw->end_count; i++) {
        const struct raw_end *end = &l->raw->ends[i];
        const struct raw_lap *lap = is_thread_of(end, l->load) ? raw_lap(end, test, number) : NULL;
        if (is_thread_of(end, l->load) && (!lap || lap->counters[denominator] <= 0))
            return false;
        if (lap)
            sum += (double)lap->counters[numerator] / (double)lap->counters[denominator];
    }
    *rate = sum;
    return true;
}

bool laps_sum(const struct laps *l, uint32_t test, uint32_t number, uint32_t counter, double *sum)
{
    double all = 0;
    for (size_t i = 0; i < l->raw->end_count; i++) {
        const struct raw_end *end = &l->raw->ends[i];
        const struct raw_lap *lap = is_thread_of(end, l->load) ? raw_lap(end, test, number) : NULL;
        if (is_thread_of(end, l->load) && !lap)
            return false;
        if (lap)
            all += (double)lap->counters[counter];
    }
    *sum = all;
    return true;
}

static bool add(const struct laps *l, const char *name, const char *unit, double value, enum figure_clock clock,
                const char *path)
{
    size_t count = l->stream->figure_count;
    if (!stream_add_figure(l->stream, name, unit, value, WINDOW_WHOLE, clock))
        return false;
    if (l->stream->figure_count > count)
        text_copy(l->stream->figures[count].path, sizeof l->stream->figures[count].path, path);
    return true;
}

bool laps_add_rate(const struct laps *l, const char *name, const char *unit, double a_second, const char *path)
{
    return add(l, name, unit, a_second / l->stretch, FIGURE_ON_COORDINATOR, path) &&
           add(l, name, unit, a_second, FIGURE_ON_OWN, path);
}

bool laps_add_time(const struct laps *l, const char *name, double seconds, const char *path)
{
    return add(l, name, "s", seconds * l->stretch, FIGURE_ON_COORDINATOR, path) &&
           add(l, name, "s", seconds, FIGURE_ON_OWN, path);
}

bool laps_add_number(const struct laps *l, const char *name, const char *unit, double value)
{
    return add(l, name, unit, value, FIGURE_ON_OWN, "");
}

bool laps_add(const struct raw_trial *raw, const struct raw_end *load, struct stream *stream)
{
    static const struct {
        const struct lap_kind *kind;
        bool (*add)(const struct laps *laps);
    } KINDS[] = {
        { &FILE_LAPS, laps_file },       { &CPU_LAPS, laps_cpu },   { &MICRO_LAPS, laps_micro },
        { &COMPILE_LAPS, laps_compile }, { &BOOT_LAPS, laps_boot },
    };
    const struct laps laps = { raw, load, span_stretch(raw, load), stream };
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (raw->workload->laps == KINDS[i].kind)
            return load->flow != 0 || KINDS[i].add(&laps);
    return true;
}
