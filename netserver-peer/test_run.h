/* test_run.h - one test for a netperf client, from its request to its results.
 *
 * The loops are those of a run (flow/); what is added is the end: a timer, a client that is gone, or one
 * that neither sends nor reads. Nothing outlives test_run.
 */
#ifndef TARE_TEST_RUN_H
#define TARE_TEST_RUN_H

#include "base/err.h"
#include "netperf/netperf_outcome.h"
#include "service.h"

struct test_run {
    const struct netperf_test *test;
    const struct service_options *options; /* who may come, how long what is waited for */
    int control_fd;                        /* whose end says that the client is gone */
    int cancel_fd;                         /* readable: break it off */
    int data_fd;                           /* owned; -1 when a flow has it */
    struct netperf_answer answer;
};

/* Everything up to the answer, which is filled. False: it is refused, with the errno for the client. */
MUST_CHECK bool test_run_prepare(struct test_run *run, int *refusal, struct err *e);

/* Wait for the data connection and see the test through. False: there are no results to be had, `e` says
 * why. A client that broke off, or moved nothing any more, has results: `why` then says so, else it is "". */
MUST_CHECK bool test_run_conduct(struct test_run *run, struct netperf_outcome *outcome, struct err *why, struct err *e);

/* After either; also half-built. */
void test_run_release(struct test_run *run);

#endif
