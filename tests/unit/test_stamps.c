#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "stamp/stamps.h"

/* Two sockets on loopback, each connected to the other. */
struct pair {
    struct stamps one, other;
};

static int make_socket(struct sockaddr_in *at)
{
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *at = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    assert_true(fd >= 0);
    assert_return_code(bind(fd, (const struct sockaddr *)at, sizeof *at), 0);
    assert_return_code(getsockname(fd, (struct sockaddr *)at, &size), 0);
    return fd;
}

static void open_pair(struct pair *p, enum stamp_kind most)
{
    struct sockaddr_in one_at, other_at;
    int one = make_socket(&one_at), other = make_socket(&other_at);
    assert_return_code(connect(one, (const struct sockaddr *)&other_at, sizeof other_at), 0);
    assert_return_code(connect(other, (const struct sockaddr *)&one_at, sizeof one_at), 0);
    stamps_begin(&p->one, one, most);
    stamps_begin(&p->other, other, most);
}

static void close_pair(struct pair *p)
{
    close(p->one.fd);
    close(p->other.fd);
}

static bool wait_for(int fd, short events)
{
    struct pollfd one = { .fd = fd, .events = events };
    return poll(&one, 1, events ? 1000 : 20) == 1;
}

static bool send_one(struct stamps *s, uint64_t sequence)
{
    return stamps_send(s, "x", 1, NULL, 0, &(struct stamps_mark){ 7, sequence });
}

static struct stamps_arrival receive_one(struct stamps *s)
{
    struct stamps_arrival arrival = { 0 };
    char byte;
    assert_true(wait_for(s->fd, POLLIN));
    assert_int_equal(stamps_receive(s, &byte, 1, NULL, NULL, &arrival), 1);
    return arrival;
}

/* The kernel may be asked for stamps before it gives any: it switches them on a moment later. */
static bool kernel_stamps(struct pair *p)
{
    for (int i = 0; i < 50; i++) {
        struct stamps_mark mark;
        int64_t left_ns;
        assert_true(send_one(&p->one, 1));
        bool has_arrived = receive_one(&p->other).is_kernel, has_left = false;
        while (wait_for(p->one.fd, 0) && stamps_departure(&p->one, &mark, &left_ns))
            has_left = true;
        if (has_arrived && has_left)
            return true;
        usleep(10000);
    }
    return false;
}

static void the_kernel_tells_when_a_packet_left_and_arrived(void **unused)
{
    (void)unused;
    static struct pair p;
    open_pair(&p, STAMP_BOTH);
    if (p.one.kind != STAMP_BOTH || !kernel_stamps(&p)) {
        close_pair(&p);
        print_message("skip: this kernel does not stamp what leaves by loopback\n");
        skip();
    }
    for (uint64_t k = 10; k < 60; k++) {
        struct stamps_mark mark = { 0, 0 };
        int64_t before_ns = clock_raw_ns(), left_ns = 0;
        assert_true(send_one(&p.one, k));
        struct stamps_arrival arrival = receive_one(&p.other);
        int64_t after_ns = clock_raw_ns();
        assert_true(wait_for(p.one.fd, 0)); /* POLLERR, which is not asked for and comes all the same */
        assert_true(stamps_departure(&p.one, &mark, &left_ns));
        assert_int_equal(mark.session, 7);
        assert_int_equal(mark.sequence, k);
        /* Nothing arrives before it left; each stamp is on the side that makes this true. */
        assert_true(before_ns <= left_ns && left_ns <= arrival.at_ns && arrival.at_ns <= after_ns);
        assert_true(arrival.is_kernel);
        assert_false(stamps_departure(&p.one, &mark, &left_ns));
    }
    close_pair(&p);
}

static void no_better_stamps_are_taken_than_allowed(void **unused)
{
    (void)unused;
    static struct pair p;
    open_pair(&p, STAMP_USER);
    assert_int_equal(p.one.kind, STAMP_USER);
    struct stamps_mark mark;
    int64_t before_ns = clock_raw_ns(), left_ns;
    assert_true(send_one(&p.one, 1));
    struct stamps_arrival arrival = receive_one(&p.other);
    assert_true(!arrival.is_kernel && before_ns < arrival.at_ns && arrival.at_ns <= clock_raw_ns());
    assert_false(stamps_departure(&p.one, &mark, &left_ns));
    close_pair(&p);
}

/* Whether the kernel has counted it is not known, so for a while no departure may be believed. */
static void after_a_packet_that_could_not_be_sent_no_stamp_is_given_to_another(void **unused)
{
    (void)unused;
    static struct pair p;
    static const char TOO_LONG[70000];
    open_pair(&p, STAMP_BOTH);
    struct stamps_mark mark;
    int64_t left_ns;
    assert_false(stamps_send(&p.one, TOO_LONG, sizeof TOO_LONG, NULL, 0, &(struct stamps_mark){ 7, 1 }));
    for (uint64_t k = 2; k < 10; k++) {
        assert_true(send_one(&p.one, k));
        (void)receive_one(&p.other);
    }
    assert_false(stamps_departure(&p.one, &mark, &left_ns));
    p.one.numbered_mono_ns = clock_mono_ns(); /* as if that while were over */
    if (p.one.kind == STAMP_BOTH && kernel_stamps(&p)) {
        assert_true(send_one(&p.one, 99));
        (void)receive_one(&p.other);
        assert_true(wait_for(p.one.fd, 0));
        assert_true(stamps_departure(&p.one, &mark, &left_ns));
        assert_int_equal(mark.sequence, 99);
    }
    close_pair(&p);
}

static void a_stamp_from_before_the_wall_clock_was_moved_is_not_the_kernels(void **unused)
{
    (void)unused;
    static struct pair p;
    open_pair(&p, STAMP_BOTH);
    /* This machine's clock is not for a test to move: the reading of before tells of another time. */
    p.other.wall.readings[0].real_ns -= CLOCK_NS_PER_S;
    assert_true(send_one(&p.one, 1));
    struct stamps_arrival arrival = receive_one(&p.other);
    assert_false(arrival.is_kernel);
    assert_true(arrival.at_ns <= clock_raw_ns());
    assert_int_equal(p.other.wall.moves, 1);
    close_pair(&p);
}

static void every_kind_has_a_word_and_back(void **unused)
{
    (void)unused;
    for (int kind = 0; kind < STAMP_KIND_COUNT; kind++)
        assert_int_equal(stamp_kind_from(stamp_kind_word((enum stamp_kind)kind)), kind);
    assert_string_equal(stamp_kind_word(STAMP_BOTH), "tx+rx");
    assert_string_equal(stamp_kind_word(STAMP_KIND_COUNT), "?");
    assert_int_equal(stamp_kind_from("hardware"), STAMP_KIND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_tells_when_a_packet_left_and_arrived),
        cmocka_unit_test(no_better_stamps_are_taken_than_allowed),
        cmocka_unit_test(after_a_packet_that_could_not_be_sent_no_stamp_is_given_to_another),
        cmocka_unit_test(a_stamp_from_before_the_wall_clock_was_moved_is_not_the_kernels),
        cmocka_unit_test(every_kind_has_a_word_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
