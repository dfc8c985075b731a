/* Datagrams one way over loopback, and the handshake that makes their sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "base/bytes.h"
#include "flow_end.h"

static bool sends(struct end *end)
{
    return udp_stream_send(end->flow, &end->udp, &end->meter, &end->counts, &end->times, &end->e);
}

static bool receives(struct end *end)
{
    return udp_stream_receive(end->flow, &end->udp, &end->meter, &end->counts, &end->times, &end->e);
}

static void what_was_sent_came_or_is_missing(void **unused)
{
    (void)unused;
    static const struct {
        const char *address;
        size_t bytes;
        int64_t bits_per_s;
        int batch;
    } CASES[] = { { "127.0.0.1", 1472, 0, 0 },     { "127.0.0.1", 1472, 0, UDP_BATCH_MOST },
                  { "127.0.0.1", 1, 0, 1 },        { "127.0.0.1", 1000, 8000000, 0 },
                  { "127.0.0.1", 10, 8000000, 3 }, /* a burst is no whole number of batches */
                  { "::1", 30000, 0, 0 } };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int fds[2];
        struct end sender, receiver;
        pair_at(CASES[i].address, true, fds);
        end_make(&sender, sends, CASES[i].bytes, 0, fds[0]);
        end_make(&receiver, receives, 0, CASES[i].bytes, fds[1]);
        sender.udp.bits_per_s = CASES[i].bits_per_s;
        sender.udp.batch = receiver.udp.batch = CASES[i].batch;
        end_start(&receiver);
        end_start(&sender);
        end_moves(&sender);
        end_moves(&receiver);
        flow_stop(sender.flow);
        end_join(&sender);
        end_join(&receiver);
        end_good(&sender);
        end_good(&receiver);
        assert_true(sender.meter.operations > 0 && receiver.meter.operations > 0);
        assert_true(receiver.meter.operations <= sender.meter.operations);
        assert_int_equal(sender.meter.bytes, sender.meter.operations * CASES[i].bytes);
        assert_int_equal(receiver.meter.bytes, receiver.meter.operations * CASES[i].bytes);
        assert_int_equal(receiver.counts.duplicates + receiver.counts.strange, 0);
        assert_true(receiver.times.first_op_ns >= sender.times.first_op_ns);
        if (CASES[i].bits_per_s > 0) { /* no more than the rate, and a burst */
            double elapsed = (double)(sender.times.last_op_ns - sender.times.first_op_ns);
            assert_true((double)sender.meter.bytes * 8 <=
                        (double)CASES[i].bits_per_s * (elapsed / 1e9 + 0.002) + 8.0 * (double)CASES[i].bytes);
        }
        ends_destroy(&sender, &receiver);
    }
}

/* The sender is played by hand. */
static void what_is_late_twice_or_strange_is_counted_apart(void **unused)
{
    (void)unused;
    static const uint64_t NUMBERS[] = { 0, 1, 3, 2, 3, 7, UINT64_MAX };
    int fds[2];
    struct end receiver;
    unsigned char message[100] = { 0 }, answer;
    datagram_pair(fds);
    end_make(&receiver, receives, 0, sizeof message, fds[1]);
    end_start(&receiver);
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        bytes_put(message, 8, NUMBERS[i]);
        assert_int_equal(send(fds[0], message, sizeof message, 0), sizeof message);
    }
    assert_int_equal(send(fds[0], message, 99, 0), 99);
    assert_int_equal(send(fds[0], "", 0, 0), 0);
    assert_int_equal(recv(fds[0], &answer, 1, 0), 0);
    end_join(&receiver);
    end_good(&receiver);
    assert_int_equal(receiver.meter.operations, 6);
    assert_int_equal(receiver.counts.late, 1);
    assert_int_equal(receiver.counts.duplicates, 1);
    assert_int_equal(receiver.counts.strange, 2);
    close(fds[0]);
    flow_destroy(&receiver.flow);
}

static void an_end_that_nobody_answers_is_told(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    datagram_pair(fds);
    end_make(&sender, sends, 100, 0, fds[0]);
    flow_stop(sender.flow);
    end_start(&sender);
    end_join(&sender);
    end_says(&sender, "no longer answers while telling the end");
    assert_int_equal(sender.e.exit, ERR_PARTIAL);
    flow_destroy(&sender.flow);
    /* A stock netserver does not, and is believed. */
    end_make(&sender, sends, 100, 0, -1);
    close(fds[1]);
    datagram_pair(fds);
    flow_connect(sender.flow, &fds[0]);
    sender.udp.is_stock = true;
    flow_stop(sender.flow);
    end_start(&sender);
    end_join(&sender);
    end_good(&sender);
    unsigned char byte;
    for (int i = 0; i < 3; i++)
        assert_int_equal(recv(fds[1], &byte, 1, 0), 0);
    flow_destroy(&sender.flow);
    close(fds[1]);
}

