/* tare-netserver --listen, as clients on loopback see it that are whatever a client can be. The requests are
 * those that netperf 2.7.0 sent (tests/golden/netperf). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "netperf/control_link.h"
#include "netperf/netperf_outcome.h"
#include "tempdir.h"

enum { SOON_MS = 10 * 1000, SILENT = 1000 };

struct server {
    pid_t pid;
    uint16_t port;
    char log[512];
};

/* What it has said so far. */
static void read_log(const struct server *s, char *text, size_t size)
{
    FILE *file = fopen(s->log, "r");
    size_t got = file ? fread(text, 1, size - 1, file) : 0;
    text[got] = '\0';
    if (file)
        fclose(file);
}

static void says(const struct server *s, const char *words)
{
    static char text[64 * 1024];
    int64_t end = clock_mono_ns() + clock_ms(SOON_MS);
    do {
        read_log(s, text, sizeof text);
        if (strstr(text, words))
            return;
        usleep(10 * 1000);
    } while (clock_mono_ns() < end);
    fail_msg("it does not say '%s' but: %s", words, text);
}

static struct server start(void **state, const char *const *more)
{
    struct server s = { 0 };
    char program[512], text[4096];
    const char *arguments[16] = { program, "--test-hurry", "--listen", "127.0.0.1:0" };
    const char *bin = getenv("TARE_BIN");
    snprintf(program, sizeof program, "%s/tare-netserver", bin ? bin : ".");
    snprintf(s.log, sizeof s.log, "%s/log", (const char *)*state);
    for (size_t i = 4; more && *more && i < ARRAY_SIZE(arguments) - 1; i++)
        arguments[i] = *more++;
    setenv("XDG_CONFIG_HOME", *state, 1); /* no key is kept there */
    s.pid = fork();
    if (s.pid == 0) {
        int fd = open(s.log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDERR_FILENO);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(program, (char *const *)arguments);
        _exit(127);
    }
    says(&s, "serving netperf at ");
    read_log(&s, text, sizeof text);
    s.port = (uint16_t)strtoul(strstr(text, " port ") + 6, NULL, 10);
    return s;
}

static void stop(struct server *s)
{
    int status = 0;
    kill(s->pid, SIGTERM);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int dial_as(int type, uint16_t port)
{
    const struct sockaddr_in to = { .sin_family = AF_INET,
                                    .sin_port = htons(port),
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0)
        fail_msg("connecting to port %u: %s", port, strerror(errno));
    return fd;
}

static int dial(uint16_t port) { return dial_as(SOCK_STREAM, port); }

static void load(const char *name, unsigned char bytes[CONTROL_BYTES])
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/netperf/%s.request", TESTS_DIR, name);
    FILE *file = fopen(path, "r");
    if (!file || fread(bytes, 1, CONTROL_BYTES, file) != CONTROL_BYTES)
        fail_msg("%s cannot be read", path);
    fclose(file);
}

static void send_all(int fd, const void *bytes, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, (const char *)bytes + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0)
            fail_msg("sending: %s", strerror(errno));
        sent += (size_t)n;
    }
}

static const struct control_wait SOON = { .first_ms = SOON_MS, .rest_ms = SOON_MS, .cancel_fd = -1 };

static void answer_of(int fd, enum control_form form, struct control *c)
{
    unsigned char bytes[CONTROL_BYTES];
    struct err e = { 0 };
    if (control_receive(fd, bytes, &SOON, &e) != CONTROL_CAME)
        fail_msg("no answer: %s", e.text);
    control_decode(bytes, form, c);
}

/* The server ends the connection. */
static void is_closed(int fd)
{
    unsigned char bytes[CONTROL_BYTES];
    struct err e = { 0 };
    enum control_end end = control_receive(fd, bytes, &SOON, &e);
    if (end != CONTROL_CLOSED && !strstr(e.text, "reset"))
        fail_msg("not closed: %s", e.text);
    close(fd);
}

/* The data port, from the answer to a request. */
static uint16_t port_of(int fd, const struct netperf_test *test)
{
    struct control c;
    struct netperf_answer answer;
    struct err e = { 0 };
    answer_of(fd, netperf_answer_form(test), &c);
    if (!netperf_read_answer(test, &c, &answer, &e))
        fail_msg("%s: %s", netperf_kind_name(test->kind), e.text);
    assert_true(answer.receive_bytes <= NETPERF_MESSAGE_MAX && answer.send_bytes <= NETPERF_MESSAGE_MAX);
    return answer.data_port;
}

