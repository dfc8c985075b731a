#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalogue/micro_options.h"
#include "result/file_path.h"
#include "result/laps.h"
#include "stats/hist.h"

static bool add_test(const struct laps *l, const struct raw_lap *lap, const struct hist *h)
{
    static const struct {
        const char *name;
        double share; /* of what is not above it */
    } SHARES[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
    const struct micro_test *test = &MICRO_TEST_TABLE[lap->test];
    const struct {
        const char *name;
        double ns;
    } ENDS[] = { { "min", (double)h->least_ns }, { "mean", hist_mean(h) }, { "max", (double)h->most_ns } };
    char name[48], path[FILE_PATH] = "";
    if (lap->test == MICRO_FSYNC)
        file_path_from(l->raw, l->load, "pwrite and fsync", path, sizeof path);
    bool ok = true;
    for (size_t i = 0; ok && i < ARRAY_SIZE(SHARES); i++) {
        snprintf(name, sizeof name, "%s_%s", test->name, SHARES[i].name);
        ok = laps_add_time(l, name, hist_percentile(h, SHARES[i].share) / 1e9, path);
    }
    for (size_t i = 0; ok && i < ARRAY_SIZE(ENDS); i++) {
        snprintf(name, sizeof name, "%s_%s", test->name, ENDS[i].name);
        ok = laps_add_time(l, name, ENDS[i].ns / 1e9, path);
    }
    snprintf(name, sizeof name, "%s_samples", test->name);
    return ok && laps_add_number(l, name, "1", (double)h->total);
}

bool laps_micro(const struct laps *l)
{
    struct hist *h = malloc(sizeof *h);
    bool ok = h != NULL;
    for (size_t i = 0; ok && i < l->load->lap_count; i++) {
        const struct raw_lap *lap = &l->load->laps[i];
        ok = !lap->times || !hist_unpack(lap->times, lap->times_size, h, NULL) || h->total == 0 || add_test(l, lap, h);
    }
    free(h);
    return ok;
}
