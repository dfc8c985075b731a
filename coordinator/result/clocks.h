/* clocks.h - what a trial found out about a node's clock: its place and its rate against the
 * coordinator's, each with a bound, and what has to be flagged. Pure. */
#ifndef TARE_CLOCKS_H
#define TARE_CLOCKS_H

#include "result/model.h"
#include "result/raw.h"

/* The row of `node`, or a flag that says why there is none. Flags of the trial:
 *
 *   clock_fault  it stepped or changed its rate (value: by so many seconds, at least): nothing is proven of it, and
 *                the trial is in no comparison
 *   clock        it surely runs off by more than the scenario's limit (value and limit: ppm); its probes went over
 *                the control channel
 *   wall_clock   its wall clock was moved, so many times; nothing in the archive was read from it
 *
 * False when memory is out. */
bool clocks_add(const struct raw_trial *raw, const struct raw_node *node, struct trial *trial);

#endif
