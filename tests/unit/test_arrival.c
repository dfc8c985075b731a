#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flow/arrival.h"
#include "flow/tcp_stream.h"
#include "flow/udp_stream.h"
#include "flow_end.h"
#include "stamp/stamps.h"

enum { MESSAGE_BYTES = 512 };

static bool sends(struct end *end) { return tcp_stream_send(end->flow, &end->meter, &end->times, &end->e); }
static bool receives(struct end *end)
{
    return tcp_stream_receive(end->flow, TCP_READS_PLAIN, &end->meter, &end->times, &end->e);
}
static bool sends_datagrams(struct end *end)
{
    return udp_stream_send(end->flow, &end->udp, &end->meter, &end->counts, &end->times, &end->e);
}
static bool receives_datagrams(struct end *end)
{
    return udp_stream_receive(end->flow, &end->udp, &end->meter, &end->counts, &end->times, &end->e);
}

/* The kernel stamps what arrives as long as anybody has asked for it, as an agent's clock probes do; it
 * begins a moment after that. */
static int ask_for_stamps(void)
{
    static struct stamps stamps;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    stamps_begin(&stamps, fd, STAMP_RECEIVED);
    sleep_ms(50);
    return fd;
}

/* A first message, a while after the receiver has begun to wait; true when its arrival was told. */
static bool first_bytes(bool is_datagram)
{
    int fds[2], stamps = ask_for_stamps();
    struct end sender, receiver;
    pair_at("127.0.0.1", is_datagram, fds);
    end_make(&receiver, is_datagram ? receives_datagrams : receives, 0,
             is_datagram ? MESSAGE_BYTES : TCP_STREAM_READ_BYTES, fds[1]);
    end_make(&sender, is_datagram ? sends_datagrams : sends, MESSAGE_BYTES, 0, fds[0]);
    sender.udp.bits_per_s = 10 * 1000 * 1000;
    end_start(&receiver);
    sleep_ms(150);
    end_start(&sender);
    end_moves(&sender);
    if (is_datagram)
        flow_stop(sender.flow);
    else
        flow_stop_sending(sender.flow);
    end_join(&sender);
    end_join(&receiver);
    end_good(&sender);
    end_good(&receiver);
    /* What was looked at was left to be read. */
    assert_int_equal(sender.meter.bytes, receiver.meter.bytes);
    int64_t at_ns = receiver.times.arrived_ns;
    assert_int_equal(sender.times.arrived_ns, 0);
    if (at_ns != 0) {
        assert_true(at_ns > sender.times.first_op_ns);
        assert_true(at_ns < receiver.times.first_op_ns);
    }
    ends_destroy(&sender, &receiver);
    close(stamps);
    return at_ns != 0;
}

static void the_kernel_tells_when_the_first_bytes_arrived(void **unused)
{
    (void)unused;
    bool stream = first_bytes(false), datagrams = first_bytes(true);
    if (!stream && !datagrams) {
        print_message("skip: this kernel does not stamp what arrives by loopback\n");
        skip();
    }
    assert_true(stream && datagrams);
}

static void a_flow_that_is_reset_before_its_first_byte_fails_as_ever(void **unused)
{
    (void)unused;
    int fds[2];
    struct end receiver;
    connected_pair(fds);
    end_make(&receiver, receives, 0, TCP_STREAM_READ_BYTES, fds[1]);
    end_start(&receiver);
    end_waits(&receiver);
    reset_on_close(fds[0]);
    end_join(&receiver);
    end_says(&receiver, "reset");
    assert_int_equal(receiver.times.arrived_ns, 0);
    flow_destroy(&receiver.flow);
}

static void waiting_ends_with_a_stop_and_an_abort(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < 2; kind++) {
        int fds[2];
        struct end receiver;
        pair_at("127.0.0.1", kind == 0, fds);
        end_make(&receiver, kind == 0 ? receives_datagrams : receives, 0, MESSAGE_BYTES, fds[1]);
        end_start(&receiver);
        end_waits(&receiver);
        flow_abort(receiver.flow);
        end_join(&receiver);
        end_says(&receiver, "aborted");
        assert_int_equal(receiver.times.arrived_ns, 0);
        flow_destroy(&receiver.flow);
        close(fds[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_tells_when_the_first_bytes_arrived),
        cmocka_unit_test(a_flow_that_is_reset_before_its_first_byte_fails_as_ever),
        cmocka_unit_test(waiting_ends_with_a_stop_and_an_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
