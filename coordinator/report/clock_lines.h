/* clock_lines.h - how well a node's clock was known over a run, and what of it is assumed, in few words. */
#ifndef TARE_CLOCK_LINES_H
#define TARE_CLOCK_LINES_H

#include "result/model.h"

/* "known to +-3.11 us (tx+rx), runs off by 0.4 +-6.9 ppm, its vCPUs waited 40 us at most around a start": the
 * widest bound of all trials and the worst stamps, the rate as the trial tells it that knows it best, and of a guest
 * the witness of its host. False when no trial had that clock. */
bool clock_lines_node(const struct run *run, const char *node, char *out, size_t size);

/* The node whose clock was known the worst, of *count that had one; NULL when none had. */
const char *clock_lines_worst(const struct run *run, size_t *count);

/* "assumed: no clock's rate wanders by more than 1 ppm during a trial"; false when no clock was bounded. */
bool clock_lines_assumed(const struct run *run, char *out, size_t size);

#endif
