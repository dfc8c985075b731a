#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow_end.h"

static const struct token OTHER = { "a trial's token?" };

/* The listening side, in a thread of its own. */
struct host {
    int listener, fds[TOKEN_FLOWS_MAX];
    uint16_t port;
    unsigned count;
    struct token_wait wait;
    bool ok;
    struct err e;
    pthread_t thread;
    _Atomic pid_t tid;
};

static void *accept_in_thread(void *argument)
{
    struct host *h = argument;
    atomic_store(&h->tid, gettid());
    h->ok = token_accept(h->listener, &TOKEN, h->count, h->fds, &h->wait, &h->e);
    return NULL;
}

static void open_host(struct host *h, const char *address, unsigned count, struct token_wait wait)
{
    *h = (struct host){ .listener = -1, .count = count, .wait = wait };
    for (unsigned i = 0; i < TOKEN_FLOWS_MAX; i++)
        h->fds[i] = -1;
    if (!token_listen(address, &PLAIN, &h->listener, &h->port, &h->e))
        fail_msg("%s", h->e.text);
    assert_true(h->port != 0);
    assert_int_equal(pthread_create(&h->thread, NULL, accept_in_thread, h), 0);
}

static void close_host(struct host *h)
{
    close(h->listener);
    for (unsigned i = 0; i < TOKEN_FLOWS_MAX; i++)
        if (h->fds[i] >= 0)
            close(h->fds[i]);
}

static bool knock(const struct host *h, const struct token *token, uint32_t number, int *fd, struct err *e)
{
    struct token_wait wait = within_ms(5000);
    return token_connect("127.0.0.1", h->port, token, number, &PLAIN, &wait, fd, e);
}

