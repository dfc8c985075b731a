/* wall.h - the kernel's stamps of packets, which are wall-clock time, as times of RAW.
 *
 * PURE. The kernel stamps a packet with CLOCK_REALTIME, which NTP slews and anybody with the right may
 * step at any moment. Two readings of the clocks (clock_read_all), one before the stamp and one after
 * it, bound what RAW read at that moment:
 *
 *  - REALTIME and MONOTONIC are one counter with one multiplier (timekeeping in the kernel): nothing
 *    but a step changes their difference. A reading puts it into [real - after, real - before]. Two
 *    readings whose intervals do not meet prove that there was a step between them. One too small to
 *    be seen so, below the width of both, leaves the difference in the hull of the two intervals,
 *    which is what is taken; so a small step needs no luck either.
 *  - So MONOTONIC read at the stamp what the stamp says less that difference, and RAW what the later
 *    reading has less the time in between, of which MONOTONIC may be off by its slewing.
 *
 * Assumed: one step at most between two readings; and MONOTONIC is slewed by no more than
 * WALL_SLEW_PPM in the microseconds between the stamp and the later reading when it was not, on
 * average, between the two readings: faster slewing is seen there.
 *
 * After a step, and after fast slewing, no stamp is believed for WALL_DOUBT_NS: one that had been taken
 * before it could still wait in a queue, and be believed later to be from after it. No queue holds one
 * for so long: a process that reads nothing for 3.5 s has lost its session.
 */
#ifndef TARE_WALL_H
#define TARE_WALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

/* What the kernel gives to NTP: 500 ppm of frequency and 500 more while adjtime(3) is at work. */
enum { WALL_SLEW_PPM = 1000 };

enum { WALL_READINGS = 8 };
#define WALL_DOUBT_NS (INT64_C(10) * CLOCK_NS_PER_S)

/* Starts as all zeros. */
struct wall {
    struct clock_reading readings[WALL_READINGS]; /* the n-th: by its remainder */
    uint64_t count;
    uint32_t moves;           /* so many times it was seen that the wall clock had been stepped or slewed fast */
    int64_t believed_mono_ns; /* stamps are, from then on */
};

/* Take in the clocks as they were read now. Often is better: a stamp needs one before it and one after it. */
void wall_read(struct wall *wall, const struct clock_reading *now);

/* RAW at a stamp of the kernel lay in [*low_ns, *high_ns]. False when that cannot be told: it lies not
 * between two of the last readings, or the wall clock was moved. */
bool wall_to_raw(const struct wall *wall, int64_t stamp_ns, int64_t *low_ns, int64_t *high_ns);

#endif