static void a_receiver_without_a_sender_ends_when_stopped_or_aborted(void **unused)
{
    (void)unused;
    for (int aborted = 0; aborted < 2; aborted++) {
        int fds[2];
        struct end receiver;
        datagram_pair(fds);
        end_make(&receiver, receives, 0, 100, fds[1]);
        end_start(&receiver);
        end_waits(&receiver);
        (aborted ? flow_abort : flow_stop)(receiver.flow);
        end_join(&receiver);
        if (aborted)
            end_says(&receiver, "aborted while receiving");
        else
            end_good(&receiver);
        assert_int_equal(receiver.times.first_op_ns, 0);
        assert_int_equal(receiver.times.last_op_ns, 0);
        close(fds[0]);
        flow_destroy(&receiver.flow);
    }
}

static void a_receiver_that_is_gone_is_told(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    datagram_pair(fds);
    end_make(&sender, sends, 100, 0, fds[0]);
    end_start(&sender);
    end_moves(&sender);
    close(fds[1]);
    end_join(&sender);
    end_says(&sender, "nobody listens on the other side any more");
    assert_true(sender.meter.operations > 0);
    flow_destroy(&sender.flow);
}

static void a_datagram_that_is_too_large_is_named(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    datagram_pair(fds);
    end_make(&sender, sends, UDP_MESSAGE_MOST + 1, 0, fds[0]);
    end_start(&sender);
    end_join(&sender);
    end_says(&sender, "a datagram of 65508 bytes");
    assert_int_equal(sender.e.exit, ERR_USAGE);
    close(fds[1]);
    flow_destroy(&sender.flow);
}

/* ---- the handshake ---- */

static int datagram_socket(uint16_t port)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Several flows at one port, each with what its own client sends; strangers before and after. */
static void each_flow_hears_its_own_client_and_no_stranger(void **unused)
{
    (void)unused;
    enum { FLOWS = 3 };
    int listener = -1, taken[FLOWS], clients[FLOWS];
    uint16_t port = 0;
    struct err e = { 0 };
    struct token_wait wait = within_ms(5000);
    unsigned char hello[20], answer;
    assert_true(token_datagram_listen(NULL, &PLAIN, &listener, &port, &e));
    int stranger = datagram_socket(port);
    assert_int_equal(send(stranger, "another trial's token...", 20, 0), 20);
    for (unsigned i = 0; i < FLOWS; i++) {
        uint32_t number = htonl(FLOWS - 1 - i);
        memcpy(hello, TOKEN.bytes, sizeof TOKEN.bytes);
        memcpy(hello + sizeof TOKEN.bytes, &number, sizeof number);
        clients[FLOWS - 1 - i] = datagram_socket(port);
        assert_int_equal(send(clients[FLOWS - 1 - i], hello, sizeof hello, 0), sizeof hello);
    }
    if (!token_datagram_accept(listener, &TOKEN, FLOWS, taken, &PLAIN, &wait, &e))
        fail_msg("%s", e.text);
    for (unsigned i = 0; i < FLOWS; i++) {
        char got[16];
        assert_int_equal(recv(clients[i], &answer, 1, 0), 1);
        assert_int_equal(answer, TOKEN_TAKEN);
        assert_int_equal(send(stranger, "nothing", 7, MSG_NOSIGNAL), 7);
        assert_int_equal(send(clients[i], &i, sizeof i, 0), sizeof i);
        assert_int_equal(recv(taken[i], got, sizeof got, 0), sizeof i);
        assert_memory_equal(got, &i, sizeof i);
        close(clients[i]);
        close(taken[i]);
    }
    close(stranger);
    close(listener);
}

static void a_handshake_that_nobody_takes_ends_at_its_deadline(void **unused)
{
    (void)unused;
    int listener = -1, fd = -1;
    uint16_t port = 0;
    struct err e = { 0 };
    struct token_wait wait = within_ms(300);
    assert_true(token_datagram_listen("127.0.0.1", &PLAIN, &listener, &port, &e));
    assert_false(token_datagram_connect("127.0.0.1", port, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_non_null(strstr(e.text, "firewall"));
    e = (struct err){ 0 };
    wait = within_ms(100);
    assert_false(token_datagram_accept(listener, &(struct token){ "another" }, 1, &fd, &PLAIN, &wait, &e));
    assert_non_null(strstr(e.text, "0 of 1 are here"));
    close(listener);
    e = (struct err){ 0 };
    wait = within_ms(5000);
    assert_false(token_datagram_connect("127.0.0.1", port, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_non_null(strstr(e.text, "nobody listens there"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sent_came_or_is_missing),
        cmocka_unit_test(what_is_late_twice_or_strange_is_counted_apart),
        cmocka_unit_test(an_end_that_nobody_answers_is_told),
        cmocka_unit_test(a_receiver_without_a_sender_ends_when_stopped_or_aborted),
        cmocka_unit_test(a_receiver_that_is_gone_is_told),
        cmocka_unit_test(a_datagram_that_is_too_large_is_named),
        cmocka_unit_test(each_flow_hears_its_own_client_and_no_stranger),
        cmocka_unit_test(a_handshake_that_nobody_takes_ends_at_its_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
