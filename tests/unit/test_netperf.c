/* What netperf 2.7.0 and its netserver send, byte for byte (tests/golden/netperf), and what we make of it. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "golden.h"
#include "netperf/control.h"
#include "netperf/netperf_outcome.h"

/* Each has a request, an answer and results; `test` is what the request asks for. */
static const struct captured {
    const char *name;
    struct netperf_test test;
    int64_t units_done; /* that its results tell: 0 for not compared */
} CAPTURED[] = {
    { "stream", { .kind = NETPERF_STREAM, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "stream-cpu", { .kind = NETPERF_STREAM, .measures_cpu = true, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "stream-options",
      { .kind = NETPERF_STREAM,
        .nodelay = true,
        .send_bytes = 65536,
        .receive_bytes = 32768,
        .send_buffer = 307200,
        .receive_buffer = 307200,
        .data_port = 31234,
        .length_ns = CLOCK_NS_PER_S,
        .address = "127.0.0.1",
        .congestion = "cubic" },
      0 },
    { "stream-ipv6", { .kind = NETPERF_STREAM, .is_ipv6 = true, .length_ns = CLOCK_NS_PER_S, .address = "::1" }, 0 },
    { "stream-units", { .kind = NETPERF_STREAM, .units = 10000000 }, 10010624 },
    { "maerts", { .kind = NETPERF_MAERTS, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "maerts-cpu", { .kind = NETPERF_MAERTS, .measures_cpu = true, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "sendfile", { .kind = NETPERF_SENDFILE, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "sendfile-cpu", { .kind = NETPERF_SENDFILE, .measures_cpu = true, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "sendfile-options",
      { .kind = NETPERF_SENDFILE,
        .nodelay = true,
        .receive_bytes = 32768,
        .send_buffer = 307200,
        .receive_buffer = 307200,
        .data_port = 31235,
        .length_ns = CLOCK_NS_PER_S },
      0 },
    /* It sends the bytes as if they were seconds. */
    { "sendfile-units",
      { .kind = NETPERF_SENDFILE, .length_ns = NETPERF_LENGTH_MAX_S * (int64_t)CLOCK_NS_PER_S },
      10010624 },
    { "rr-cpu",
      { .kind = NETPERF_RR,
        .measures_cpu = true,
        .request_bytes = 1,
        .response_bytes = 1,
        .length_ns = CLOCK_NS_PER_S },
      0 },
    { "rr-options",
      { .kind = NETPERF_RR,
        .nodelay = true,
        .request_bytes = 128,
        .response_bytes = 1024,
        .length_ns = CLOCK_NS_PER_S },
      0 },
    { "crr", { .kind = NETPERF_CRR, .request_bytes = 1, .response_bytes = 1, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "crr-units", { .kind = NETPERF_CRR, .request_bytes = 1, .response_bytes = 1, .units = 1000 }, 1000 },
    { "udp_stream-cpu", { .kind = NETPERF_UDP_STREAM, .measures_cpu = true, .length_ns = CLOCK_NS_PER_S }, 0 },
    { "udp_rr-cpu",
      { .kind = NETPERF_UDP_RR,
        .measures_cpu = true,
        .request_bytes = 1,
        .response_bytes = 1,
        .length_ns = CLOCK_NS_PER_S },
      0 },
    { "udp_rr-ipv6",
      { .kind = NETPERF_UDP_RR, .is_ipv6 = true, .request_bytes = 1, .response_bytes = 1, .length_ns = CLOCK_NS_PER_S },
      0 },
};

static void load(const char *name, const char *part, unsigned char bytes[CONTROL_BYTES])
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/netperf/%s.%s", TESTS_DIR, name, part);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("%s is not there", path);
    size_t size = fread(bytes, 1, CONTROL_BYTES, file);
    fclose(file);
    assert_int_equal(size, CONTROL_BYTES);
}

static void load_request(const char *name, struct control *request)
{
    unsigned char bytes[CONTROL_BYTES];
    load(name, "request", bytes);
    if (!control_decode_request(bytes, request))
        fail_msg("%s: its request is not known", name);
}

static struct netperf_test test_of(const struct control *request)
{
    struct netperf_test test;
    struct err why = { 0 };
    if (netperf_read_request(request, &test, &why) != 0)
        fail_msg("%s", why.text);
    return test;
}

static void assert_same_test(const struct netperf_test *a, const struct netperf_test *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->is_ipv6, b->is_ipv6);
    assert_int_equal(a->nodelay, b->nodelay);
    assert_int_equal(a->measures_cpu, b->measures_cpu);
    assert_int_equal(a->send_bytes, b->send_bytes);
    assert_int_equal(a->receive_bytes, b->receive_bytes);
    assert_int_equal(a->request_bytes, b->request_bytes);
    assert_int_equal(a->response_bytes, b->response_bytes);
    assert_int_equal(a->send_buffer, b->send_buffer);
    assert_int_equal(a->receive_buffer, b->receive_buffer);
    assert_int_equal(a->data_port, b->data_port);
    assert_int_equal(a->length_ns, b->length_ns);
    assert_int_equal(a->units, b->units);
    assert_string_equal(a->address, b->address);
    assert_string_equal(a->congestion, b->congestion);
}

static void what_stock_netperf_asks_for_is_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(CAPTURED); i++) {
        struct control request;
        load_request(CAPTURED[i].name, &request);
        const struct netperf_test test = test_of(&request);
        assert_same_test(&test, &CAPTURED[i].test);
        assert_int_equal(test.cpu, -1);
    }
}

static void a_cpu_to_be_bound_to_is_read(void **unused)
{
    (void)unused;
    struct control request;
    load_request("stream-bound", &request); /* netperf -T 0,1 */
    assert_int_equal(test_of(&request).cpu, 1);
}

/* No byte of a request is lost: there is no field that the table has not. */
static void requests_and_answers_encode_to_the_bytes_they_came_as(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(CAPTURED); i++) {
        unsigned char bytes[CONTROL_BYTES], again[CONTROL_BYTES];
        struct control c;
        load(CAPTURED[i].name, "request", bytes);
        assert_true(control_decode_request(bytes, &c));
        control_encode(&c, again);
        assert_memory_equal(bytes, again, CONTROL_BYTES);
        load(CAPTURED[i].name, "answer", bytes);
        control_decode(bytes, netperf_answer_form(&CAPTURED[i].test), &c);
        control_encode(&c, again);
        assert_memory_equal(bytes, again, CONTROL_BYTES);
    }
}

static void every_field_of_the_captured_messages_is_as_recorded(void **unused)
{
    (void)unused;
    static char text[256 * 1024];
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(CAPTURED); i++) {
        unsigned char bytes[CONTROL_BYTES];
        char line[CONTROL_TEXT_MAX], name[32];
        struct control c;
        load_request(CAPTURED[i].name, &c);
        text_append(text, sizeof text, "%s %s\n  %s\n", CAPTURED[i].name, control_name(c.type, name, sizeof name),
                    control_show(&c, line, sizeof line));
        load(CAPTURED[i].name, "answer", bytes);
        control_decode(bytes, netperf_answer_form(&CAPTURED[i].test), &c);
        text_append(text, sizeof text, "  %s\n", control_show(&c, line, sizeof line));
        load(CAPTURED[i].name, "results", bytes);
        control_decode(bytes, netperf_results_form(&CAPTURED[i].test), &c);
        text_append(text, sizeof text, "  %s\n", control_show(&c, line, sizeof line));
    }
    golden_check("netperf/fields.txt", text);
}

static void what_we_ask_for_is_what_stock_netperf_would_ask_for(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(CAPTURED); i++) {
        struct control theirs, ours;
        char a[CONTROL_TEXT_MAX], b[CONTROL_TEXT_MAX];
        load_request(CAPTURED[i].name, &theirs);
        struct netperf_test test = CAPTURED[i].test;
        test.cpu = -1;
        netperf_write_request(&test, &ours);
        assert_int_equal(ours.type, theirs.type);
        assert_int_equal(ours.word, theirs.word);
        if (theirs.form == CONTROL_FORM_OMNI) { /* where it is itself, and how many buffers it has */
            theirs.omni.client_port = 0;
            memset(theirs.omni.client_address, 0, sizeof theirs.omni.client_address);
            theirs.omni.send_width = ours.omni.send_width;
            theirs.omni.receive_width = ours.omni.receive_width;
        } else if (theirs.stream.length > NETPERF_LENGTH_MAX_S) {
            theirs.stream.length = NETPERF_LENGTH_MAX_S;
        }
        assert_string_equal(control_show(&ours, a, sizeof a), control_show(&theirs, b, sizeof b));
    }
}

