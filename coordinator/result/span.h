/* span.h - windows of a trial on the coordinator's clock, and what the ends counted within them. Pure. */
#ifndef TARE_SPAN_H
#define TARE_SPAN_H

#include "result/raw.h"

struct span {
    int64_t from_ns, to_ns; /* the coordinator's clock */
};

/* Where a clock has stepped or changed its rate no bound holds, and no start is proven. What windows are made of is
 * then an estimate (bounds_guess), so that the figures of the trial, which is flagged, can be shown all the same. */

/* A stamp of the node's clock on the coordinator's, +- a bound that holds; false where there is none. */
bool span_to_coordinator(const struct raw_node *node, int64_t node_ns, int64_t *ns, int64_t *bound_ns);

/* The node's clock when the coordinator's reads `ns`; false where the clocks cannot be related. */
bool span_to_node(const struct raw_node *node, int64_t ns, int64_t *node_ns);

/* The end of the flow that does its first operation (it sends, or asks), and the other one; NULL where it is not
 * known. Of a flow to a stock netserver the one end there is stands for both. */
const struct raw_end *span_sender(const struct raw_trial *raw, const struct raw_end *end);
const struct raw_end *span_receiver(const struct raw_trial *raw, const struct raw_end *end);

/* So much longer on the coordinator's clock than on its own took what a load end did; NaN where that is not known. */
double span_stretch(const struct raw_trial *raw, const struct raw_end *load);

/* The whole window of a load end: from the flow's first operation, or the end of the warm-up, to the load end's
 * last. False when one of them is not known. */
bool span_whole(const struct raw_trial *raw, const struct raw_end *load, struct span *span);

/* The time in which every load end's flow ran; empty when one of them has no window. */
struct span span_common(const struct raw_trial *raw);

/* What `end` (may be NULL) counted in a load end's window; -1 when it cannot be told. The whole window ends with the
 * last of it, and without a warm-up begins with the first: then no sample is needed. */
double span_count(const struct raw_trial *raw, const struct raw_end *end, enum raw_count what, const struct span *span,
                  enum window window);

#endif
