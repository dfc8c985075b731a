/* sampler.h - the thread that reads a trial's meters beside its flows. For trial.c and crew.c alone.
 *
 * It does nothing else, and what it has read is told in few messages: in an emulated guest of one CPU whoever wakes
 * takes from the load. By the session's loop, which looks at every socket when it wakes, and with ten messages a
 * second, such a guest sent 0.87 of what iperf3 does there; so it sends as much (`tests/bench/guest/run`).
 */
#ifndef TARE_SAMPLER_H
#define TARE_SAMPLER_H

#include "agent/crew.h"

enum { SAMPLER_EVERY_NS = 10 * 1000 * 1000, SAMPLER_POINTS = 25 /* of a flow, in one message */ };

/* Begin at the trial's instant. Once a trial, with its lock held, before its flows may begin. */
MUST_CHECK bool sampler_begin(struct trial *trial, int64_t at_raw_ns, struct err *e);

/* With the trial's lock held: read once more, and what is not told yet is told. No more is read. */
void sampler_finish(struct trial *trial);

/* Without the lock, for who gives the trial back: the thread is gone. Also where there is none. */
void sampler_join(struct trial *trial);

/* With the lock held: read every meter once. */
void sampler_read(struct trial *trial);

#endif
