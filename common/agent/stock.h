/* stock.h - measuring against a stock netserver: the client's half of one test of netperf's.
 *
 * The order follows from its timers: a netserver's clock starts when it answers the request, so that the
 * control connection is made early (stock_open), and request, answer and data connection come shortly
 * before the work (stock_ask, stock_connect). One test at a time on one control connection.
 *
 * Waits end at their deadline or when `cancel_fd` becomes readable. Errors name the netserver.
 */
#ifndef TARE_STOCK_H
#define TARE_STOCK_H

#include "flow/address.h"
#include "flow/flow.h"
#include "netperf/netperf_outcome.h"

struct stock;

enum { STOCK_CONNECT_MS = 5000, STOCK_ANSWER_MS = 3000, STOCK_RESULTS_MS = 5000 };

/* The control connection to the netserver at a numeric address. */
MUST_CHECK bool stock_open(const char *address, uint16_t port, const char *from, int cancel_fd, struct stock **stock,
                           struct err *e);
void stock_destroy(struct stock **stock);

/* The round trip of the control connection, as TCP has seen it. */
int64_t stock_rtt_ns(const struct stock *stock);

/* Ask for the test, in two halves, so that several can be on their way at once. The answer tells the
 * server's sizes; borrowed until the next. */
MUST_CHECK bool stock_ask(struct stock *stock, const struct netperf_test *test, struct err *e);
MUST_CHECK bool stock_hear(struct stock *stock, const struct netperf_answer **answer, struct err *e);

/* Where data goes to. */
MUST_CHECK bool stock_data_address(const struct stock *stock, struct address *to, struct err *e);

/* A socket for the data connection, which is yet to be made: blocking, the caller's to close. */
MUST_CHECK bool stock_socket(const struct stock *stock, const struct flow_options *options, int *fd, struct err *e);

/* The data connection, or a socket for datagrams that go there; blocking, the caller's to close. */
MUST_CHECK bool stock_connect(const struct stock *stock, const struct flow_options *options, int *fd, struct err *e);

/* What it saw, within `most_ms` from now. */
MUST_CHECK bool stock_results(struct stock *stock, int64_t most_ms, struct netperf_outcome *outcome, struct err *e);

#endif
