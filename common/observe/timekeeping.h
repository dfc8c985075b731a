/* timekeeping.h - what the kernel does to the clocks that it offers: adjtimex(2), which anybody may ask.
 *
 * CLOCK_MONOTONIC and CLOCK_REALTIME run faster than CLOCK_MONOTONIC_RAW by what an NTP daemon, or the kernel's own
 * loop, has set: a frequency, and the length of a tick. RAW is what tare goes by, so no figure of its own depends on
 * it; what times itself inside a node by another clock does, and a clock source that changes is another RAW.
 *
 * Time namespaces give a process other offsets of MONOTONIC and BOOTTIME, and nothing else: adjtimex speaks of the
 * kernel, so all nodes of one kernel read the same.
 */
#ifndef TARE_TIMEKEEPING_H
#define TARE_TIMEKEEPING_H

#include <stdint.h>

#include "base/err.h"

struct timekeeping {
    int64_t raw_ns;    /* when; CLOCK_MONOTONIC_RAW */
    int64_t frequency; /* ppm x 2^16: RAW's second is taken for so much more */
    uint32_t tick_us;  /* what a tick of the kernel is taken for ... */
    uint32_t ticks_s;  /* ... of which it has so many a second: 10000 and 100, as a rule */
    uint32_t status;   /* STA_* of linux/timex.h */
    bool is_synchronized;
    int64_t offset_ns;    /* which the kernel's own loop still has to make up; 0 where it is not in use */
    int64_t slew_ns;      /* likewise, of adjtime(3) */
    int64_t error_ns;     /* how far the wall clock may be off, as the kernel has been told */
    char clocksource[32]; /* "tsc"; "" where sysfs does not tell */
};

/* The machine's now; `root` is "" for it, or a directory for tests, which holds the clock source alone. Two system
 * calls and a file, 20 us. Fails where the kernel refuses to tell: some containers' filters do. */
MUST_CHECK bool timekeeping_read(const char *root, struct timekeeping *now, struct err *e);

#endif
