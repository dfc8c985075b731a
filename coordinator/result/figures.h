/* figures.h - from what the nodes reported to what it means. Pure; every figure of tare comes from here.
 *
 * Definitions (netperf's, on the coordinator's clock):
 *
 *   throughput   bytes that the receiving end read / elapsed time, in bit/s;
 *   transactions    responses that the asking end had whole / elapsed time, a second;
 *   sent         bytes that the sending end's kernel took as datagrams / elapsed time, in bit/s:
 *     whole      from the first operation, or with a warm-up from T + warm-up, to the last operation
 *                of the node under test: a sender's includes the drain, until the peer has read all
 *     common     the time in which the flows of all nodes under test ran
 *     own        the whole window, timed by the node's own clock
 *   retransmits, rtt, rtt_min   from TCP_INFO of the sending end
 *   lost, loss                  datagrams that were sent and did not arrive, and their share of those sent; of
 *                               requests in datagrams those without a response
 *   late, duplicates, failed    datagrams that came after a later one, that came again, whose send was refused
 *   latency_...                 of the transactions that began after the warm-up, by the asking node's own clock
 *   and those of cpu_use.h and price.h
 */
#ifndef TARE_FIGURES_H
#define TARE_FIGURES_H

#include "base/err.h"
#include "result/model.h"
#include "result/raw.h"

/* How the model calls what an end does: "send", "receive", "ask", "answer". */
const char *figures_direction(enum raw_kind kind, bool sends);

/* Fill `trial`'s streams, clocks, costs, skews, verdict and flags from `raw`, whatever of it is
 * there. Fails only when memory is out. */
MUST_CHECK bool figures_compute(const struct raw_trial *raw, struct trial *trial, struct err *e);

#endif