/* Ask for the test of that capture, with what `change` makes of it. The data port. */
static uint16_t ask(int fd, const char *name, void (*change)(struct control *), struct netperf_test *test)
{
    unsigned char bytes[CONTROL_BYTES];
    struct control c;
    struct err e = { 0 };
    load(name, bytes);
    assert_true(control_decode_request(bytes, &c));
    if (change)
        change(&c);
    assert_int_equal(netperf_read_request(&c, test, &e), 0);
    control_encode(&c, bytes);
    send_all(fd, bytes, sizeof bytes);
    return port_of(fd, test);
}

static struct netperf_outcome results_of(int fd, const struct netperf_test *test)
{
    struct control c;
    struct netperf_outcome outcome;
    struct err e = { 0 };
    answer_of(fd, netperf_results_form(test), &c);
    if (!netperf_read_results(test, &c, &outcome, &e))
        fail_msg("results: %s", e.text);
    return outcome;
}

static void send_bytes(int fd, size_t bytes)
{
    static const char zeros[16 * 1024];
    for (size_t sent = 0; sent < bytes; sent += sizeof zeros)
        send_all(fd, zeros, sizeof zeros);
    shutdown(fd, SHUT_WR);
    char end;
    assert_int_equal(recv(fd, &end, 1, 0), 0);
    close(fd);
}

enum { STREAM_BYTES = 1024 * 1024, ROUNDS = 20 };

/* As netperf does it, in small. */
static void run_stream(int control, const char *name, void (*change)(struct control *))
{
    struct netperf_test test;
    send_bytes(dial(ask(control, name, change, &test)), STREAM_BYTES);
    const struct netperf_outcome o = results_of(control, &test);
    assert_int_equal(o.bytes_received, STREAM_BYTES);
    assert_true(o.elapsed_s > 0 && o.elapsed_s < 60);
    assert_int_equal(o.has_cpu, test.measures_cpu);
}

static void run_maerts(int control)
{
    static char bytes[64 * 1024];
    struct netperf_test test;
    int64_t got = 0;
    int fd = dial(ask(control, "maerts", NULL, &test));
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        got += n;
    close(fd);
    assert_int_equal(results_of(control, &test).bytes_sent, got);
    assert_true(got > 0);
}

static void exchange(int fd, const struct netperf_test *test)
{
    char request[256] = { 0 }, response[2048];
    send_all(fd, request, (size_t)test->request_bytes);
    for (int32_t got = 0; got < test->response_bytes;) {
        ssize_t n = recv(fd, response, sizeof response, 0);
        assert_true(n > 0);
        got += (int32_t)n;
    }
}

static void by_units(struct control *c) { c->omni.length = -ROUNDS; }

static void run_transactions(int control, const char *name, int type)
{
    struct netperf_test test;
    uint16_t port = ask(control, name, by_units, &test);
    int fd = test.kind == NETPERF_CRR ? -1 : dial_as(type, port);
    for (int i = 0; i < ROUNDS; i++) {
        int each = fd >= 0 ? fd : dial(port);
        exchange(each, &test);
        if (fd < 0) {
            char end;
            assert_int_equal(recv(each, &end, 1, 0), 0);
            close(each);
        }
    }
    if (type == SOCK_DGRAM)
        for (int i = 0; i < 3; i++)
            assert_int_equal(send(fd, "", 0, 0), 0);
    if (fd >= 0)
        close(fd);
    assert_int_equal(results_of(control, &test).transactions, ROUNDS);
}

static void run_datagrams(int control)
{
    static const char datagram[1024];
    struct netperf_test test;
    int fd = dial_as(SOCK_DGRAM, ask(control, "udp_stream-cpu", NULL, &test));
    for (int i = 0; i < ROUNDS; i++)
        assert_int_equal(send(fd, datagram, sizeof datagram, 0), sizeof datagram);
    assert_int_equal(send(fd, "", 0, 0), 0);
    close(fd);
    assert_int_equal(results_of(control, &test).bytes_received, ROUNDS * sizeof datagram);
}

static void every_test_is_served_one_after_the_other_on_one_connection(void **state)
{
    struct server s = start(state, NULL);
    int control = dial(s.port);
    run_stream(control, "stream", NULL);
    run_stream(control, "stream-cpu", NULL);
    run_stream(control, "sendfile-cpu", NULL);
    run_stream(control, "sendfile-units", NULL);
    run_maerts(control);
    run_transactions(control, "rr-options", SOCK_STREAM);
    run_transactions(control, "crr", SOCK_STREAM);
    run_transactions(control, "udp_rr-cpu", SOCK_DGRAM);
    run_datagrams(control);
    close(control);
    says(&s, "client=127.0.0.1 test=TCP_STREAM");
    stop(&s);
}