static void what_stock_netserver_answers_is_understood(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(CAPTURED); i++) {
        const struct captured *captured = &CAPTURED[i];
        unsigned char bytes[CONTROL_BYTES];
        struct control c;
        struct netperf_answer answer;
        struct netperf_outcome outcome;
        struct err e = { 0 };
        load(captured->name, "answer", bytes);
        control_decode(bytes, netperf_answer_form(&captured->test), &c);
        if (!netperf_read_answer(&captured->test, &c, &answer, &e))
            fail_msg("%s: %s", captured->name, e.text);
        assert_true(answer.data_port > 1024 && answer.receive_buffer >= 131072 && answer.send_buffer >= 16384);
        if (captured->test.data_port)
            assert_int_equal(answer.data_port, captured->test.data_port);
        load(captured->name, "results", bytes);
        control_decode(bytes, netperf_results_form(&captured->test), &c);
        if (!netperf_read_results(&captured->test, &c, &outcome, &e))
            fail_msg("%s: %s", captured->name, e.text);
        assert_true(outcome.bytes_received + outcome.bytes_sent > 0);
        assert_int_equal(outcome.has_cpu, captured->test.measures_cpu);
        if (outcome.has_cpu)
            assert_true(outcome.cpus == 2 && outcome.cpu_percent > 90 && outcome.service_demand > 0);
        if (captured->units_done)
            assert_int_equal(captured->test.kind == NETPERF_CRR ? outcome.transactions : outcome.bytes_received,
                             captured->units_done);
    }
}

