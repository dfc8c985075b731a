/* net_stock.h - the network workloads against a stock netserver: how their flows come about, and what it says.
 *
 * Each flow is a test of netperf's with a control connection of its own. That is made when the part is made
 * ready; the test is asked for shortly before T, since a netserver's clock starts with its answer. What it
 * sends (TCP_MAERTS) it sends from the data connection on, which is therefore the flow's own first operation, at T.
 */
#ifndef TARE_NET_STOCK_H
#define TARE_NET_STOCK_H

#include "agent/part.h"

/* The control connections, for flows that are made. */
MUST_CHECK bool net_stock_open(struct part *part, struct err *e);

/* As struct workload has them. */
MUST_CHECK bool net_stock_approach(struct part *part, int64_t at_ns, struct err *e);
void net_stock_conclude(struct part *part);

void net_stock_close(struct part *part);

/* Where each of a flow's connections goes (net_crr), and how they end. */
MUST_CHECK bool net_stock_target(const struct part_flow *flow, struct tcp_crr_target *target, struct err *e);

#endif
