#include <string.h>

#include "base/clock.h"
#include "catalogue/boot_options.h"
#include "result/laps.h"

/* How long each took. Where the guest was neither saved nor restored its host says why: as the path of `stop`. */
bool laps_boot(const struct laps *l)
{
    bool ok = true;
    for (size_t i = 0; ok && i < l->load->lap_count; i++) {
        const struct raw_lap *lap = &l->load->laps[i];
        const char *path = lap->test == BOOT_STOP ? l->load->stream.route : "";
        ok = laps_add_time(l, BOOT_LAP_NAMES[lap->test], (double)lap->counters[BOOT_COUNTER_ELAPSED] / CLOCK_NS_PER_S,
                           path);
    }
    return ok;
}
