/* figures.h - from what the nodes reported to what it means. Pure; every figure of tare comes from here.
 *
 * Definitions (netperf's, on the coordinator's clock):
 *
 *   throughput   bytes that the receiving end read / elapsed time, in bit/s.
 *     whole      from the first operation, or with a warm-up from T + warm-up, to the last operation
 *                of the node under test: a sender's includes the drain, until the peer has read all
 *     common     the time in which the flows of all nodes under test ran
 *     own        the whole window, timed by the node's own clock
 *   retransmits, rtt, rtt_min   from TCP_INFO of the sending end
 *   cpu_node, cpu_peer          CPU seconds a GB (10^9 bytes) of all the bytes that the node moved in
 *                               the trial; of its process where nodes share the machine, else of the
 *                               whole machine
 */
#ifndef TARE_FIGURES_H
#define TARE_FIGURES_H

#include "base/err.h"
#include "result/model.h"
#include "result/raw.h"

/* Fill `trial`'s streams, clocks, costs, skews, verdict and flags from `raw`, whatever of it is
 * there. Fails only when memory is out. */
MUST_CHECK bool figures_compute(const struct raw_trial *raw, struct trial *trial, struct err *e);

#endif
