/* netperf_outcome.h - what a server made of a request for a test (netperf_test.h), and what came of it.
 *
 * A server writes answers and results, a client reads them, and checks what it reads. Pure; formulas and
 * fields as netperf 2.7.0 has them.
 */
#ifndef TARE_NETPERF_OUTCOME_H
#define TARE_NETPERF_OUTCOME_H

#include "netperf/netperf_test.h"

/* What the server made of it. */
struct netperf_answer {
    int32_t send_bytes, receive_bytes, send_buffer, receive_buffer;
    uint16_t data_port;
    double cpu_rate; /* percent, where CPU use is measured */
};

/* What the server saw of a test. CPU use by netperf's own rule, which takes iowait and steal as busy. */
struct netperf_outcome {
    int64_t bytes_received, bytes_sent, receive_calls, send_calls, transactions;
    double elapsed_s;
    bool has_cpu;
    double cpu_percent, user_percent, system_percent, iowait_percent; /* of all CPUs together */
    double service_demand; /* us of CPU a KiB, or a transaction; where a server tells none, computed */
    int32_t cpus;
    int32_t send_buffer, receive_buffer; /* in the end */
    int32_t retransmits;                 /* -1: not told */
    char congestion[NETPERF_CONGESTION];
};

/* The form that the answer, and that the results have. */
enum control_form netperf_answer_form(const struct netperf_test *test);
enum control_form netperf_results_form(const struct netperf_test *test);

void netperf_write_answer(const struct netperf_test *test, const struct netperf_answer *answer, struct control *c);

/* A refusal of the request. */
void netperf_write_refusal(const struct control *request, int errno_value, struct control *c);

/* A client reads what was answered: an error where the server refuses, or says what cannot be. */
MUST_CHECK bool netperf_read_answer(const struct netperf_test *test, const struct control *c,
                                    struct netperf_answer *answer, struct err *e);

void netperf_write_results(const struct netperf_test *test, const struct netperf_outcome *outcome, struct control *c);
MUST_CHECK bool netperf_read_results(const struct netperf_test *test, const struct control *c,
                                     struct netperf_outcome *outcome, struct err *e);

/* us of CPU a KiB that went over, or a transaction: percent x 10^4 x CPUs / rate. 0 without a rate. */
double netperf_service_demand(enum netperf_kind kind, const struct netperf_outcome *outcome);

#endif