/* Who does not wait for results has its second test behind them, not among the bytes of the first. */
static void a_second_test_asked_for_in_mid_test_has_its_turn_behind_it(void **state)
{
    struct server s = start(state, NULL);
    struct netperf_test test;
    unsigned char bytes[CONTROL_BYTES];
    int control = dial(s.port);
    int fd = dial(ask(control, "stream", NULL, &test));
    load("stream", bytes);
    send_all(control, bytes, sizeof bytes);
    send_bytes(fd, STREAM_BYTES);
    assert_int_equal(results_of(control, &test).bytes_received, STREAM_BYTES);
    send_bytes(dial(port_of(control, &test)), 2 * STREAM_BYTES);
    assert_int_equal(results_of(control, &test).bytes_received, 2 * STREAM_BYTES);
    close(control);
    stop(&s);
}

static void huge(struct control *c)
{
    c->omni.receive_size = c->omni.send_size = c->omni.receive_buffer = c->omni.length = INT32_MAX;
    c->omni.send_buffer = -2; /* 4 GB less 2 */
}

static void huge_responses(struct control *c) { c->omni.response_size = INT32_MAX; }

static void sizes_of_gigabytes_are_clamped_or_refused(void **state)
{
    struct server s = start(state, NULL);
    unsigned char bytes[CONTROL_BYTES];
    struct control c;
    int control = dial(s.port);
    run_stream(control, "stream", huge);
    load("rr-options", bytes);
    assert_true(control_decode_request(bytes, &c));
    huge_responses(&c);
    control_encode(&c, bytes);
    send_all(control, bytes, sizeof bytes);
    answer_of(control, CONTROL_FORM_OTHER, &c);
    assert_int_equal(c.word, EMSGSIZE);
    run_stream(control, "stream", NULL); /* and it goes on */
    close(control);
    stop(&s);
}

static void garbage_half_messages_and_silence_end_the_connection_and_not_the_server(void **state)
{
    static const struct {
        size_t bytes;
        const char *says;
    } CLIENTS[] = {
        { 0, "nothing came within" },
        { 100, "half a message came (100 of 656 bytes)" },
        { CONTROL_OLD_BYTES, "netperf 2.5 or older" },
    };
    struct server s = start(state, NULL);
    int controls[ARRAY_SIZE(CLIENTS)];
    const char nothing[CONTROL_BYTES] = { 0 };
    for (size_t i = 0; i < ARRAY_SIZE(CLIENTS); i++) {
        controls[i] = dial(s.port);
        send_all(controls[i], nothing, CLIENTS[i].bytes);
    }
    for (size_t i = 0; i < ARRAY_SIZE(CLIENTS); i++) {
        is_closed(controls[i]);
        says(&s, CLIENTS[i].says);
    }
    int cut = dial(s.port);
    send_all(cut, nothing, 9);
    close(cut);
    says(&s, "half a message came (9 of 656 bytes)");

    unsigned char garbage[CONTROL_BYTES];
    struct control c;
    memset(garbage, 0xff, sizeof garbage);
    int control = dial(s.port);
    send_all(control, garbage, sizeof garbage);
    answer_of(control, CONTROL_FORM_OTHER, &c);
    assert_int_equal(c.word, CONTROL_UNKNOWN);
    says(&s, "errno=998");
    run_stream(control, "stream", NULL);
    close(control);
    stop(&s);
}

static void a_thousand_silent_connections_do_not_keep_a_client_out(void **state)
{
    struct server s = start(state, NULL);
    struct rlimit limit;
    static int fds[SILENT];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < SILENT + 64) {
        stop(&s);
        print_message("skip: this user may open %ld files only\n", (long)limit.rlim_cur);
        skip();
    }
    for (int i = 0; i < SILENT; i++)
        fds[i] = dial(s.port);
    int control = dial(s.port);
    run_stream(control, "stream", NULL);
    close(control);
    for (int i = 0; i < SILENT; i++)
        close(fds[i]);
    stop(&s);
}

static void data_that_never_comes_ends_the_test_alone(void **state)
{
    struct server s = start(state, NULL);
    struct netperf_test test;
    int stream = dial(s.port), datagrams = dial(s.port);
    (void)ask(stream, "stream", NULL, &test);
    (void)ask(datagrams, "udp_rr-cpu", NULL, &test);
    is_closed(stream);
    is_closed(datagrams);
    says(&s, "TCP_STREAM: no data came within");
    says(&s, "UDP_RR: no data came within");
    int control = dial(s.port);
    run_stream(control, "stream", NULL);
    close(control);
    stop(&s);
}

static void a_client_that_never_reads_gets_its_results_all_the_same(void **state)
{
    struct server s = start(state, NULL);
    struct netperf_test test;
    int control = dial(s.port);
    int fd = dial(ask(control, "maerts", NULL, &test));
    assert_true(results_of(control, &test).bytes_sent > 0);
    says(&s, "did not end its test in time");
    close(fd);
    run_stream(control, "stream", NULL);
    close(control);
    stop(&s);
}

