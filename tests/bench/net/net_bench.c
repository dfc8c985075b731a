/* net_bench.c - one measurement over loopback, by tare's loops or by another tool's programs.
 *
 *   net-bench tare TEST SECONDS MESSAGE_BYTES CONGESTION         TEST: stream plain sendfile rr crr
 *   net-bench tare udp SECONDS MESSAGE_BYTES BATCH               datagrams a system call at both ends; 0: as tare does
 *   net-bench other PORT REPORT SERVER... -- CLIENT...           (the client's output goes to REPORT)
 *
 * Both are a server process on CPU 1 and a client process on CPU 0, and both are charged by wait4(2):
 * user and system time of the two whole processes. Prints one line:
 *
 *   COUNT ELAPSED_NS SERVER_CPU_NS CLIENT_CPU_NS OTHERS_PERCENT
 *
 * For tare: bytes that the receiver read, or transactions; the client's time up to the end of the last. For the
 * other tool the first two are 0: its report has them. OTHERS_PERCENT: how much of the machine's CPUs somebody
 * else used meanwhile; over a few percent the figures say little by themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "flow/tcp_crr.h"
#include "flow/tcp_sendfile.h"
#include "flow/tcp_stream.h"
#include "flow/token.h"
#include "flow/token_datagram.h"
#include "flow/udp_stream.h"
#include "observe/cpu.h"

enum { CLIENT_CPU = 0, SERVER_CPU = 1, SAMPLE_NS = 10 * CLOCK_NS_PER_MS };

static const struct token TOKEN = { "loopback-bench" };
static const struct tcp_crr_preamble PREAMBLE = { "loopback-bench", sizeof TOKEN };

enum test { STREAM, PLAIN, SENDFILE, RR, CRR, UDP };
static const char *const TESTS[] = { "stream", "plain", "sendfile", "rr", "crr", "udp" };

/* Which test, and with what. */
static struct {
    enum test test;
    size_t message_bytes;
    struct flow_options options;
    struct tcp_crr_target target;
    struct udp_stream_plan udp;
} bench;

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "net-bench: %s: %s\n", what, e ? e->text : strerror(errno));
    exit(1);
}

static bool transacts(void) { return bench.test == RR || bench.test == CRR; }

/* What one half of tare knows when it is through. */
struct half {
    uint64_t bytes, count;
    int64_t elapsed_ns;
};

struct mover {
    struct flow *flow;
    struct meter *meter;
    bool is_client;
    struct half half;
    _Atomic bool is_done;
};

static enum tcp_reads reads(void)
{
    return bench.test == STREAM ? tcp_stream_reads(bench.message_bytes) : TCP_READS_PLAIN;
}

static bool move_with(struct mover *m, struct flow_times *times, struct err *e)
{
    static struct hist hist;
    const struct rr_plan plan = { .hist = &hist };
    struct udp_counts counts = { 0 };
    uint64_t strangers = 0;
    switch (bench.test) {
    case STREAM:
    case PLAIN:
        return m->is_client ? tcp_stream_send(m->flow, m->meter, times, e)
                            : tcp_stream_receive(m->flow, reads(), m->meter, times, e);
    case SENDFILE:
        return m->is_client ? tcp_sendfile_send(m->flow, m->meter, times, e)
                            : tcp_stream_receive(m->flow, reads(), m->meter, times, e);
    case RR:
        return m->is_client ? tcp_rr_ask(m->flow, &plan, m->meter, times, e)
                            : tcp_rr_answer(m->flow, m->meter, times, e);
    case UDP:
        return (m->is_client ? udp_stream_send : udp_stream_receive)(m->flow, &bench.udp, m->meter, &counts, times, e);
    case CRR: break;
    }
    return m->is_client ? tcp_crr_ask(m->flow, &bench.target, &plan, m->meter, times, e)
                        : tcp_crr_answer(m->flow, &PREAMBLE, m->meter, &strangers, times, e);
}

static void *move(void *argument)
{
    struct mover *m = argument;
    struct flow_times times = { 0 };
    struct err e = { 0 };
    if (!move_with(m, &times, &e))
        die(m->is_client ? "the client" : "the server", &e);
    m->half = (struct half){ meter_read(m->meter).bytes, meter_read(m->meter).operations,
                             times.last_op_ns - times.first_op_ns };
    atomic_store(&m->is_done, true);
    return NULL;
}

static struct flow *make_flow(bool is_client, struct err *e)
{
    size_t request = bench.message_bytes + (bench.test == CRR ? PREAMBLE.size : 0), response = bench.message_bytes;
    size_t read = bench.test == UDP ? bench.message_bytes : tcp_stream_read_bytes(reads());
    if (transacts())
        return is_client ? flow_new(request, response, e) : flow_new(response, request, e);
    struct flow *flow = is_client ? flow_new(bench.message_bytes, 0, e) : flow_new(0, read, e);
    return flow && is_client && bench.test == SENDFILE && !tcp_sendfile_prepare(flow, e) ? NULL : flow;
}