/* netperf itself printed 58.697 us a transaction, 2.598 and 1.346 us a KiB for these runs. */
static void service_demand_is_what_netperf_printed(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        enum netperf_kind kind;
        double rate_printed, printed;
    } RUNS[] = {
        { "rr-cpu", NETPERF_RR, 34073.49, 58.697 },
        { "stream-cpu", NETPERF_STREAM, 6306.20e6 / 8 / 1024, 2.598 },
        { "sendfile-cpu", NETPERF_SENDFILE, 12107.75e6 / 8 / 1024, 1.346 },
    };
    for (size_t i = 0; i < ARRAY_SIZE(RUNS); i++) {
        const struct netperf_test test = { .kind = RUNS[i].kind, .measures_cpu = true };
        unsigned char bytes[CONTROL_BYTES];
        struct control c;
        struct netperf_outcome outcome;
        struct err e = { 0 };
        load(RUNS[i].name, "results", bytes);
        control_decode(bytes, netperf_results_form(&test), &c);
        assert_true(netperf_read_results(&test, &c, &outcome, &e));
        /* It divided by its own time, we by the server's. */
        double work = test.kind == NETPERF_RR ? (double)outcome.transactions : (double)outcome.bytes_received / 1024;
        double expected = RUNS[i].printed * RUNS[i].rate_printed / (work / outcome.elapsed_s);
        assert_true(fabs(outcome.service_demand - expected) < 0.002 * expected);
    }
}

