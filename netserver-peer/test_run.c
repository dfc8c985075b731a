#include "test_run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "data_port.h"
#include "flow/tcp_crr.h"
#include "flow/tcp_rr.h"
#include "flow/tcp_stream.h"
#include "flow/udp_rr.h"
#include "flow/udp_stream.h"
#include "observe/cpu.h"

enum {
    LOOK_EVERY_MS = 100, /* whether it moves */
    UNITS_EVERY_MS = 1,  /* whether so many are done */
    FULL_RATE = 100,     /* percent: a CPU-second goes by in a second */
};

/* What the moving thread and its watcher share. */
struct mover {
    const struct netperf_test *test;
    struct flow *flow;
    struct meter meter;
    struct flow_times times;
    struct udp_counts counts;
    uint64_t strangers;
    int over_fd; /* an eventfd: it has ended */
    bool ok;
    struct err e;
};

static bool is_server_sending(const struct netperf_test *t) { return t->kind == NETPERF_MAERTS; }
static bool is_datagrams(const struct netperf_test *t)
{
    return t->kind == NETPERF_UDP_STREAM || t->kind == NETPERF_UDP_RR;
}
static bool is_crr(const struct netperf_test *t) { return t->kind == NETPERF_CRR; }

/* ---- preparing ---- */

/* What the client left to us: as in a run. */
static void choose_sizes(const struct netperf_test *t, struct netperf_answer *answer)
{
    switch (t->kind) {
    case NETPERF_MAERTS: answer->send_bytes = t->send_bytes > 0 ? t->send_bytes : answer->send_buffer; break;
    case NETPERF_STREAM:
    case NETPERF_SENDFILE:
        answer->receive_bytes = t->receive_bytes > 0 ? t->receive_bytes : TCP_STREAM_READ_BYTES;
        break;
    case NETPERF_UDP_STREAM: answer->receive_bytes = t->receive_bytes > 0 ? t->receive_bytes : UDP_MESSAGE_MOST; break;
    default:
        answer->receive_bytes = t->request_bytes;
        answer->send_bytes = t->response_bytes;
        break;
    }
    answer->cpu_rate = t->measures_cpu ? FULL_RATE : 0;
}

bool test_run_prepare(struct test_run *run, int *refusal, struct err *e)
{
    run->data_fd = -1;
    if (!data_port_open(run->test, run->control_fd, &run->data_fd, &run->answer, refusal, e))
        return false;
    if (is_crr(run->test) && !tcp_crr_prepare(run->data_fd, e)) {
        *refusal = EIO;
        return false;
    }
    choose_sizes(run->test, &run->answer);
    return true;
}

void test_run_release(struct test_run *run)
{
    if (run->data_fd >= 0)
        close(run->data_fd);
    run->data_fd = -1;
}

/* The flow over the data connection, which it waits for. */
static bool make_flow(struct test_run *run, struct flow **flow, struct err *e)
{
    const struct netperf_test *t = run->test;
    size_t send_bytes = (size_t)run->answer.send_bytes, read_bytes = (size_t)run->answer.receive_bytes;
    const struct data_wait wait = { .control_fd = run->control_fd,
                                    .cancel_fd = run->cancel_fd,
                                    .allow = &run->options->allow,
                                    .most_ms = run->options->patience.connect_ms };
    int fd = -1;
    if (is_datagrams(t)) {
        size_t first = 0;
        if (!data_port_connect(run->data_fd, &wait, &first, e))
            return false;
        read_bytes = t->kind == NETPERF_UDP_STREAM ? first : read_bytes; /* all are of one size */
    } else if (!is_crr(t)) {
        if (!data_port_accept(run->data_fd, &wait, &fd, e))
            return false;
        close(run->data_fd);
        run->data_fd = fd;
    }
    *flow = flow_new(send_bytes, read_bytes, e);
    if (!*flow)
        return false;
    flow_connect(*flow, &run->data_fd);
    return true;
}

/* ---- moving ---- */

/* Where the client wants it; a CPU that is not to be had is no reason to fail. */
static void bind_to(int32_t cpu)
{
    cpu_set_t one;
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    (void)sched_setaffinity(0, sizeof one, &one);
}