/* As an agent does it: one thread moves, another reads its meter every 10 ms and ends it. */
static struct half run_half(int fd, bool is_client, int64_t length_ns)
{
    struct err e = { 0 };
    struct meter meter = { 0 };
    struct mover mover = { .flow = make_flow(is_client, &e), .meter = &meter, .is_client = is_client };
    if (!mover.flow)
        die("preparing", &e);
    if (fd >= 0)
        flow_connect(mover.flow, &fd);
    int64_t now = clock_mono_ns(), stop = now + length_ns;
    pthread_t thread;
    if (pthread_create(&thread, NULL, move, &mover) != 0)
        die("starting a thread", NULL);
    volatile uint64_t sampled = 0;
    while (!atomic_load(&mover.is_done) && (!is_client || now < stop)) {
        clock_sleep_until_mono(now += SAMPLE_NS);
        sampled = meter_read(&meter).bytes;
    }
    (void)sampled;
    if (is_client)
        (bench.test == CRR || bench.test == UDP ? flow_stop : flow_stop_sending)(mover.flow);
    pthread_join(thread, NULL);
    flow_destroy(&mover.flow);
    return mover.half;
}

static struct token_wait soon(void) { return (struct token_wait){ clock_mono_ns() + 5 * (int64_t)CLOCK_NS_PER_S, -1 }; }

