#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "flow/flow.h"
#include "flow/token.h"

enum { MESSAGE_BYTES = 16 * 1024 };

static void sleep_ms(int ms) { clock_sleep_until_mono(clock_mono_ns() + (int64_t)ms * CLOCK_NS_PER_MS); }

/* ---- a connection and its ends ---- */

static const struct token TOKEN = { "a trial's token!" };
static const struct flow_options PLAIN = { .message_bytes = MESSAGE_BYTES };

static struct token_wait within_ms(int ms)
{
    return (struct token_wait){ clock_mono_ns() + (int64_t)ms * CLOCK_NS_PER_MS, -1 };
}

/* The one that connects, in a thread of its own. */
struct client {
    uint16_t port;
    int fd;
};

static void *connect_one(void *argument)
{
    struct client *client = argument;
    struct token_wait wait = within_ms(5000);
    struct err e = { 0 };
    if (!token_connect("127.0.0.1", client->port, &TOKEN, 0, &PLAIN, &wait, &client->fd, &e))
        print_message("%s\n", e.text);
    return NULL;
}

/* fds[0] connected, fds[1] accepted. */
static void connected_pair(int fds[2])
{
    int listener = -1;
    struct client client = { .fd = -1 };
    struct err e = { 0 };
    struct token_wait wait = within_ms(5000);
    pthread_t thread;
    assert_true(token_listen("127.0.0.1", &PLAIN, &listener, &client.port, &e));
    assert_int_equal(pthread_create(&thread, NULL, connect_one, &client), 0);
    if (!token_accept(listener, &TOKEN, 1, &fds[1], &wait, &e))
        fail_msg("%s", e.text);
    pthread_join(thread, NULL);
    fds[0] = client.fd;
    assert_true(fds[0] >= 0);
    close(listener);
}

/* A flow and the thread that moves it. */
struct end {
    struct meter meter;
    struct flow *flow;
    bool sends, ok;
    struct flow_times times;
    struct err e;
    pthread_t thread;
};

static void *move(void *argument)
{
    struct end *end = argument;
    end->ok = end->sends ? flow_send(end->flow, &end->meter, &end->times, &end->e)
                         : flow_receive(end->flow, &end->meter, &end->times, &end->e);
    return NULL;
}

static void make(struct end *end, int fd, bool sends)
{
    *end = (struct end){ .sends = sends };
    end->flow = flow_new(MESSAGE_BYTES, &end->e);
    if (end->flow)
        flow_connect(end->flow, &fd);
    assert_non_null(end->flow);
    assert_int_equal(fd, -1);
}

static void start(struct end *end) { assert_int_equal(pthread_create(&end->thread, NULL, move, end), 0); }
static void join(struct end *end) { pthread_join(end->thread, NULL); }

static void says(const struct end *end, const char *because)
{
    assert_false(end->ok);
    if (!strstr(end->e.text, because))
        fail_msg("'%s' expected, got: %s", because, end->e.text);
}

/* ---- flows ---- */

static void every_byte_that_is_sent_is_received(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    struct flow_tcp_info info;
    connected_pair(fds);
    make(&sender, fds[0], true);
    make(&receiver, fds[1], false);
    int64_t before_ns = clock_raw_ns();
    start(&receiver);
    start(&sender);
    sleep_ms(60);
    assert_true(meter_read(&sender.meter).bytes > 0); /* readable meanwhile */
    flow_stop_sending(sender.flow);
    join(&sender);
    join(&receiver);
    int64_t after_ns = clock_raw_ns();
    if (!sender.ok || !receiver.ok)
        fail_msg("%s%s", sender.e.text, receiver.e.text);
    assert_true(sender.meter.bytes > 0);
    assert_int_equal(sender.meter.bytes, receiver.meter.bytes);
    assert_true(sender.times.first_op_ns >= before_ns && sender.times.last_op_ns <= after_ns);
    assert_true(sender.times.last_op_ns - sender.times.first_op_ns >= 50 * (int64_t)CLOCK_NS_PER_MS);
    assert_true(receiver.times.first_op_ns >= sender.times.first_op_ns);
    assert_true(receiver.times.last_op_ns <= sender.times.last_op_ns);
    assert_true(flow_tcp_info(sender.flow, &info, &sender.e));
    assert_true(info.mss > 0 && info.send_buffer_bytes > 0 && info.receive_buffer_bytes > 0 && info.congestion[0]);
    flow_destroy(&sender.flow);
    assert_null(sender.flow);
    flow_destroy(&sender.flow);
    flow_destroy(&receiver.flow);
}

