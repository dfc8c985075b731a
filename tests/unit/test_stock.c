/* The client's half of netperf's protocol against servers that are not as they should be: one clear line
 * each, and no wait without an end. The good answers are those of netserver 2.7.0 (tests/golden/netperf). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/stock.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "flow/address.h"
#include "netperf/control_link.h"

/* A server that takes one client, hears one request, and says what it was told to. */
struct server {
    int fd;
    uint16_t port;
    pthread_t thread;
    unsigned char words[2 * CONTROL_BYTES], heard[CONTROL_BYTES];
    size_t size;
    bool stays; /* open, and silent */
    int go_fd;  /* until then */
};

static void *serve(void *arg)
{
    struct server *s = arg;
    uint64_t go;
    int client = accept(s->fd, NULL, NULL);
    if (client < 0 || recv(client, s->heard, sizeof s->heard, MSG_WAITALL) != sizeof s->heard)
        return NULL;
    (void)!send(client, s->words, s->size, MSG_NOSIGNAL);
    if (s->stays)
        (void)!read(s->go_fd, &go, sizeof go);
    close(client);
    return NULL;
}

static int listen_on_loopback(uint16_t *port)
{
    const struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_true(address_port(fd, port, NULL));
    return fd;
}

static void start(struct server *s, const void *words, size_t size, bool stays)
{
    *s = (struct server){ .size = size, .stays = stays, .go_fd = eventfd(0, EFD_CLOEXEC) };
    memcpy(s->words, words, size);
    s->fd = listen_on_loopback(&s->port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void end(struct server *s)
{
    const uint64_t one = 1;
    assert_int_equal(write(s->go_fd, &one, sizeof one), sizeof one);
    pthread_join(s->thread, NULL);
    close(s->fd);
    close(s->go_fd);
}

static const struct netperf_test STREAM = { .kind = NETPERF_STREAM, .length_ns = CLOCK_NS_PER_S, .cpu = -1 };

static void load(const char *name, unsigned char bytes[CONTROL_BYTES])
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/netperf/%s", TESTS_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file || fread(bytes, 1, CONTROL_BYTES, file) != CONTROL_BYTES)
        fail_msg("%s cannot be read", path);
    fclose(file);
}

/* Whose answer is those bytes; what the client makes of it. */
static void answered(const void *words, size_t size, bool stays, const char *says)
{
    struct server s;
    struct stock *stock = NULL;
    const struct netperf_answer *answer;
    struct err e = { 0 };
    char place[64];
    start(&s, words, size, stays);
    assert_true(stock_open("127.0.0.1", s.port, NULL, -1, &stock, &e));
    assert_true(stock_ask(stock, &STREAM, &e));
    assert_false(stock_hear(stock, &answer, &e));
    assert_int_equal(e.exit, ERR_PARTIAL);
    snprintf(place, sizeof place, "the netserver at 127.0.0.1 port %u: asked for TCP_STREAM: ", s.port);
    if (strncmp(e.text, place, strlen(place)) != 0 || !strstr(e.text, says))
        fail_msg("says: %s", e.text);
    stock_destroy(&stock);
    end(&s);
}

static void an_old_version_is_recognised_by_its_256_bytes(void **unused)
{
    (void)unused;
    const unsigned char old[CONTROL_OLD_BYTES] = { [3] = CONTROL_TCP_STREAM_RESPONSE };
    answered(old, sizeof old, true, "netperf 2.5 or older");
    answered(old, sizeof old, false, "netperf 2.5 or older");
}

static void half_an_answer_is_told(void **unused)
{
    (void)unused;
    const unsigned char half[300] = { 0 };
    answered(half, sizeof half, true, "half a message came (300 of 656 bytes), then nothing more");
    answered(half, sizeof half, false, "half a message came (300 of 656 bytes), then the end");
    answered(half, 0, false, "the connection was closed");
}

static void a_server_that_never_answers_is_not_waited_for_without_end(void **unused)
{
    (void)unused;
    answered("", 0, true, "nothing came within 3.0 s");
}

static void garbage_is_told(void **unused)
{
    (void)unused;
    unsigned char garbage[CONTROL_BYTES];
    memset(garbage, 0xff, sizeof garbage);
    answered(garbage, sizeof garbage, true, "refuses the test (error -1");
    memset(garbage, 0, sizeof garbage);
    answered(garbage, sizeof garbage, true, "a data port that is none (0)");
    bytes_put(garbage + 4, 4, EBUSY);
    answered(garbage, sizeof garbage, true, "refuses the test (error 16: Device or resource busy)");
    bytes_put(garbage + 4, 4, CONTROL_UNKNOWN);
    answered(garbage, sizeof garbage, true, "does not know this test (error 998)");
}

static void nobody_there_is_told(void **unused)
{
    (void)unused;
    uint16_t port = 0;
    struct stock *stock = NULL;
    struct err e = { 0 };
    close(listen_on_loopback(&port));
    assert_false(stock_open("127.0.0.1", port, NULL, -1, &stock, &e));
    assert_non_null(strstr(e.text, "nobody listens there: start netserver"));
    assert_null(stock);
}

static void a_closed_data_port_is_told(void **unused)
{
    (void)unused;
    unsigned char bytes[CONTROL_BYTES];
    struct server s;
    struct stock *stock = NULL;
    const struct netperf_answer *answer;
    struct err e = { 0 };
    uint16_t port = 0;
    int fd = -1;
    load("stream.answer", bytes);
    close(listen_on_loopback(&port));
    bytes_put(bytes + 8 + 44, 4, port);
    start(&s, bytes, sizeof bytes, true);
    assert_true(stock_open("127.0.0.1", s.port, NULL, -1, &stock, &e) && stock_ask(stock, &STREAM, &e) &&
                stock_hear(stock, &answer, &e));
    assert_false(stock_connect(stock, &(struct flow_options){ 0 }, &fd, &e));
    assert_non_null(strstr(e.text, "the data port is closed: has the test ended, or does a firewall refuse it?"));
    assert_int_equal(fd, -1);
    stock_destroy(&stock);
    end(&s);
}

static void a_whole_test_is_asked_for_answered_and_told(void **unused)
{
    (void)unused;
    unsigned char bytes[2 * CONTROL_BYTES];
    struct server s;
    struct control request;
    struct stock *stock = NULL;
    const struct netperf_answer *answer;
    struct netperf_test heard;
    struct netperf_outcome outcome;
    struct err e = { 0 };
    load("stream-cpu.answer", bytes);
    load("stream-cpu.results", bytes + CONTROL_BYTES);
    start(&s, bytes, sizeof bytes, true);
    struct netperf_test test = STREAM;
    test.measures_cpu = true;
    assert_true(stock_open("127.0.0.1", s.port, "127.0.0.1", -1, &stock, &e));
    assert_true(stock_ask(stock, &test, &e));
    assert_true(stock_hear(stock, &answer, &e));
    assert_int_equal(answer->receive_bytes, 131072);
    assert_true(stock_rtt_ns(stock) > 0);
    assert_true(stock_results(stock, 1000, &outcome, &e));
    assert_int_equal(outcome.bytes_received, 791707648);
    assert_true(outcome.has_cpu);
    stock_destroy(&stock);
    end(&s);
    assert_true(control_decode_request(s.heard, &request));
    assert_int_equal(netperf_read_request(&request, &heard, &e), 0);
    assert_true(heard.kind == NETPERF_STREAM && heard.measures_cpu);
}

static void a_cancel_ends_the_wait_for_an_answer(void **unused)
{
    (void)unused;
    struct server s;
    struct stock *stock = NULL;
    const struct netperf_answer *answer;
    struct err e = { 0 };
    const uint64_t one = 1;
    int cancel_fd = eventfd(0, EFD_CLOEXEC);
    start(&s, "", 0, true);
    assert_true(stock_open("127.0.0.1", s.port, NULL, cancel_fd, &stock, &e) && stock_ask(stock, &STREAM, &e));
    assert_int_equal(write(cancel_fd, &one, sizeof one), sizeof one);
    assert_false(stock_hear(stock, &answer, &e));
    assert_int_equal(e.exit, ERR_INTERRUPTED);
    stock_destroy(&stock);
    end(&s);
    close(cancel_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_version_is_recognised_by_its_256_bytes),
        cmocka_unit_test(half_an_answer_is_told),
        cmocka_unit_test(a_server_that_never_answers_is_not_waited_for_without_end),
        cmocka_unit_test(garbage_is_told),
        cmocka_unit_test(nobody_there_is_told),
        cmocka_unit_test(a_closed_data_port_is_told),
        cmocka_unit_test(a_whole_test_is_asked_for_answered_and_told),
        cmocka_unit_test(a_cancel_ends_the_wait_for_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