/* A child process on one CPU. */
static pid_t fork_on(int cpu)
{
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        die("fork", NULL);
    if (pid > 0)
        return pid;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        die("pinning", NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        exit(1);
    return 0;
}

static int64_t wait_for(pid_t pid, const char *what, bool is_ours)
{
    int status = 0;
    struct rusage use;
    if (wait4(pid, &status, 0, &use) != pid || (is_ours && status != 0)) {
        fprintf(stderr, "net-bench: %s ended with status %d\n", what, status);
        exit(1);
    }
    return ((int64_t)use.ru_utime.tv_sec + use.ru_stime.tv_sec) * CLOCK_NS_PER_S +
           ((int64_t)use.ru_utime.tv_usec + use.ru_stime.tv_usec) * CLOCK_NS_PER_US;
}

/* The machine when the run began. */
static struct cpu_times before;

static void snapshot(struct cpu_times *times)
{
    struct err e = { 0 };
    if (!cpu_machine(times, &e))
        die("observing the machine", &e);
}

static void report(struct half half, int64_t server_cpu_ns, int64_t client_cpu_ns)
{
    static struct cpu_times after;
    struct cpu_used used = { 0 };
    struct err e = { 0 };
    snapshot(&after);
    if (!cpu_difference(&before, &after, &used, &e))
        die("observing the machine", &e);
    double others = (double)(used.used_ns + used.steal_ns - server_cpu_ns - client_cpu_ns);
    printf("%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %.1f\n", transacts() ? half.count : half.bytes,
           half.elapsed_ns, server_cpu_ns, client_cpu_ns, 100 * others / ((double)used.wall_ns * used.cpus));
}

static void tell(int fd, struct half half)
{
    if (write(fd, &half, sizeof half) != (ssize_t)sizeof half)
        die("telling the result", NULL);
}

static struct half hear(int fd)
{
    struct half half = { 0 };
    if (read(fd, &half, sizeof half) != (ssize_t)sizeof half)
        exit(1); /* the child has said why */
    return half;
}

static void run_tare(int64_t length_ns)
{
    struct err e = { 0 };
    int listener = -1, fd = -1, server_pipe[2], client_pipe[2];
    uint16_t port = 0;
    bool is_udp = bench.test == UDP;
    if (!(is_udp ? token_datagram_listen : token_listen)("127.0.0.1", &bench.options, &listener, &port, &e) ||
        (bench.test == CRR && !tcp_crr_prepare(listener, &e)) ||
        !address_parse("127.0.0.1", port, &bench.target.to, &e))
        die("listening", &e);
    bench.target.options = &bench.options;
    bench.target.preamble = PREAMBLE;
    if (pipe(server_pipe) != 0 || pipe(client_pipe) != 0)
        die("pipe", NULL);
    struct token_wait wait = soon();
    pid_t server = fork_on(SERVER_CPU);
    if (server == 0) {
        if (bench.test != CRR && !(is_udp ? token_datagram_accept(listener, &TOKEN, 1, &fd, &bench.options, &wait, &e)
                                          : token_accept(listener, &TOKEN, 1, &fd, &wait, &e)))
            die("accepting", &e);
        tell(server_pipe[1], run_half(bench.test == CRR ? listener : fd, false, 0));
        exit(0);
    }
    pid_t client = fork_on(CLIENT_CPU);
    if (client == 0) {
        if (bench.test != CRR && !(is_udp ? token_datagram_connect : token_connect)("127.0.0.1", port, &TOKEN, 0,
                                                                                    &bench.options, &wait, &fd, &e))
            die("connecting", &e);
        tell(client_pipe[1], run_half(fd, true, length_ns));
        exit(0);
    }
    close(server_pipe[1]);
    close(client_pipe[1]);
    struct half received = hear(server_pipe[0]), sent = hear(client_pipe[0]);
    if (is_udp        ? received.bytes > sent.bytes
        : transacts() ? received.count != sent.count
                      : received.bytes != sent.bytes) {
        fprintf(stderr, "net-bench: %" PRIu64 " bytes sent, %" PRIu64 " received\n", sent.bytes, received.bytes);
        exit(1);
    }
    int64_t server_cpu_ns = wait_for(server, "the server", true), client_cpu_ns = wait_for(client, "the client", true);
    report((struct half){ received.bytes, received.count, sent.elapsed_ns }, server_cpu_ns, client_cpu_ns);
}

/* Whether somebody listens on 127.0.0.1:`port`; asked of the kernel, since a connection would be
 * taken for the test. */
static bool somebody_listens(const char *port)
{
    char listening[64], line[256];
    snprintf(listening, sizeof listening, " 0100007F:%04X 00000000:0000 0A ", (unsigned)atoi(port));
    FILE *sockets = fopen("/proc/net/tcp", "re");
    bool found = false;
    while (sockets && !found && fgets(line, sizeof line, sockets))
        found = strstr(line, listening) != NULL;
    if (sockets)
        fclose(sockets);
    return found;
}

static void exec_into(const char *output, char **arguments)
{
    int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
        die(output, NULL);
    execvp(arguments[0], arguments);
    die(arguments[0], NULL);
}

/* `arguments`: the server's, "--", the client's. A server that serves on and on is ended. */
static void run_other(const char *port, const char *output, char **arguments)
{
    char **client_arguments = arguments;
    while (*client_arguments && strcmp(*client_arguments, "--") != 0)
        client_arguments++;
    if (!*client_arguments || !client_arguments[1])
        die("SERVER... -- CLIENT...", &(struct err){ .text = "is how it is called" });
    *client_arguments++ = NULL;
    if (somebody_listens(port))
        die(port, &(struct err){ .text = "somebody listens there already" });
    pid_t server = fork_on(SERVER_CPU);
    if (server == 0)
        exec_into("/dev/null", arguments);
    for (int tries = 0; !somebody_listens(port); tries++) {
        if (tries == 500)
            die("the server does not listen after 5 s", NULL);
        usleep(10 * 1000);
    }
    pid_t client = fork_on(CLIENT_CPU);
    if (client == 0)
        exec_into(output, client_arguments);
    int64_t client_cpu_ns = wait_for(client, client_arguments[0], true);
    for (int tries = 0; somebody_listens(port) && tries < 20; tries++)
        usleep(10 * 1000);
    kill(server, SIGTERM);
    int64_t server_cpu_ns = wait_for(server, arguments[0], false);
    report((struct half){ 0 }, server_cpu_ns, client_cpu_ns);
}

static bool find_test(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(TESTS); i++)
        if (strcmp(name, TESTS[i]) == 0) {
            bench.test = (enum test)i;
            return true;
        }
    return false;
}

int main(int count, char **arguments)
{
    int64_t seconds = 0, bytes = 0;
    struct err e = { 0 };
    snapshot(&before);
    if (count > 5 && strcmp(arguments[1], "other") == 0) {
        run_other(arguments[2], arguments[3], arguments + 4);
        return 0;
    }
    if (count != 6 || strcmp(arguments[1], "tare") != 0 || !find_test(arguments[2])) {
        fprintf(stderr, "usage: net-bench tare TEST SECONDS MESSAGE_BYTES CONGESTION|BATCH\n"
                        "       net-bench other PORT REPORT SERVER... -- CLIENT...\n");
        return 2;
    }
    if (!units_parse_int(arguments[3], &seconds, &e) || !units_parse_int(arguments[4], &bytes, &e) || seconds < 1 ||
        bytes < 1)
        die("SECONDS and MESSAGE_BYTES are whole numbers from 1 on", &e);
    bench.message_bytes = (size_t)bytes;
    int64_t batch = 0;
    if (bench.test == UDP && (!units_parse_int(arguments[5], &batch, &e) || batch < 0 || batch > UDP_BATCH_MOST))
        die("BATCH is a whole number up to 64", &e);
    bench.udp = (struct udp_stream_plan){ .batch = (int)batch };
    bench.options = (struct flow_options){ .congestion = bench.test == UDP ? NULL : arguments[5] };
    run_tare(seconds * CLOCK_NS_PER_S);
    return 0;
}