static void a_client_that_goes_away_in_its_test_is_noticed(void **state)
{
    struct server s = start(state, NULL);
    struct netperf_test test;
    int control = dial(s.port);
    int fd = dial(ask(control, "stream", NULL, &test));
    close(control);
    says(&s, "the client is gone");
    close(fd);
    control = dial(s.port);
    run_stream(control, "stream", NULL);
    close(control);
    stop(&s);
}

static void more_tests_at_once_than_allowed_are_refused(void **state)
{
    static const char *const ONE[] = { "--clients", "1", NULL };
    struct server s = start(state, ONE);
    struct netperf_test test;
    struct control c;
    unsigned char bytes[CONTROL_BYTES];
    int first = dial(s.port), second = dial(s.port);
    int fd = dial(ask(first, "stream", NULL, &test));
    load("stream", bytes);
    send_all(second, bytes, sizeof bytes);
    answer_of(second, CONTROL_FORM_OTHER, &c);
    assert_int_equal(c.word, EAGAIN);
    send_bytes(fd, STREAM_BYTES);
    assert_int_equal(results_of(first, &test).bytes_received, STREAM_BYTES);
    run_stream(second, "stream", NULL);
    close(first);
    close(second);
    stop(&s);
}

static void a_passphrase_is_asked_for_where_one_is_set(void **state)
{
    char path[512];
    snprintf(path, sizeof path, "%s/passphrase", (const char *)*state);
    const char *const more[] = { "--passphrase-file", path, NULL };
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(file, "secret\n", 7), 7);
    close(file);
    struct server s = start(state, more);
    unsigned char bytes[CONTROL_BYTES];

    int none = dial(s.port);
    load("stream", bytes);
    send_all(none, bytes, sizeof bytes);
    is_closed(none);
    says(&s, "no passphrase (netperf -Z)");

    int wrong = dial(s.port);
    load("passphrase", bytes); /* netperf -Z secret */
    bytes[8 + 5] = 'x';
    send_all(wrong, bytes, sizeof bytes);
    is_closed(wrong);
    says(&s, "a wrong passphrase");

    int right = dial(s.port);
    load("passphrase", bytes);
    send_all(right, bytes, sizeof bytes);
    run_stream(right, "stream", NULL);
    close(right);
    stop(&s);
}

static void who_is_not_in_an_allowed_network_is_hung_up(void **state)
{
    static const char *const ELSEWHERE[] = { "--allow", "10.0.0.0/8", "--allow", "fd00::/8", NULL };
    struct server s = start(state, ELSEWHERE);
    is_closed(dial(s.port));
    says(&s, "--allow 127.0.0.1 lets it in");
    stop(&s);
}

static void what_netperf_may_ask_beside_tests_is_answered(void **state)
{
    struct server s = start(state, NULL);
    int control = dial(s.port);
    struct control c = { .type = CONTROL_DEBUG_ON, .form = CONTROL_FORM_OTHER };
    struct err e = { 0 };
    assert_true(control_send(control, &c, &SOON, &e));
    answer_of(control, CONTROL_FORM_OTHER, &c);
    assert_int_equal(c.type, CONTROL_DEBUG_OK);
    c = (struct control){ .type = CONTROL_CPU_CALIBRATE, .form = CONTROL_FORM_OTHER };
    assert_true(control_send(control, &c, &SOON, &e));
    answer_of(control, CONTROL_FORM_CALIBRATION, &c);
    assert_int_equal(c.calibration.cpus, sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(c.calibration.rate == 100);
    close(control);
    stop(&s);
}

int main(void)
{
#define ON_ITS_OWN(test) cmocka_unit_test_setup_teardown(test, tempdir_make, tempdir_remove)
    const struct CMUnitTest tests[] = {
        ON_ITS_OWN(every_test_is_served_one_after_the_other_on_one_connection),
        ON_ITS_OWN(a_second_test_asked_for_in_mid_test_has_its_turn_behind_it),
        ON_ITS_OWN(sizes_of_gigabytes_are_clamped_or_refused),
        ON_ITS_OWN(garbage_half_messages_and_silence_end_the_connection_and_not_the_server),
        ON_ITS_OWN(a_thousand_silent_connections_do_not_keep_a_client_out),
        ON_ITS_OWN(data_that_never_comes_ends_the_test_alone),
        ON_ITS_OWN(a_client_that_never_reads_gets_its_results_all_the_same),
        ON_ITS_OWN(a_client_that_goes_away_in_its_test_is_noticed),
        ON_ITS_OWN(more_tests_at_once_than_allowed_are_refused),
        ON_ITS_OWN(a_passphrase_is_asked_for_where_one_is_set),
        ON_ITS_OWN(who_is_not_in_an_allowed_network_is_hung_up),
        ON_ITS_OWN(what_netperf_may_ask_beside_tests_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