static bool move(struct mover *m)
{
    static const struct tcp_crr_preamble NO_PREAMBLE = { .size = 0 };
    switch (m->test->kind) {
    case NETPERF_STREAM:
    case NETPERF_SENDFILE:
        return tcp_stream_receive(m->flow, m->test->receive_bytes == 0 ? tcp_stream_reads(0) : TCP_READS_PLAIN,
                                  &m->meter, &m->times, &m->e);
    case NETPERF_MAERTS: return tcp_stream_send(m->flow, &m->meter, &m->times, &m->e);
    case NETPERF_RR: return tcp_rr_answer(m->flow, &m->meter, &m->times, &m->e);
    case NETPERF_CRR: return tcp_crr_answer(m->flow, &NO_PREAMBLE, &m->meter, &m->strangers, &m->times, &m->e);
    case NETPERF_UDP_STREAM:
        return udp_stream_receive(m->flow, &(struct udp_stream_plan){ .is_stock = true }, &m->meter, &m->counts,
                                  &m->times, &m->e);
    case NETPERF_UDP_RR: return udp_rr_answer(m->flow, true, &m->meter, &m->counts, &m->times, &m->e);
    case NETPERF_KIND_COUNT: break;
    }
    return err_set(&m->e, ERR_INTERNAL, "no such test");
}

static void *run_mover(void *arg)
{
    struct mover *m = arg;
    const uint64_t one = 1;
    bind_to(m->test->cpu);
    m->ok = move(m);
    if (write(m->over_fd, &one, sizeof one) < 0)
        abort(); /* an eventfd that was never raised takes a 1 */
    return NULL;
}

/* ---- watching ---- */

/* When the test is to end by itself, and when it must. */
struct ends {
    int64_t stop_mono, abort_mono;
    bool is_stopped;
};

static void stop(struct mover *m, struct ends *ends)
{
    /* Whoever asks or sends ends most tests by himself. */
    if (is_server_sending(m->test))
        flow_stop_sending(m->flow);
    else if (is_crr(m->test) || is_datagrams(m->test))
        flow_stop(m->flow);
    ends->is_stopped = true;
}

static bool are_units_done(const struct mover *m)
{
    const struct meter_point now = meter_read(&m->meter);
    bool counts_operations = is_crr(m->test);
    return m->test->units > 0 && (is_server_sending(m->test) || counts_operations) &&
           (counts_operations ? now.operations : now.bytes) >= (uint64_t)m->test->units;
}

/* Until the mover ends, whatever it takes. */
static void watch(const struct test_run *run, struct mover *m, struct err *why)
{
    const struct service_patience *patience = &run->options->patience;
    int64_t now = clock_mono_ns(), moved_mono = now;
    uint64_t moved = 0;
    struct ends ends = { .stop_mono = now + run->test->length_ns };
    if (run->test->units > 0)
        ends.stop_mono = now + NETPERF_LENGTH_MAX_S * (int64_t)CLOCK_NS_PER_S;
    ends.abort_mono = ends.stop_mono + clock_ms(patience->grace_ms);
    bool aborted = false, watches_units = run->test->units > 0;
    for (;;) {
        struct pollfd fds[] = { { .fd = m->over_fd, .events = POLLIN },
                                { .fd = aborted ? -1 : run->control_fd, .events = POLLRDHUP },
                                { .fd = aborted ? -1 : run->cancel_fd, .events = POLLIN } };
        (void)poll(fds, 3, watches_units && !ends.is_stopped ? UNITS_EVERY_MS : LOOK_EVERY_MS);
        if (fds[0].revents)
            return;
        now = clock_mono_ns();
        const struct meter_point point = meter_read(&m->meter);
        if (point.bytes != moved) {
            moved = point.bytes;
            moved_mono = now;
        }
        if (!ends.is_stopped && (now >= ends.stop_mono || are_units_done(m))) {
            stop(m, &ends);
            ends.abort_mono = now + clock_ms(patience->grace_ms);
        }
        if (aborted)
            continue;
        aborted = true;
        if (fds[2].revents)
            err_set(why, ERR_INTERRUPTED, "broken off");
        else if (fds[1].revents)
            err_set(why, ERR_PARTIAL, "the client is gone");
        else if (now >= ends.abort_mono)
            err_set(why, ERR_PARTIAL, "the client did not end its test in time");
        else if (now - moved_mono > clock_ms(patience->still_ms))
            err_set(why, ERR_PARTIAL, "nothing has moved for %.1f s", (double)patience->still_ms / 1e3);
        else
            aborted = false;
        if (aborted)
            flow_abort(m->flow);
    }
}

