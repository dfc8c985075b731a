/* Request and response over loopback, in all three forms: one connection, many, datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow_end.h"

static bool asks(struct end *end) { return tcp_rr_ask(end->flow, &end->plan, &end->meter, &end->times, &end->e); }

static bool answers(struct end *end) { return tcp_rr_answer(end->flow, &end->meter, &end->times, &end->e); }

static bool asks_anew(struct end *end)
{
    return tcp_crr_ask(end->flow, &end->target, &end->plan, &end->meter, &end->times, &end->e);
}

static bool answers_anew(struct end *end)
{
    return tcp_crr_answer(end->flow, &end->target.preamble, &end->meter, &end->strangers, &end->times, &end->e);
}

/* `flag`: of a stock tool. */
static bool asks_by_datagram(struct end *end)
{
    return udp_rr_ask(end->flow, &end->plan, end->flag, &end->meter, &end->counts, &end->times, &end->e);
}

static bool answers_datagrams(struct end *end)
{
    return udp_rr_answer(end->flow, end->flag, &end->meter, &end->counts, &end->times, &end->e);
}

static const struct {
    size_t request, response;
} SIZES[] = { { 1, 1 }, { 1, 60000 }, { 60000, 3 }, { 200, 300 } };
enum { SIZE_COUNT = sizeof SIZES / sizeof *SIZES };

/* What holds of both ends of any of them when they went well. */
static void check_ends(const struct end *client, const struct end *server, size_t bytes, const struct hist *h)
{
    end_good(client);
    end_good(server);
    assert_int_equal(client->meter.operations, server->meter.operations);
    assert_int_equal(client->meter.bytes, client->meter.operations * bytes);
    assert_int_equal(server->meter.bytes, client->meter.bytes);
    assert_int_equal(h->total, client->meter.operations);
    assert_true(client->times.first_op_ns > 0 && client->times.last_op_ns > client->times.first_op_ns);
    assert_true(server->times.first_op_ns > client->times.first_op_ns);
    /* One at a time: together they took no longer than the whole. */
    assert_true(h->most_ns <= client->times.last_op_ns - client->times.first_op_ns);
    assert_true((double)h->total * (double)h->least_ns <=
                (double)(client->times.last_op_ns - client->times.first_op_ns));
}

/* Both ends of one connection. */
static void make_rr(struct end *client, struct end *server, size_t request, size_t response)
{
    int fds[2];
    connected_pair(fds);
    end_make(client, asks, request, response, fds[0]);
    end_make(server, answers, response, request, fds[1]);
}

static void each_request_has_its_response_over_one_connection(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        struct end client, server;
        struct hist h = { 0 };
        make_rr(&client, &server, SIZES[i].request, SIZES[i].response);
        client.plan.hist = &h;
        ends_run(&client, &server, flow_stop_sending);
        check_ends(&client, &server, SIZES[i].request + SIZES[i].response, &h);
        ends_destroy(&client, &server);
    }
}

static void a_warm_up_is_in_no_histogram(void **unused)
{
    (void)unused;
    for (int warm = 0; warm < 2; warm++) {
        struct end client, server;
        struct hist h = { 0 };
        make_rr(&client, &server, 1, 1);
        client.plan = (struct rr_plan){ .hist = &h, .hist_from_ns = clock_raw_ns() + (warm ? clock_ms(60000) : 0) };
        ends_run(&client, &server, flow_stop_sending);
        end_good(&client);
        assert_int_equal(h.total, warm ? 0 : client.meter.operations);
        ends_destroy(&client, &server);
    }
}

static void with_an_interval_there_are_no_more_requests_than_intervals(void **unused)
{
    (void)unused;
    struct end client, server;
    make_rr(&client, &server, 1, 1);
    client.plan.interval_ns = clock_ms(10);
    ends_run(&client, &server, flow_stop_sending);
    end_good(&client);
    end_good(&server);
    int64_t elapsed = client.times.last_op_ns - client.times.first_op_ns;
    assert_in_range(client.meter.operations, 1, (uint64_t)(elapsed / clock_ms(10) + 1));
    ends_destroy(&client, &server);
}

static void who_asks_or_answers_in_vain_can_be_aborted(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 4; kind++) {
        int fds[2];
        struct end end;
        (kind < 2 ? connected_pair : datagram_pair)(fds);
        bool (*const RUN[])(struct end *) = { asks, answers, asks_by_datagram, answers_datagrams };
        end_make(&end, RUN[kind], 100, 100, fds[0]);
        end_start(&end);
        end_waits(&end);
        flow_abort(end.flow);
        end_join(&end);
        end_says(&end, "aborted while");
        flow_destroy(&end.flow);
        close(fds[1]);
    }
}