static void answers_and_results_survive_the_way_to_a_client(void **unused)
{
    (void)unused;
    for (enum netperf_kind kind = 0; kind < NETPERF_KIND_COUNT; kind++) {
        const struct netperf_test test = { .kind = kind, .measures_cpu = true, .length_ns = CLOCK_NS_PER_S };
        const struct netperf_answer answer = { .send_bytes = kind == NETPERF_SENDFILE ? 0 : 16384,
                                               .receive_bytes = 131072,
                                               .send_buffer = 16384,
                                               .receive_buffer = 262144,
                                               .data_port = 65535,
                                               .cpu_rate = 100 };
        const struct netperf_outcome outcome = { .bytes_received = INT64_C(1) << 40,
                                                 .receive_calls = 77,
                                                 .elapsed_s = 1.5,
                                                 .has_cpu = true,
                                                 .cpu_percent = 12.5,
                                                 .cpus = 64,
                                                 .transactions = 4242,
                                                 .retransmits = 3 };
        unsigned char bytes[CONTROL_BYTES];
        struct control c;
        struct netperf_answer answer_read;
        struct netperf_outcome outcome_read;
        struct err e = { 0 };
        netperf_write_answer(&test, &answer, &c);
        control_encode(&c, bytes);
        control_decode(bytes, netperf_answer_form(&test), &c);
        assert_true(netperf_read_answer(&test, &c, &answer_read, &e));
        assert_int_equal(answer_read.send_bytes, answer.send_bytes);
        assert_int_equal(answer_read.receive_bytes, answer.receive_bytes);
        assert_int_equal(answer_read.data_port, answer.data_port);
        assert_int_equal(answer_read.receive_buffer, answer.receive_buffer);
        netperf_write_results(&test, &outcome, &c);
        control_encode(&c, bytes);
        control_decode(bytes, netperf_results_form(&test), &c);
        assert_true(netperf_read_results(&test, &c, &outcome_read, &e));
        assert_int_equal(outcome_read.bytes_received, outcome.bytes_received);
        assert_int_equal(outcome_read.receive_calls, outcome.receive_calls);
        assert_true(outcome_read.has_cpu && outcome_read.cpu_percent == 12.5 && outcome_read.cpus == 64);
        assert_true(outcome_read.elapsed_s == 1.5);
    }
}

static void sizes_beyond_all_reason_are_clamped_or_refused(void **unused)
{
    (void)unused;
    struct control request;
    struct netperf_test test;
    struct err why = { 0 };
    load_request("stream", &request);
    request.omni.receive_size = request.omni.send_size = INT32_MAX;
    request.omni.receive_buffer = INT32_MAX;
    request.omni.send_buffer = INT32_MIN; /* 4 GB and more, as netperf would send it */
    request.omni.length = INT32_MAX;
    assert_int_equal(netperf_read_request(&request, &test, &why), 0);
    assert_int_equal(test.receive_bytes, NETPERF_MESSAGE_MAX);
    assert_int_equal(test.send_bytes, NETPERF_MESSAGE_MAX);
    assert_int_equal(test.receive_buffer, NETPERF_BUFFER_MAX);
    assert_int_equal(test.send_buffer, 0);
    assert_int_equal(test.length_ns, NETPERF_LENGTH_MAX_S * (int64_t)CLOCK_NS_PER_S);
    request.omni.length = INT32_MIN;
    assert_int_equal(netperf_read_request(&request, &test, &why), 0);
    assert_int_equal(test.units, INT64_C(1) << 31);

    load_request("udp_stream-cpu", &request);
    request.omni.receive_size = INT32_MAX;
    assert_int_equal(netperf_read_request(&request, &test, &why), 0);
    assert_int_equal(test.receive_bytes, NETPERF_DATAGRAM_MAX);

    static const int32_t BAD[] = { 0, -1, INT32_MIN, INT32_MAX, NETPERF_MESSAGE_MAX + 1 };
    for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
        load_request("rr-options", &request);
        request.omni.response_size = BAD[i];
        assert_int_equal(netperf_read_request(&request, &test, &why), EMSGSIZE);
        load_request("rr-options", &request);
        request.omni.request_size = BAD[i];
        assert_int_equal(netperf_read_request(&request, &test, &why), EMSGSIZE);
    }
}

