#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>

#include "flow/tcp_sendfile.h"
#include "flow/tcp_stream.h"
#include "flow_end.h"

enum { MESSAGE_BYTES = 16 * 1024 };

static bool sends(struct end *end) { return tcp_stream_send(end->flow, &end->meter, &end->times, &end->e); }
static bool sends_file(struct end *end) { return tcp_sendfile_send(end->flow, &end->meter, &end->times, &end->e); }

/* `choice`: of enum tcp_reads. */
static bool receives(struct end *end)
{
    return tcp_stream_receive(end->flow, (enum tcp_reads)end->choice, &end->meter, &end->times, &end->e);
}

static void make_sender(struct end *end, int fd) { end_make(end, sends, MESSAGE_BYTES, 0, fd); }
static void make_receiver(struct end *end, int fd)
{
    end_make(end, receives, 0, TCP_STREAM_READ_BYTES, fd);
    end->choice = TCP_READS_IN_COMPANY;
}

/* ---- flows ---- */

/* From a buffer, of messages that are small and large, and from a file whose length no message divides. */
static void every_byte_that_is_sent_is_received(void **unused)
{
    (void)unused;
    static const size_t MESSAGES
    [] = { MESSAGE_BYTES, 1 << 20, 100000 };
    for (int kind = 0; kind < 9; kind++) {
        int fds[2];
        struct end sender, receiver;
        struct flow_tcp_info info;
        connected_pair(fds);
        end_make(&sender, kind / 3 == 2 ? sends_file : sends, MESSAGES[kind / 3], 0, fds[0]);
        if (kind / 3 == 2)
            assert_true(tcp_sendfile_prepare(sender.flow, &sender.e));
        make_receiver(&receiver, fds[1]);
        receiver.choice = kind % 3; /* all ways to read it */
        int64_t before_ns = clock_raw_ns();
        ends_run(&sender, &receiver, flow_stop_sending);
        int64_t after_ns = clock_raw_ns();
        end_good(&sender);
        end_good(&receiver);
        assert_true(sender.meter.bytes > 0);
        assert_int_equal(sender.meter.bytes, receiver.meter.bytes);
        assert_true(sender.times.first_op_ns >= before_ns && sender.times.last_op_ns <= after_ns);
        assert_true(sender.times.last_op_ns > sender.times.first_op_ns);
        assert_true(receiver.times.first_op_ns >= sender.times.first_op_ns);
        assert_true(receiver.times.last_op_ns <= sender.times.last_op_ns);
        assert_true(flow_tcp_info(sender.flow, &info, &sender.e));
        assert_true(info.mss > 0 && info.send_buffer_bytes > 0 && info.receive_buffer_bytes > 0 && info.congestion[0]);
        assert_int_equal(flow_broken_by(sender.flow), 0);
        flow_destroy(&sender.flow);
        assert_null(sender.flow);
        flow_destroy(&sender.flow);
        flow_destroy(&receiver.flow);
    }
}

/* sendfile(2) knows no MSG_NOSIGNAL: a program that does not ignore SIGPIPE would die of a peer that goes. */
static void a_broken_pipe_while_sending_a_file_raises_no_signal(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    void (*before)(int) = signal(SIGPIPE, SIG_DFL);
    connected_pair(fds);
    end_make(&sender, sends_file, MESSAGE_BYTES, 0, fds[0]);
    assert_true(tcp_sendfile_prepare(sender.flow, &sender.e));
    close(fds[1]);
    is_closed_to(fds[0]);
    end_start(&sender);
    end_join(&sender);
    end_says(&sender, "while sending a file");
    assert_int_not_equal(flow_broken_by(sender.flow), 0);
    flow_destroy(&sender.flow);
    signal(SIGPIPE, before);
}

static void stopped_beforehand_it_sends_nothing(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    make_receiver(&receiver, fds[1]);
    flow_stop_sending(sender.flow);
    end_start(&receiver);
    end_start(&sender);
    end_join(&sender);
    end_join(&receiver);
    assert_true(sender.ok && receiver.ok);
    assert_int_equal(sender.meter.bytes, 0);
    assert_int_equal(receiver.times.first_op_ns, 0);
    assert_int_equal(receiver.times.last_op_ns, 0);
    ends_destroy(&sender, &receiver);
}

static void what_hangs_can_be_aborted(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    /* A sender that nobody reads from. */
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    end_start(&sender);
    end_moves(&sender);
    flow_abort(sender.flow);
    end_join(&sender);
    end_says(&sender, "aborted while sending");
    assert_int_equal(sender.e.exit, ERR_PARTIAL);
    assert_true(sender.meter.bytes > 0 && sender.times.first_op_ns > 0);
    flow_destroy(&sender.flow);
    close(fds[1]);
    /* A sender that waits for the other's close. */
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    end_start(&sender);
    end_waits(&sender);
    flow_stop_sending(sender.flow);
    end_waits(&sender);
    flow_abort(sender.flow);
    end_join(&sender);
    end_says(&sender, "aborted while waiting for the other side to read");
    flow_destroy(&sender.flow);
    close(fds[1]);
    /* A receiver to whom nobody sends; and one that is aborted before it began. */
    for (int when = 0; when < 4; when++) {
        connected_pair(fds);
        make_receiver(&receiver, fds[0]);
        receiver.choice = when < 2 ? TCP_READS_IN_COMPANY : TCP_READS_FILLING;
        if (when % 2)
            flow_abort(receiver.flow);
        end_start(&receiver);
        if (when % 2 == 0)
            end_waits(&receiver);
        flow_abort(receiver.flow);
        end_join(&receiver);
        end_says(&receiver, "aborted while receiving");
        flow_destroy(&receiver.flow);
        close(fds[1]);
    }
}