static void a_connection_that_breaks_is_no_end(void **unused)
{
    (void)unused;
    int fds[2];
    struct end client, server;
    connected_pair(fds);
    end_make(&client, asks, 1, 1, fds[0]);
    end_start(&client);
    char request;
    assert_int_equal(recv(fds[1], &request, 1, MSG_PEEK), 1);
    close(fds[1]); /* with a request unread: the kernel resets */
    end_join(&client);
    end_says(&client, "while waiting for a response");
    flow_destroy(&client.flow);

    connected_pair(fds);
    end_make(&server, answers, 1, 1, fds[1]);
    end_start(&server);
    reset_on_close(fds[0]);
    end_join(&server);
    end_says(&server, "reset the connection while waiting for a request");
    assert_int_equal(flow_broken_by(server.flow), 104 /* ECONNRESET */);
    flow_destroy(&server.flow);
}

static void an_end_within_a_request_is_an_end(void **unused)
{
    (void)unused;
    int fds[2];
    struct end server;
    connected_pair(fds);
    end_make(&server, answers, 1, 100, fds[1]);
    end_start(&server);
    assert_int_equal(send(fds[0], "half a request", 14, 0), 14);
    shutdown(fds[0], SHUT_WR);
    end_join(&server);
    end_good(&server);
    assert_int_equal(server.meter.operations, 0);
    close(fds[0]);
    flow_destroy(&server.flow);
}

/* ---- a connection for each ---- */

static const struct tcp_crr_preamble PREAMBLE = { "0123456789abcdef", 16 };

/* A server that listens, and the address where. `backlog`: of connections that it has not accepted. */
static void make_crr_server(struct end *server, size_t request, size_t response, int backlog, struct address *at)
{
    int listener = -1;
    uint16_t port = 0;
    struct err e = { 0 };
    assert_true(token_listen("127.0.0.1", &PLAIN, &listener, &port, &e));
    assert_true(address_parse("127.0.0.1", port, at, &e));
    assert_true(tcp_crr_prepare(listener, &e));
    assert_int_equal(listen(listener, backlog), 0);
    end_make(server, answers_anew, response, PREAMBLE.size + request, listener);
    server->target.preamble = PREAMBLE;
}

static void make_crr_client(struct end *client, size_t request, size_t response, const struct address *to)
{
    end_make(client, asks_anew, PREAMBLE.size + request, response, -1);
    client->target = (struct tcp_crr_target){ .to = *to, .options = &PLAIN, .preamble = PREAMBLE };
}

static void each_request_has_its_response_over_a_connection_of_its_own(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        struct end client, server;
        struct address at;
        struct hist h = { 0 };
        make_crr_server(&server, SIZES[i].request, SIZES[i].response, SOMAXCONN, &at);
        make_crr_client(&client, SIZES[i].request, SIZES[i].response, &at);
        client.plan.hist = &h;
        client.target.closes_first = i % 2;    /* as stock netperf does */
        ends_run(&client, &server, flow_stop); /* the last word ends the server */
        check_ends(&client, &server, PREAMBLE.size + SIZES[i].request + SIZES[i].response, &h);
        assert_int_equal(server.strangers, 0);
        ends_destroy(&client, &server);
    }
}

static int dial(const struct address *to)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, address_of(to), to->size), 0);
    return fd;
}

static void strangers_are_dropped_and_do_not_end_it(void **unused)
{
    (void)unused;
    struct end client, server;
    struct address at;
    char response[8];
    make_crr_server(&server, 1, 1, SOMAXCONN, &at);
    make_crr_client(&client, 1, 1, &at);
    end_start(&server);
    int silent = dial(&at), wrong = dial(&at), half = dial(&at);
    assert_int_equal(send(wrong, "0123456789abcdeXx", 17, 0), 17);
    assert_int_equal(send(half, "0123456789abcde", 15, 0), 15);
    assert_true(recv(wrong, response, sizeof response, 0) <= 0);
    assert_true(recv(half, response, sizeof response, 0) <= 0); /* given up after half a second */
    end_start(&client);
    end_moves(&client);
    flow_stop(client.flow);
    end_join(&client);
    end_join(&server);
    end_good(&client);
    end_good(&server);
    assert_int_equal(client.meter.operations, server.meter.operations);
    assert_true(server.strangers >= 2);
    close(silent);
    close(wrong);
    close(half);
    ends_destroy(&client, &server);
}

/* A queue that is full drops the first SYN; the one that is sent again, a second later, finds it empty, and a server
 * that has looked in vain for longer than its own patience. */
static void what_had_to_be_sent_again_is_counted_over_all_connections(void **unused)
{
    (void)unused;
    struct end client, server;
    struct address at;
    struct flow_tcp_info info;
    make_crr_server(&server, 1, 1, 0, &at);
    make_crr_client(&client, 1, 1, &at);
    int before = dial(&at);
    assert_int_equal(send(before, "x", 1, 0), 1);
    end_start(&client);
    end_waits(&client);
    close(before);
    end_start(&server);
    end_moves(&client);
    flow_stop(client.flow);
    end_join(&client);
    end_join(&server);
    end_good(&client);
    assert_true(flow_tcp_info(client.flow, &info, &client.e));
    assert_true(info.retransmits >= 1 && info.mss > 0);
    ends_destroy(&client, &server);
}

