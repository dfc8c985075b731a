#include "timekeeping.h"

#include <errno.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/small_file.h"

enum { NS_A_US = 1000 };

bool timekeeping_read(const char *root, struct timekeeping *now, struct err *e)
{
    struct timex main = { .modes = 0 }, slew = { .modes = ADJ_OFFSET_SS_READ };
    int state = adjtimex(&main);
    if (state < 0 || adjtimex(&slew) < 0)
        return err_errno(e, errno, "adjtimex");
    const long ticks = sysconf(_SC_CLK_TCK);
    *now = (struct timekeeping){
        .raw_ns = clock_raw_ns(),
        .frequency = main.freq,
        .tick_us = (uint32_t)main.tick,
        .ticks_s = ticks > 0 ? (uint32_t)ticks : 0,
        .status = (uint32_t)main.status,
        .is_synchronized = state != TIME_ERROR,
        .offset_ns = (int64_t)main.offset * (main.status & STA_NANO ? 1 : NS_A_US),
        .slew_ns = (int64_t)slew.offset * NS_A_US,
        .error_ns = (int64_t)main.maxerror * NS_A_US,
    };
    if (!small_file_read(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", now->clocksource,
                         sizeof now->clocksource))
        now->clocksource[0] = '\0';
    return true;
}
