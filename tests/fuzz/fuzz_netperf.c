/* A control message of netperf's, in both roles: as a request to a server, and as each answer to a client.
 * Whatever comes decodes, and what is decoded encodes to a message that means the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netperf/control.h"
#include "netperf/netperf_outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void survives(const struct control *c)
{
    unsigned char bytes[CONTROL_BYTES];
    struct control again;
    char a[CONTROL_TEXT_MAX], b[CONTROL_TEXT_MAX];
    control_encode(c, bytes);
    control_decode(bytes, c->form, &again);
    if (strcmp(control_show(c, a, sizeof a), control_show(&again, b, sizeof b)) != 0)
        abort();
}

static bool is_size(int32_t bytes, int32_t least) { return bytes >= least && bytes <= NETPERF_MESSAGE_MAX; }

static void ask(const unsigned char bytes[CONTROL_BYTES])
{
    struct control request, ours;
    struct netperf_test test, again;
    struct err e = { 0 };
    (void)control_decode_request(bytes, &request);
    survives(&request);
    if (netperf_read_request(&request, &test, &e) != 0)
        return;
    bool is_rr = test.kind == NETPERF_RR || test.kind == NETPERF_CRR || test.kind == NETPERF_UDP_RR;
    if (!is_size(test.send_bytes, 0) || !is_size(test.receive_bytes, 0) || !is_size(test.request_bytes, is_rr) ||
        !is_size(test.response_bytes, is_rr) || (test.length_ns > 0) == (test.units > 0))
        abort();
    /* What we would ask for in its place is understood as the same. */
    netperf_write_request(&test, &ours);
    if (netperf_read_request(&ours, &again, &e) != 0 || again.kind != test.kind || again.length_ns != test.length_ns ||
        again.receive_bytes != test.receive_bytes)
        abort();
}

static void answer(const unsigned char bytes[CONTROL_BYTES], enum netperf_kind kind)
{
    const struct netperf_test test = { .kind = kind, .measures_cpu = true };
    struct control c;
    struct netperf_answer answer;
    struct netperf_outcome outcome;
    struct err e = { 0 };
    control_decode(bytes, netperf_answer_form(&test), &c);
    survives(&c);
    if (netperf_read_answer(&test, &c, &answer, &e) && answer.data_port == 0)
        abort();
    control_decode(bytes, netperf_results_form(&test), &c);
    survives(&c);
    if (netperf_read_results(&test, &c, &outcome, &e) && (outcome.bytes_received < 0 || outcome.bytes_sent < 0 ||
                                                          !(outcome.elapsed_s >= 0) || !(outcome.service_demand >= 0)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char bytes[CONTROL_BYTES] = { 0 };
    memcpy(bytes, data, size < sizeof bytes ? size : sizeof bytes);
    ask(bytes);
    for (enum netperf_kind kind = 0; kind < NETPERF_KIND_COUNT; kind++)
        answer(bytes, kind);
    return 0;
}