static void stopped_beforehand_it_sends_nothing(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    connected_pair(fds);
    make(&sender, fds[0], true);
    make(&receiver, fds[1], false);
    flow_stop_sending(sender.flow);
    start(&receiver);
    start(&sender);
    join(&sender);
    join(&receiver);
    assert_true(sender.ok && receiver.ok);
    assert_int_equal(sender.meter.bytes, 0);
    assert_int_equal(receiver.times.first_op_ns, 0);
    assert_int_equal(receiver.times.last_op_ns, 0);
    flow_destroy(&sender.flow);
    flow_destroy(&receiver.flow);
}

static void what_hangs_can_be_aborted(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    /* A sender that nobody reads from. */
    connected_pair(fds);
    make(&sender, fds[0], true);
    start(&sender);
    sleep_ms(30);
    flow_abort(sender.flow);
    join(&sender);
    says(&sender, "aborted while sending");
    assert_int_equal(sender.e.exit, ERR_PARTIAL);
    assert_true(sender.meter.bytes > 0 && sender.times.first_op_ns > 0);
    flow_destroy(&sender.flow);
    close(fds[1]);
    /* A sender that waits for the other's close. */
    connected_pair(fds);
    make(&sender, fds[0], true);
    start(&sender);
    sleep_ms(20);
    flow_stop_sending(sender.flow);
    sleep_ms(20);
    flow_abort(sender.flow);
    join(&sender);
    says(&sender, "aborted while waiting for the other side to read");
    flow_destroy(&sender.flow);
    close(fds[1]);
    /* A receiver to whom nobody sends; and one that is aborted before it began. */
    for (int when = 0; when < 2; when++) {
        connected_pair(fds);
        make(&receiver, fds[0], false);
        if (when == 1)
            flow_abort(receiver.flow);
        start(&receiver);
        sleep_ms(20);
        flow_abort(receiver.flow);
        join(&receiver);
        says(&receiver, "aborted while receiving");
        flow_destroy(&receiver.flow);
        close(fds[1]);
    }
}

static void reset_on_close(int fd)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close(fd);
}

static void a_peer_that_breaks_off_is_no_normal_end(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender, receiver;
    connected_pair(fds);
    make(&sender, fds[0], true);
    start(&sender);
    sleep_ms(20);
    reset_on_close(fds[1]);
    join(&sender);
    says(&sender, "reset the connection while sending");
    flow_destroy(&sender.flow);

    connected_pair(fds);
    make(&receiver, fds[0], false);
    start(&receiver);
    sleep_ms(20);
    reset_on_close(fds[1]);
    join(&receiver);
    says(&receiver, "reset the connection while receiving");
    flow_destroy(&receiver.flow);

    /* Closed in order, but before the end: the kernel says EPIPE, as after our own stop. */
    connected_pair(fds);
    make(&sender, fds[0], true);
    close(fds[1]);
    sleep_ms(20);
    start(&sender);
    join(&sender);
    says(&sender, "while sending");
    flow_destroy(&sender.flow);
}

static void a_receiver_that_talks_back_is_refused(void **unused)
{
    (void)unused;
    int fds[2];
    struct end sender;
    connected_pair(fds);
    make(&sender, fds[0], true);
    flow_stop_sending(sender.flow);
    assert_int_equal(send(fds[1], "hello", 5, 0), 5);
    start(&sender);
    join(&sender);
    says(&sender, "only its close was due");
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
    make(&sender, fds[0], true);
    make(&receiver, fds[1], false);
    start(&receiver);
    for (int i = 0; i < 20; i++) { /* in a read that waits */
        pthread_kill(receiver.thread, SIGUSR1);
        sleep_ms(1);
    }
    start(&sender);
    for (int i = 0; i < 50; i++) {
        pthread_kill(sender.thread, SIGUSR1);
        pthread_kill(receiver.thread, SIGUSR1);
        sleep_ms(1);
    }
    flow_stop_sending(sender.flow);
    join(&sender);
    join(&receiver);
    if (!sender.ok || !receiver.ok)
        fail_msg("%s%s", sender.e.text, receiver.e.text);
    assert_int_equal(sender.meter.bytes, receiver.meter.bytes);
    flow_destroy(&sender.flow);
    flow_destroy(&receiver.flow);
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
    assert_null(flow_new(0, &e));
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