static void a_peer_that_breaks_off_is_no_normal_end(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    end_start(&sender);
    end_waits(&sender);
    reset_on_close(fds[1]);
    end_join(&sender);
    end_says(&sender, "reset the connection while sending");
    flow_destroy(&sender.flow);

    connected_pair(fds);
    make_receiver(&receiver, fds[0]);
    end_start(&receiver);
    end_waits(&receiver);
    reset_on_close(fds[1]);
    end_join(&receiver);
    end_says(&receiver, "reset the connection while receiving");
    flow_destroy(&receiver.flow);

    /* Closed in order, but before the end: the kernel says EPIPE, as after our own stop. */
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    close(fds[1]);
    is_closed_to(fds[0]);
    end_start(&sender);
    end_join(&sender);
    end_says(&sender, "while sending");
    flow_destroy(&sender.flow);
}

static void a_receiver_that_talks_back_is_refused(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    flow_stop_sending(sender.flow);
    assert_int_equal(send(fds[1], "hello", 5, 0), 5);
    end_start(&sender);
    end_join(&sender);
    end_says(&sender, "only its close was due");
    flow_destroy(&sender.flow);
    close(fds[1]);
}

static void do_nothing(int signal_number) { (void)signal_number; }

static void signals_do_not_end_a_flow(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    const struct sigaction interrupting = { .sa_handler = do_nothing }; /* no SA_RESTART */
    sigaction(SIGUSR1, &interrupting, NULL);
    connected_pair(fds);
    make_sender(&sender, fds[0]);
    make_receiver(&receiver, fds[1]);
    end_start(&receiver);
    for (int i = 0; i < 20; i++) { /* in a read that waits */
        pthread_kill(receiver.thread, SIGUSR1);
        sleep_ms(1);
    }
    end_start(&sender);
    for (int i = 0; i < 50; i++) {
        pthread_kill(sender.thread, SIGUSR1);
        pthread_kill(receiver.thread, SIGUSR1);
        sleep_ms(1);
    }
    flow_stop_sending(sender.flow);
    end_join(&sender);
    end_join(&receiver);
    if (!sender.ok || !receiver.ok)
        fail_msg("%s%s", sender.e.text, receiver.e.text);
    assert_int_equal(sender.meter.bytes, receiver.meter.bytes);
    ends_destroy(&sender, &receiver);
}

static void a_setting_that_is_refused_is_named(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct flow_options unknown = { .congestion = "no-such-one" };
    assert_false(flow_configure(fd, &unknown, &e));
    assert_non_null(strstr(e.text, "'no-such-one' is not available here"));
    assert_int_equal(e.exit, ERR_USAGE);
    const struct flow_options all = {
        .send_buffer_bytes = 65536, .receive_buffer_bytes = 65536, .congestion = "reno", .nodelay = true
    };
    if (!flow_configure(fd, &all, &e))
        fail_msg("%s", e.text);
    assert_null(flow_new(0, 0, &e));
    assert_true(fd >= 0);
    close(fd);
}

/* The kernel cuts a buffer to its limit in silence; a figure under another buffer's name is wrong. */
static void a_buffer_that_the_kernel_would_cut_is_refused(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct flow_options send = { .send_buffer_bytes = 1 << 30 }, receive = { .receive_buffer_bytes = 1 << 30 };
    assert_false(flow_configure(fd, &send, &e));
    assert_non_null(strstr(e.text, "net.core.wmem_max"));
    assert_int_equal(e.exit, ERR_USAGE);
    assert_false(flow_configure(fd, &receive, &e));
    assert_non_null(strstr(e.text, "net.core.rmem_max"));
    const struct flow_options least = { .send_buffer_bytes = 1, .receive_buffer_bytes = 1 };
    assert_true(flow_configure(fd, &least, &e));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_that_is_sent_is_received),
        cmocka_unit_test(a_broken_pipe_while_sending_a_file_raises_no_signal),
        cmocka_unit_test(stopped_beforehand_it_sends_nothing),
        cmocka_unit_test(what_hangs_can_be_aborted),
        cmocka_unit_test(a_peer_that_breaks_off_is_no_normal_end),
        cmocka_unit_test(a_receiver_that_talks_back_is_refused),
        cmocka_unit_test(signals_do_not_end_a_flow),
        cmocka_unit_test(a_setting_that_is_refused_is_named),
        cmocka_unit_test(a_buffer_that_the_kernel_would_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