/* ---- results ---- */

/* By netperf's rule, for which waiting for a disk and stolen time are busy. */
static void fill_cpu(const struct netperf_test *t, const struct cpu_used *used, struct netperf_outcome *o)
{
    double percent = used->wall_ns > 0 ? 100.0 / ((double)used->wall_ns * used->cpus) : 0;
    o->has_cpu = percent > 0;
    o->cpus = used->cpus;
    o->cpu_percent = (double)(used->used_ns + used->iowait_ns + used->steal_ns) * percent;
    o->user_percent = (double)used->user_ns * percent;
    o->system_percent = (double)used->system_ns * percent;
    o->iowait_percent = (double)used->iowait_ns * percent;
    o->service_demand = netperf_service_demand(t->kind, o);
}

static void fill_outcome(const struct mover *m, int64_t elapsed_ns, struct netperf_outcome *o)
{
    const struct netperf_test *t = m->test;
    const struct meter_point end = meter_read(&m->meter);
    struct flow_tcp_info tcp = { 0 };
    *o = (struct netperf_outcome){ .elapsed_s = (double)elapsed_ns / 1e9, .retransmits = -1 };
    int64_t operations = (int64_t)end.operations;
    if (is_server_sending(t)) {
        o->bytes_sent = (int64_t)end.bytes;
        o->send_calls = operations;
    } else if (t->request_bytes > 0) {
        o->transactions = o->receive_calls = o->send_calls = operations;
        o->bytes_received = operations * t->request_bytes;
        o->bytes_sent = operations * t->response_bytes;
    } else {
        o->bytes_received = (int64_t)end.bytes;
        o->receive_calls = operations;
    }
    if (!is_crr(t) && flow_tcp_info(m->flow, &tcp, NULL)) {
        o->send_buffer = tcp.send_buffer_bytes;
        o->receive_buffer = tcp.receive_buffer_bytes;
        o->retransmits = is_datagrams(t) ? -1 : (int32_t)tcp.retransmits;
        text_copy(o->congestion, sizeof o->congestion, tcp.congestion);
    }
}

static bool see_through(const struct test_run *run, struct mover *m, int64_t *elapsed_ns, struct err *why,
                        struct err *e)
{
    pthread_t thread;
    int64_t begun_ns = clock_raw_ns();
    int failure = pthread_create(&thread, NULL, run_mover, m);
    if (failure)
        return err_errno(e, failure, "no thread for a test");
    watch(run, m, why);
    pthread_join(thread, NULL);
    /* From the connection on; a receiver's ends with the last byte, not with its wait for the end. */
    int64_t ended_ns = m->times.last_op_ns > begun_ns ? m->times.last_op_ns : clock_raw_ns();
    *elapsed_ns = ended_ns - begun_ns;
    if (!m->ok && !*why->text)
        *why = m->e;
    return true;
}

bool test_run_conduct(struct test_run *run, struct netperf_outcome *outcome, struct err *why, struct err *e)
{
    struct mover m = { .test = run->test, .over_fd = eventfd(0, EFD_CLOEXEC) };
    struct cpu_times *cpus = calloc(2, sizeof *cpus);
    struct cpu_used used = { 0 };
    int64_t elapsed_ns = 0;
    why->text[0] = '\0';
    bool ok = (cpus && m.over_fd >= 0) || err_errno(e, cpus ? errno : ENOMEM, "a test");
    ok = ok && make_flow(run, &m.flow, e);
    ok = ok && cpu_machine(&cpus[0], e) && see_through(run, &m, &elapsed_ns, why, e) && cpu_machine(&cpus[1], e) &&
         cpu_difference(&cpus[0], &cpus[1], &used, e);
    if (ok) {
        fill_outcome(&m, elapsed_ns, outcome);
        if (run->test->measures_cpu)
            fill_cpu(run->test, &used, outcome);
    }
    flow_destroy(&m.flow);
    free(cpus);
    if (m.over_fd >= 0)
        close(m.over_fd);
    return ok;
}
