/* flow_bench.c - one measurement of a stream over loopback, by tare's loops or by iperf3.
 *
 *   flow-bench tare SECONDS MESSAGE_BYTES CONGESTION
 *   flow-bench iperf3 SECONDS MESSAGE_BYTES CONGESTION PORT REPORT     (the client's JSON goes to REPORT)
 *
 * Both are a server process on CPU 1 and a client process on CPU 0, and both are charged by wait4(2):
 * user and system time of the two whole processes. Prints one line:
 *
 *   BYTES ELAPSED_NS SERVER_CPU_NS CLIENT_CPU_NS OTHERS_PERCENT
 *
 * For tare: bytes that the receiver read, the sender's time up to the receiver's close. For iperf3
 * the first two are 0: its report has them. OTHERS_PERCENT: how much of the machine's CPUs somebody
 * else used meanwhile; over a few percent the figures say little by themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
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
#include "flow/tcp_stream.h"
#include "flow/token.h"
#include "observe/cpu.h"

enum { CLIENT_CPU = 0, SERVER_CPU = 1, SAMPLE_NS = 10 * CLOCK_NS_PER_MS };

static const struct token TOKEN = { "loopback-bench" };

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "flow-bench: %s: %s\n", what, e ? e->text : strerror(errno));
    exit(1);
}

/* What one half of tare knows when it is through. */
struct half {
    uint64_t bytes;
    int64_t elapsed_ns;
};

struct mover {
    struct flow *flow;
    struct meter *meter;
    bool sends;
    struct half half;
    _Atomic bool is_done;
};

static void *move(void *argument)
{
    struct mover *m = argument;
    struct flow_times times = { 0 };
    struct err e = { 0 };
    if (!(m->sends ? tcp_stream_send(m->flow, m->meter, &times, &e)
                   : tcp_stream_receive(m->flow, true, m->meter, &times, &e)))
        die(m->sends ? "sending" : "receiving", &e);
    m->half = (struct half){ meter_read(m->meter).bytes, times.last_op_ns - times.first_op_ns };
    atomic_store(&m->is_done, true);
    return NULL;
}

/* As an agent does it: one thread moves, another reads its meter every 10 ms and ends it. */
static struct half run_half(int fd, size_t message_bytes, bool sends, int64_t length_ns)
{
    struct err e = { 0 };
    struct meter meter = { 0 };
    struct mover mover = { .flow = flow_new(message_bytes, sends ? 0 : TCP_STREAM_READ_BYTES, &e),
                           .meter = &meter,
                           .sends = sends };
    if (!mover.flow)
        die("preparing", &e);
    flow_connect(mover.flow, &fd);
    int64_t now = clock_mono_ns(), stop = now + length_ns;
    pthread_t thread;
    if (pthread_create(&thread, NULL, move, &mover) != 0)
        die("starting a thread", NULL);
    volatile uint64_t sampled = 0;
    while (!atomic_load(&mover.is_done) && (!sends || now < stop)) {
        clock_sleep_until_mono(now += SAMPLE_NS);
        sampled = meter_read(&meter).bytes;
    }
    (void)sampled;
    if (sends)
        flow_stop_sending(mover.flow);
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

static int64_t wait_for(pid_t pid, const char *what)
{
    int status = 0;
    struct rusage use;
    if (wait4(pid, &status, 0, &use) != pid || status != 0) {
        fprintf(stderr, "flow-bench: %s ended with status %d\n", what, status);
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
    printf("%" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %.1f\n", half.bytes, half.elapsed_ns, server_cpu_ns,
           client_cpu_ns, 100 * others / ((double)used.wall_ns * used.cpus));
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

static void run_tare(int64_t length_ns, size_t message_bytes, const struct flow_options *options)
{
    struct err e = { 0 };
    int listener = -1, fd = -1, server_pipe[2], client_pipe[2];
    uint16_t port = 0;
    if (!token_listen("127.0.0.1", options, &listener, &port, &e))
        die("listening", &e);
    if (pipe(server_pipe) != 0 || pipe(client_pipe) != 0)
        die("pipe", NULL);
    struct token_wait wait = soon();
    pid_t server = fork_on(SERVER_CPU);
    if (server == 0) {
        if (!token_accept(listener, &TOKEN, 1, &fd, &wait, &e))
            die("accepting", &e);
        tell(server_pipe[1], run_half(fd, message_bytes, false, 0));
        exit(0);
    }
    pid_t client = fork_on(CLIENT_CPU);
    if (client == 0) {
        if (!token_connect("127.0.0.1", port, &TOKEN, 0, options, &wait, &fd, &e))
            die("connecting", &e);
        tell(client_pipe[1], run_half(fd, message_bytes, true, length_ns));
        exit(0);
    }
    close(server_pipe[1]);
    close(client_pipe[1]);
    struct half received = hear(server_pipe[0]), sent = hear(client_pipe[0]);
    if (received.bytes != sent.bytes) {
        fprintf(stderr, "flow-bench: %" PRIu64 " bytes sent, %" PRIu64 " received\n", sent.bytes, received.bytes);
        exit(1);
    }
    int64_t server_cpu_ns = wait_for(server, "the receiver"), client_cpu_ns = wait_for(client, "the sender");
    report((struct half){ received.bytes, sent.elapsed_ns }, server_cpu_ns, client_cpu_ns);
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

static void run_iperf3(const char *seconds, const char *bytes, const char *congestion, const char *port,
                       const char *json)
{
    pid_t server = fork_on(SERVER_CPU);
    if (server == 0)
        exec_into("/dev/null", (char *[]){ "iperf3", "-s", "-1", "-B", "127.0.0.1", "-p", (char *)port, NULL });
    for (int tries = 0; !somebody_listens(port); tries++) {
        if (tries == 500)
            die("iperf3's server does not listen after 5 s", NULL);
        usleep(10 * 1000);
    }
    pid_t client = fork_on(CLIENT_CPU);
    if (client == 0)
        exec_into(json, (char *[]){ "iperf3", "-c", "127.0.0.1", "-p", (char *)port, "-t", (char *)seconds, "-l",
                                    (char *)bytes, "-C", (char *)congestion, "-J", NULL });
    int64_t client_cpu_ns = wait_for(client, "iperf3's client"), server_cpu_ns = wait_for(server, "iperf3's server");
    report((struct half){ 0 }, server_cpu_ns, client_cpu_ns);
}

int main(int count, char **arguments)
{
    bool is_tare = count == 5 && strcmp(arguments[1], "tare") == 0;
    bool is_iperf3 = count == 7 && strcmp(arguments[1], "iperf3") == 0;
    int64_t seconds = 0, bytes = 0;
    struct err e = { 0 };
    if (!is_tare && !is_iperf3) {
        fprintf(stderr, "usage: flow-bench tare|iperf3 SECONDS MESSAGE_BYTES CONGESTION [PORT REPORT]\n");
        return 2;
    }
    if (!units_parse_int(arguments[2], &seconds, &e) || !units_parse_int(arguments[3], &bytes, &e) || seconds < 1 ||
        bytes < 1)
        die("SECONDS and MESSAGE_BYTES are whole numbers from 1 on", &e);
    const struct flow_options options = { .congestion = arguments[4] };
    snapshot(&before);
    if (is_tare)
        run_tare(seconds * CLOCK_NS_PER_S, (size_t)bytes, &options);
    else
        run_iperf3(arguments[2], arguments[3], arguments[4], arguments[5], arguments[6]);
    return 0;
}