/* A stranger's connection: no hello unless the test writes one. */
static int stranger(const struct host *h)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(h->port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void refused(const struct host *h, const struct token *token, uint32_t number)
{
    int fd = -1;
    struct err e = { 0 };
    assert_false(knock(h, token, number, &fd, &e));
    assert_int_equal(fd, -1);
    if (!strstr(e.text, "did not take flow"))
        fail_msg("%s", e.text);
}

static void each_flow_is_taken_once_and_only_with_the_token(void **unused)
{
    (void)unused;
    struct host h;
    int first = -1, second = -1;
    struct err e = { 0 };
    open_host(&h, "127.0.0.1", 2, within_ms(10000));
    refused(&h, &OTHER, 0);
    if (!knock(&h, &TOKEN, 1, &second, &e))
        fail_msg("%s", e.text);
    refused(&h, &TOKEN, 1); /* taken */
    refused(&h, &TOKEN, 2); /* not one of this trial's */
    refused(&h, &TOKEN, UINT32_MAX);
    assert_true(knock(&h, &TOKEN, 0, &first, &e));
    pthread_join(h.thread, NULL);
    assert_true(h.ok);
    /* Which is which, and that nothing stands in front of the data, both ways. */
    char byte = 0;
    assert_int_equal(send(second, "2", 1, 0), 1);
    assert_int_equal(recv(h.fds[1], &byte, 1, 0), 1);
    assert_int_equal(byte, '2');
    assert_int_equal(send(h.fds[0], "1", 1, 0), 1);
    assert_int_equal(recv(first, &byte, 1, 0), 1);
    assert_int_equal(byte, '1');
    const int all[] = { first, second, h.fds[0], h.fds[1] };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(fcntl(all[i], F_GETFL) & O_NONBLOCK, 0);
        assert_int_equal(fcntl(all[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    close(first);
    close(second);
    close_host(&h);
}

static void strangers_do_not_block_the_right_one(void **unused)
{
    (void)unused;
    struct host h;
    enum { STRANGERS = 3 * TOKEN_PENDING_MAX };
    int strangers[STRANGERS], fd = -1;
    struct err e = { 0 };
    open_host(&h, "127.0.0.1", 1, within_ms(10000));
    for (int i = 0; i < STRANGERS; i++) {
        strangers[i] = stranger(&h);
        if (i % 3 == 1)
            assert_int_equal(send(strangers[i], "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 36, 0), 36);
        if (i % 3 == 2)
            assert_int_equal(send(strangers[i], "half", 4, 0), 4);
    }
    if (!knock(&h, &TOKEN, 0, &fd, &e))
        fail_msg("%s", e.text);
    pthread_join(h.thread, NULL);
    assert_true(h.ok);
    for (int i = 0; i < STRANGERS; i++)
        close(strangers[i]);
    close(fd);
    close_host(&h);
}

static void a_hello_may_come_in_pieces_with_data_behind_it(void **unused)
{
    (void)unused;
    struct host h;
    static const unsigned char DATA[] = { 'a', 'b', 'c' };
    unsigned char hello[TOKEN_BYTES + 4 + sizeof DATA] = { 0 }, got[8];
    memcpy(hello, TOKEN.bytes, TOKEN_BYTES);
    memcpy(hello + TOKEN_BYTES + 4, DATA, sizeof DATA);
    open_host(&h, "127.0.0.1", 1, within_ms(10000));
    int fd = stranger(&h);
    assert_int_equal(send(fd, hello, 1, 0), 1);
    thread_waits(&h.tid);
    assert_int_equal(send(fd, hello + 1, 17, 0), 17);
    thread_waits(&h.tid);
    assert_int_equal(send(fd, hello + 18, sizeof hello - 18, 0), sizeof hello - 18);
    pthread_join(h.thread, NULL);
    assert_true(h.ok);
    assert_int_equal(recv(h.fds[0], got, sizeof got, 0), 3); /* none lost, none read too early */
    assert_memory_equal(got, DATA, sizeof DATA);
    assert_int_equal(recv(fd, got, sizeof got, 0), 1);
    assert_int_equal(got[0], TOKEN_TAKEN);
    close(fd);
    close_host(&h);
}

static void every_wait_has_its_deadline(void **unused)
{
    (void)unused;
    struct host h;
    struct err e = { 0 };
    int64_t start_ns = clock_mono_ns();
    open_host(&h, "127.0.0.1", 2, within_ms(100));
    int taken = -1;
    assert_true(knock(&h, &TOKEN, 0, &taken, &e));
    /* Knocking does not lengthen it. Fewer than the backlog holds, for when nobody accepts any longer the
     * next one would wait for minutes. */
    for (int i = 0; i < 1000 && clock_mono_ns() - start_ns < clock_ms(200); i++) {
        close(stranger(&h));
        clock_sleep_until_mono(clock_mono_ns() + CLOCK_NS_PER_MS / 5);
    }
    pthread_join(h.thread, NULL);
    assert_false(h.ok);
    assert_non_null(strstr(h.e.text, "1 of 2 are here"));
    assert_non_null(strstr(h.e.text, "in time"));
    assert_int_equal(h.fds[0], -1);
    char byte;
    assert_int_equal(recv(taken, &byte, 1, 0), 0); /* what had been taken is closed */
    close(taken);
    assert_true(clock_mono_ns() - start_ns < 5 * (int64_t)CLOCK_NS_PER_S);

    /* Nobody accepts any longer, but the port is open: the client's own deadline. */
    struct token_wait wait = within_ms(50);
    int fd = -1;
    assert_false(token_connect("127.0.0.1", h.port, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_non_null(strstr(e.text, "the answer to the token did not come in time"));
    assert_int_equal(fd, -1);
    close_host(&h);
}

static void *signal_soon(void *argument)
{
    sleep_ms(50);
    eventfd_write(*(int *)argument, 1);
    return NULL;
}

static void every_wait_can_be_cancelled(void **unused)
{
    (void)unused;
    struct host h;
    struct err e = { 0 };
    int event = eventfd(0, EFD_CLOEXEC);
    struct token_wait wait = { clock_mono_ns() + 60 * (int64_t)CLOCK_NS_PER_S, event };
    pthread_t thread;
    open_host(&h, "127.0.0.1", 1, wait);
    assert_int_equal(pthread_create(&thread, NULL, signal_soon, &event), 0);
    pthread_join(h.thread, NULL);
    pthread_join(thread, NULL);
    assert_false(h.ok);
    assert_int_equal(h.e.exit, ERR_INTERRUPTED);
    int fd = -1;
    assert_false(token_connect("127.0.0.1", h.port, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_int_equal(e.exit, ERR_INTERRUPTED);
    assert_non_null(strstr(e.text, "cancelled"));
    close(event);
    close_host(&h);
}

static void it_says_what_is_wrong_with_an_address(void **unused)
{
    (void)unused;
    int fd = -1;
    uint16_t port = 0;
    struct err e = { 0 };
    struct token_wait wait = within_ms(1000);
    assert_false(token_connect("localhost", 1, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_non_null(strstr(e.text, "'localhost' is no IP address"));
    assert_false(token_listen("300.1.1.1", &PLAIN, &fd, &port, &e));
    assert_false(token_listen("203.0.113.1", &PLAIN, &fd, &port, &e)); /* documentation's, nobody's */
    assert_non_null(strstr(e.text, "listening at [203.0.113.1]: this machine has no such address"));
    assert_int_equal(fd, -1);
    /* A port that just was ours is nobody's. */
    assert_true(token_listen("127.0.0.1", &PLAIN, &fd, &port, &e));
    close(fd);
    assert_false(token_connect("127.0.0.1", port, &TOKEN, 0, &PLAIN, &wait, &fd, &e));
    assert_non_null(strstr(e.text, "nobody listens"));
    assert_false(token_accept(-1, &TOKEN, TOKEN_FLOWS_MAX + 1, NULL, &wait, &e));
}

static void ipv6_as_well(void **unused)
{
    (void)unused;
    int probe = socket(AF_INET6, SOCK_STREAM, 0);
    const struct sockaddr_in6 loopback = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    bool has_ipv6 = probe >= 0 && bind(probe, (const struct sockaddr *)&loopback, sizeof loopback) == 0;
    if (probe >= 0)
        close(probe);
    if (!has_ipv6) {
        print_message("skip: no IPv6 loopback here\n");
        skip();
    }
    struct host h;
    struct err e = { 0 };
    struct token_wait wait = within_ms(5000);
    int fd = -1;
    open_host(&h, "::1", 1, within_ms(5000));
    if (!token_connect("::1", h.port, &TOKEN, 0, &PLAIN, &wait, &fd, &e))
        fail_msg("%s", e.text);
    pthread_join(h.thread, NULL);
    assert_true(h.ok);
    close(fd);
    close_host(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_flow_is_taken_once_and_only_with_the_token),
        cmocka_unit_test(strangers_do_not_block_the_right_one),
        cmocka_unit_test(a_hello_may_come_in_pieces_with_data_behind_it),
        cmocka_unit_test(every_wait_has_its_deadline),
        cmocka_unit_test(every_wait_can_be_cancelled),
        cmocka_unit_test(it_says_what_is_wrong_with_an_address),
        cmocka_unit_test(ipv6_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
