#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/units.h"
#include "catalogue/cpu_options.h"
#include "result/laps.h"
#include "stats/series.h"

/* What one test's runs have in common. */
struct runs {
    struct series rates; /* of all threads together, units a second */
    double cpu, elapsed; /* ns, of all runs and threads */
};

static struct runs runs_of(const struct laps *l, uint32_t test)
{
    struct runs r = { 0 };
    double rate = 0, cpu = 0, elapsed = 0;
    for (uint32_t number = 0;
         laps_rate(l, test, number, CPU_COUNTER_AMOUNT, CPU_COUNTER_ELAPSED, &rate) &&
         laps_sum(l, test, number, CPU_COUNTER_CPU, &cpu) && laps_sum(l, test, number, CPU_COUNTER_ELAPSED, &elapsed);
         number++) {
        series_add(&r.rates, rate * 1e9);
        r.cpu += cpu;
        r.elapsed += elapsed;
    }
    return r;
}

static bool add_test(const struct laps *l, int test, const struct runs *r, const char *path)
{
    const struct cpu_test *t = &CPU_TEST_TABLE[test];
    char name[48], unit[32];
    if (r->rates.count == 0)
        return true;
    snprintf(unit, sizeof unit, "%s/s", t->unit);
    if (!laps_add_rate(l, t->name, unit, r->rates.mean, path))
        return false;
    snprintf(name, sizeof name, "%s_runs", t->name);
    if (!laps_add_number(l, name, "1", (double)r->rates.count))
        return false;
    snprintf(name, sizeof name, "%s_half_width", t->name);
    if (!laps_add_number(l, name, "1", series_half_width(&r->rates) / r->rates.mean))
        return false;
    snprintf(name, sizeof name, "%s_cpu", t->name);
    return laps_add_number(l, name, "1", r->cpu / r->elapsed);
}

/* They are first, being what the step is run for; without all of their tests there are none. */
static bool add_indexes(const struct laps *l, const double rates[CPU_TEST_COUNT], const char *path)
{
    char name[32];
    for (int base = CPU_BASE_COUNT; base-- > 0;)
        for (int index = 0; index < CPU_INDEX_COUNT; index++) {
            snprintf(name, sizeof name, "%s_%s", CPU_INDEX_NAMES[index], CPU_BASE_NAMES[base]);
            if (!laps_add_rate(l, name, "1", cpu_index_of(rates, (enum cpu_index)index, (enum cpu_base)base), path))
                return false;
        }
    return true;
}

bool laps_cpu(const struct laps *l)
{
    const struct cpu_options *o = l->raw->options;
    struct runs runs[CPU_TEST_COUNT];
    double rates[CPU_TEST_COUNT];
    char path[320] = "", length[32];
    if (o->times.length_ns < CPU_FULL_RUN_NS)
        text_append(path, sizeof path, "quick (runs of %s); ",
                    units_print_duration(o->times.length_ns, length, sizeof length));
    text_append(path, sizeof path, "%s", l->load->stream.route);
    for (int test = 0; test < CPU_TEST_COUNT; test++) {
        runs[test] = runs_of(l, (uint32_t)test);
        rates[test] = runs[test].rates.mean;
    }
    bool ok = add_indexes(l, rates, path);
    for (int test = 0; ok && test < CPU_TEST_COUNT; test++)
        ok = add_test(l, test, &runs[test], path);
    return ok;
}