static void what_hangs_in_a_connection_of_many_can_be_aborted(void **unused)
{
    (void)unused;
    struct end client, server;
    struct address at;
    make_crr_server(&server, 1, 1, SOMAXCONN, &at); /* nobody answers there: */
    make_crr_client(&client, 1, 1, &at);
    end_start(&client);
    end_waits(&client);
    flow_abort(client.flow);
    end_join(&client);
    end_says(&client, "aborted while");
    flow_destroy(&client.flow);
    end_start(&server); /* and here nobody asks */
    end_waits(&server);
    flow_abort(server.flow);
    end_join(&server);
    end_says(&server, "aborted while waiting for connections");
    flow_destroy(&server.flow);
    /* Nobody listens any more. */
    make_crr_client(&client, 1, 1, &at);
    end_start(&client);
    end_join(&client);
    end_says(&client, "nobody listens");
    flow_destroy(&client.flow);
}

static void a_side_that_answers_a_stock_tool_ends_when_stopped(void **unused)
{
    (void)unused;
    struct end server;
    struct address at;
    make_crr_server(&server, 1, 1, SOMAXCONN, &at);
    end_start(&server);
    flow_stop(server.flow);
    end_join(&server);
    end_good(&server);
    assert_int_equal(server.times.first_op_ns, 0);
    flow_destroy(&server.flow);
}

/* ---- datagrams ---- */

static void each_request_has_its_response_in_datagrams(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        int fds[2];
        struct end client, server;
        struct hist h = { 0 };
        datagram_pair(fds);
        end_make(&client, asks_by_datagram, SIZES[i].request, SIZES[i].response, fds[0]);
        end_make(&server, answers_datagrams, SIZES[i].response, SIZES[i].request, fds[1]);
        client.plan.hist = &h;
        ends_run(&client, &server, flow_stop);
        check_ends(&client, &server, SIZES[i].request + SIZES[i].response, &h);
        assert_int_equal(client.counts.lost + client.counts.late + client.counts.strange, 0);
        ends_destroy(&client, &server);
    }
}

/* The other side is played by hand: it swallows the first request, then answers it late. */
static void a_lost_datagram_is_counted_and_a_late_one_is_no_response(void **unused)
{
    (void)unused;
    int fds[2];
    struct end client;
    struct hist h = { 0 };
    unsigned char first[16], second[16];
    datagram_pair(fds);
    end_make(&client, asks_by_datagram, 16, 16, fds[0]);
    client.plan.hist = &h;
    end_start(&client);
    assert_int_equal(recv(fds[1], first, sizeof first, 0), 16);
    assert_int_equal(recv(fds[1], second, sizeof second, 0), 16); /* the first was given up */
    flow_stop(client.flow);
    assert_int_equal(send(fds[1], first, sizeof first, 0), 16);
    assert_int_equal(send(fds[1], "?", 1, 0), 1);
    assert_int_equal(send(fds[1], second, sizeof second, 0), 16);
    assert_int_equal(recv(fds[1], first, sizeof first, 0), 0); /* the end */
    assert_int_equal(send(fds[1], "", 0, 0), 0);
    end_join(&client);
    end_good(&client);
    assert_int_equal(client.meter.operations, 1);
    assert_int_equal(client.counts.lost, 1);
    assert_int_equal(client.counts.late, 1);
    assert_int_equal(client.counts.strange, 1);
    assert_int_equal(h.total, 1); /* the late one did not pass for it */
    close(fds[1]);
    flow_destroy(&client.flow);
}

static void datagrams_to_nobody_fail_with_one_line(void **unused)
{
    (void)unused;
    int fds[2];
    struct end client;
    datagram_pair(fds);
    close(fds[1]);
    end_make(&client, asks_by_datagram, 1, 1, fds[0]);
    end_start(&client);
    end_join(&client);
    end_says(&client, "nobody listens");
    flow_destroy(&client.flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_response_over_one_connection),
        cmocka_unit_test(a_warm_up_is_in_no_histogram),
        cmocka_unit_test(with_an_interval_there_are_no_more_requests_than_intervals),
        cmocka_unit_test(who_asks_or_answers_in_vain_can_be_aborted),
        cmocka_unit_test(a_connection_that_breaks_is_no_end),
        cmocka_unit_test(an_end_within_a_request_is_an_end),
        cmocka_unit_test(each_request_has_its_response_over_a_connection_of_its_own),
        cmocka_unit_test(strangers_are_dropped_and_do_not_end_it),
        cmocka_unit_test(what_had_to_be_sent_again_is_counted_over_all_connections),
        cmocka_unit_test(what_hangs_in_a_connection_of_many_can_be_aborted),
        cmocka_unit_test(a_side_that_answers_a_stock_tool_ends_when_stopped),
        cmocka_unit_test(each_request_has_its_response_in_datagrams),
        cmocka_unit_test(a_lost_datagram_is_counted_and_a_late_one_is_no_response),
        cmocka_unit_test(datagrams_to_nobody_fail_with_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
