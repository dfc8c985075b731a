/* What stands in front of a flow's first operation, and behind it, in each loop that has one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>
#include <unistd.h>

#include "flow/tcp_sendfile.h"
#include "flow/tcp_stream.h"
#include "flow_end.h"

enum { MESSAGE = 100 };

static bool stream(struct end *end) { return tcp_stream_send(end->flow, &end->meter, &end->times, &end->e); }
static bool file(struct end *end) { return tcp_sendfile_send(end->flow, &end->meter, &end->times, &end->e); }
static bool datagrams(struct end *end)
{
    return udp_stream_send(end->flow, &end->udp, &end->meter, &end->counts, &end->times, &end->e);
}
static bool rr(struct end *end) { return tcp_rr_ask(end->flow, &end->plan, &end->meter, &end->times, &end->e); }
static bool datagram_rr(struct end *end)
{
    return udp_rr_ask(end->flow, &end->plan, true, &end->meter, &end->counts, &end->times, &end->e);
}
static bool crr(struct end *end)
{
    return tcp_crr_ask(end->flow, &end->target, &end->plan, &end->meter, &end->times, &end->e);
}

static const struct {
    const char *name;
    bool (*run)(struct end *end);
    bool is_datagram;
} LOOPS[] = { { "tcp_stream", stream, false },   { "tcp_sendfile", file, false }, { "tcp_rr", rr, false },
              { "udp_stream", datagrams, true }, { "udp_rr", datagram_rr, true }, { "tcp_crr", crr, false } };

/* The other side, played by hand: whether anything has come from the flow. */
struct witness {
    int fd;
    bool awaits, has_come_before, has_come_behind;
    int begun;
    int64_t instant_ns;
};

static bool has_come(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 0) > 0;
}

static int64_t await(void *context)
{
    struct witness *w = context;
    sleep_ms(20); /* what comes too early has time to */
    w->awaits = true;
    w->has_come_before = has_come(w->fd);
    return w->instant_ns = clock_raw_ns();
}

static void begun(void *context)
{
    struct witness *w = context;
    w->begun++;
    struct pollfd p = { .fd = w->fd, .events = POLLIN };
    w->has_come_behind = poll(&p, 1, 3000) > 0; /* loopback: at once */
}

static void the_first_operation_comes_between_the_two_and_has_the_instant_as_its_stamp(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < sizeof LOOPS / sizeof *LOOPS; i++) {
        int fds[2] = { -1, -1 };
        struct end end;
        struct hist h = { 0 };
        if (LOOPS[i].run == crr) { /* its other side is a listener */
            uint16_t port;
            struct err e = { 0 };
            assert_true(token_listen("127.0.0.1", &PLAIN, &fds[1], &port, &e));
            end_make(&end, crr, MESSAGE, MESSAGE, -1);
            end.target.options = &PLAIN;
            assert_true(address_parse("127.0.0.1", port, &end.target.to, &e));
        } else {
            pair_at("127.0.0.1", LOOPS[i].is_datagram, fds);
            end_make(&end, LOOPS[i].run, MESSAGE, MESSAGE, fds[0]);
        }
        if (LOOPS[i].run == file)
            assert_true(tcp_sendfile_prepare(end.flow, &end.e));
        struct witness w = { .fd = fds[1] };
        end.plan.hist = &h;
        assert_true(flow_begins_briefly(end.flow));
        flow_set_start(end.flow, &(struct flow_start){ await, begun, &w });
        end_start(&end);
        for (int try = 0; !has_come(fds[1]) && try < 3000; try++)
            sleep_ms(1);
        sleep_ms(30);
        flow_abort(end.flow); /* nobody answers */
        end_join(&end);
        if (!w.awaits || w.has_come_before || !w.has_come_behind || w.begun != 1)
            fail_msg("%s: awaited %d, before it %d, behind it %d, begun %d times", LOOPS[i].name, w.awaits,
                     w.has_come_before, w.has_come_behind, w.begun);
        assert_int_equal(end.times.first_op_ns, w.instant_ns);
        flow_destroy(&end.flow);
        close(fds[1]);
    }
}

static void a_long_message_is_no_brief_operation(void **unused)
{
    (void)unused;
    struct err e = { 0 };
    struct flow *flow = flow_new((size_t)64 << 20, 0, &e);
    assert_non_null(flow);
    assert_false(flow_begins_briefly(flow));
    flow_destroy(&flow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_operation_comes_between_the_two_and_has_the_instant_as_its_stamp),
        cmocka_unit_test(a_long_message_is_no_brief_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
