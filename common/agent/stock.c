#include "stock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "flow/dial.h"
#include "flow/sockopt.h"
#include "netperf/control_link.h"

enum { REST_MS = 2000 };

struct stock {
    int fd, cancel_fd;
    char address[NETPERF_ADDRESS + 20], from[NETPERF_ADDRESS + 20]; /* an interface may be in it */
    uint16_t port;
    struct netperf_test test;
    struct netperf_answer answer;
};

static bool fail(const struct stock *s, struct err *e)
{
    return err_wrap(e, "the netserver at %s port %u", s->address, (unsigned)s->port);
}

static struct token_wait wait_of(const struct stock *s, int64_t ms)
{
    return (struct token_wait){ clock_mono_ns() + clock_ms(ms), s->cancel_fd };
}

bool stock_open(const char *address, uint16_t port, const char *from, int cancel_fd, struct stock **stock,
                struct err *e)
{
    struct address to = { 0 };
    struct stock *s = calloc(1, sizeof *s);
    if (!s)
        return err_errno(e, ENOMEM, "a netserver's control connection");
    *s = (struct stock){ .fd = -1, .cancel_fd = cancel_fd, .port = port };
    text_copy(s->address, sizeof s->address, address);
    text_copy(s->from, sizeof s->from, from ? from : "");
    const struct flow_options options = { .nodelay = true, .from = s->from };
    const struct token_wait wait = wait_of(s, STOCK_CONNECT_MS);
    if (address_parse(address, port, &to, e) &&
        dial_tcp(&to, &options, &wait, "its control connection", "nobody listens there: start netserver, or open it",
                 &s->fd, e)) {
        *stock = s;
        return true;
    }
    fail(s, e);
    stock_destroy(&s);
    return false;
}

void stock_destroy(struct stock **stock)
{
    struct stock *s = *stock;
    *stock = NULL;
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

int64_t stock_rtt_ns(const struct stock *s)
{
    struct tcp_info tcp = { 0 };
    socklen_t size = sizeof tcp;
    return getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &tcp, &size) == 0 ? (int64_t)tcp.tcpi_rtt * CLOCK_NS_PER_US : 0;
}

/* In words what came in place of an answer. */
static bool receive(const struct stock *s, enum control_form form, int64_t ms, struct control *c, struct err *e)
{
    unsigned char bytes[CONTROL_BYTES];
    const struct control_wait wait = { .first_ms = ms, .rest_ms = REST_MS, .cancel_fd = s->cancel_fd };
    if (control_receive(s->fd, bytes, &wait, e) != CONTROL_CAME)
        return false;
    control_decode(bytes, form, c);
    return true;
}

bool stock_ask(struct stock *s, const struct netperf_test *test, struct err *e)
{
    struct control request;
    const struct control_wait wait = { .rest_ms = REST_MS, .cancel_fd = s->cancel_fd };
    s->test = *test;
    netperf_write_request(test, &request);
    return control_send(s->fd, &request, &wait, e) || fail(s, e);
}

bool stock_hear(struct stock *s, const struct netperf_answer **answer, struct err *e)
{
    struct control c;
    if (!receive(s, netperf_answer_form(&s->test), STOCK_ANSWER_MS, &c, e) ||
        !netperf_read_answer(&s->test, &c, &s->answer, e)) {
        err_wrap(e, "asked for %s", netperf_kind_name(s->test.kind));
        return fail(s, e);
    }
    *answer = &s->answer;
    return true;
}

bool stock_data_address(const struct stock *s, struct address *to, struct err *e)
{
    return address_parse(s->address, s->answer.data_port, to, e);
}

static bool make_socket(const struct address *to, int type, const struct flow_options *options, int *fd, struct err *e)
{
    int made = socket(to->storage.ss_family, type | SOCK_CLOEXEC, 0);
    if (made < 0)
        return err_errno(e, errno, "a data socket");
    if (flow_configure(made, options, e) && address_bind_from(made, options->from, to, e)) {
        *fd = made;
        return true;
    }
    close(made);
    return false;
}

bool stock_socket(const struct stock *s, const struct flow_options *options, int *fd, struct err *e)
{
    struct address to = { 0 };
    return (stock_data_address(s, &to, e) && make_socket(&to, SOCK_STREAM, options, fd, e)) || fail(s, e);
}

/* For datagrams that go to it; the socket takes only what comes from it. */
static bool connect_datagrams(const struct address *to, const struct flow_options *options, int *fd, struct err *e)
{
    int made = -1;
    if (!make_socket(to, SOCK_DGRAM, options, &made, e))
        return false;
    if (connect(made, address_of(to), to->size) == 0) {
        *fd = made;
        return true;
    }
    err_errno(e, errno, "connecting");
    close(made);
    return false;
}

bool stock_connect(const struct stock *s, const struct flow_options *options, int *fd, struct err *e)
{
    bool is_datagrams = s->test.kind == NETPERF_UDP_STREAM || s->test.kind == NETPERF_UDP_RR;
    struct address to = { 0 };
    int made = -1;
    const struct token_wait wait = wait_of(s, STOCK_CONNECT_MS);
    if (!stock_data_address(s, &to, e))
        return fail(s, e);
    bool ok = is_datagrams
                  ? connect_datagrams(&to, options, &made, e)
                  : dial_tcp(&to, options, &wait, "the data connection",
                             "the data port is closed: has the test ended, or does a firewall refuse it?", &made, e) &&
                        sockopt_blocking(made, e);
    if (ok) {
        *fd = made;
        return true;
    }
    if (made >= 0)
        close(made);
    err_wrap(e, "data port %u", (unsigned)s->answer.data_port);
    return fail(s, e);
}

bool stock_results(struct stock *s, int64_t most_ms, struct netperf_outcome *outcome, struct err *e)
{
    struct control c;
    if (receive(s, netperf_results_form(&s->test), most_ms, &c, e) && netperf_read_results(&s->test, &c, outcome, e))
        return true;
    err_wrap(e, "the results of %s", netperf_kind_name(s->test.kind));
    return fail(s, e);
}
