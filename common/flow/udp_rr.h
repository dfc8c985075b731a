/* udp_rr.h - request and response in datagrams, one at a time.
 *
 * Messages as in tcp_rr.h. The first 8 bytes of a request, or as many as both messages have, are its number,
 * which tare's answering half puts into its response: one that comes too late is not taken for the next. A
 * datagram can get lost, which stock netperf waits for in vain: here a request without a response is given up
 * after UDP_RR_PATIENCE_MS, counted, and no transaction. The end is told as in udp_stream.h.
 */
#ifndef TARE_UDP_RR_H
#define TARE_UDP_RR_H

#include "flow/tcp_rr.h"
#include "flow/udp_stream.h"

enum { UDP_RR_PATIENCE_MS = 500, UDP_RR_SILENCE_MS = 5000 };

/* Ask until flow_stop(), then tell the end (`is_stock`: to a netserver, whose responses have no number). Stamps: before
 * the first request, after the last response. Fails when no response comes for UDP_RR_SILENCE_MS, or nobody
 * listens; meter and stamps hold even then. */
MUST_CHECK bool udp_rr_ask(struct flow *flow, const struct rr_plan *plan, bool is_stock, struct meter *meter,
                           struct udp_counts *counts, struct flow_times *times, struct err *e);

/* Answer until the end is told, or nothing has come for 2 s after flow_stop(). Stamps: after the first request was
 * there, and when the end was; 0 without any. */
MUST_CHECK bool udp_rr_answer(struct flow *flow, bool is_stock, struct meter *meter, struct udp_counts *counts,
                              struct flow_times *times, struct err *e);

#endif