static void what_is_not_served_is_refused_with_its_reason(void **unused)
{
    (void)unused;
    struct control request;
    struct netperf_test test;
    struct err why = { 0 };
    unsigned char bytes[CONTROL_BYTES] = { 0 };
    load_request("stream", &request);
    request.omni.protocol = 132; /* SCTP */
    assert_int_equal(netperf_read_request(&request, &test, &why), EOPNOTSUPP);
    load_request("stream", &request);
    request.omni.direction = 0;
    assert_int_equal(netperf_read_request(&request, &test, &why), EOPNOTSUPP);
    load_request("stream", &request);
    request.omni.family = 9;
    assert_int_equal(netperf_read_request(&request, &test, &why), EAFNOSUPPORT);
    load_request("stream", &request);
    request.omni.data_port = 65536;
    assert_int_equal(netperf_read_request(&request, &test, &why), EINVAL);
    assert_non_null(strstr(why.text, "65536"));
    bytes_put(bytes, 4, 40);
    assert_false(control_decode_request(bytes, &request));
    assert_int_equal(netperf_read_request(&request, &test, &why), CONTROL_UNKNOWN);
}

static void refusals_and_nonsense_of_a_server_are_told(void **unused)
{
    (void)unused;
    const struct netperf_test test = { .kind = NETPERF_STREAM };
    struct netperf_answer answer = { .data_port = 1 };
    struct netperf_outcome outcome = { .cpus = 42 };
    struct control c = { .form = CONTROL_FORM_OMNI_ANSWER, .word = EBUSY };
    struct err e = { 0 };
    assert_false(netperf_read_answer(&test, &c, &answer, &e));
    assert_non_null(strstr(e.text, "Device or resource busy"));
    c.word = CONTROL_UNKNOWN;
    assert_false(netperf_read_answer(&test, &c, &answer, &e));
    assert_non_null(strstr(e.text, "998"));
    c.word = 0;
    c.omni_answer.data_port = 0;
    assert_false(netperf_read_answer(&test, &c, &answer, &e));
    assert_non_null(strstr(e.text, "data port"));
    assert_int_equal(answer.data_port, 1);
    c = (struct control){ .form = CONTROL_FORM_OMNI_RESULTS };
    c.omni_results.elapsed_s = -1;
    assert_false(netperf_read_results(&test, &c, &outcome, &e));
    c.omni_results.elapsed_s = 1;
    c.word = ETIMEDOUT;
    assert_false(netperf_read_results(&test, &c, &outcome, &e));
    assert_int_equal(outcome.cpus, 42);
}

/* What a field is not set to holds anything (stock servers leave there what was before). */
static void stale_bytes_are_no_figures(void **unused)
{
    (void)unused;
    unsigned char bytes[CONTROL_BYTES];
    memset(bytes, 0xff, sizeof bytes);
    memset(bytes + 4, 0, 4);
    struct control c;
    struct netperf_outcome outcome;
    struct err e = { 0 };
    const struct netperf_test test = { .kind = NETPERF_STREAM, .measures_cpu = true };
    control_decode(bytes, CONTROL_FORM_OMNI_RESULTS, &c);
    assert_true(netperf_read_results(&test, &c, &outcome, &e));
    assert_false(outcome.has_cpu);
    assert_true(outcome.elapsed_s == 0 && outcome.bytes_received == INT64_MAX);
    assert_int_equal(outcome.retransmits, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stock_netperf_asks_for_is_understood),
        cmocka_unit_test(a_cpu_to_be_bound_to_is_read),
        cmocka_unit_test(requests_and_answers_encode_to_the_bytes_they_came_as),
        cmocka_unit_test(every_field_of_the_captured_messages_is_as_recorded),
        cmocka_unit_test(what_we_ask_for_is_what_stock_netperf_would_ask_for),
        cmocka_unit_test(what_stock_netserver_answers_is_understood),
        cmocka_unit_test(service_demand_is_what_netperf_printed),
        cmocka_unit_test(answers_and_results_survive_the_way_to_a_client),
        cmocka_unit_test(sizes_beyond_all_reason_are_clamped_or_refused),
        cmocka_unit_test(what_is_not_served_is_refused_with_its_reason),
        cmocka_unit_test(refusals_and_nonsense_of_a_server_are_told),
        cmocka_unit_test(stale_bytes_are_no_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
