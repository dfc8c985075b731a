#include "trial.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/start_gate.h"
#include "base/clock.h"
#include "base/text.h"
#include "observe/cpu.h"

enum {
    /* After the measured time: what is queued still has to arrive (netperf's server waits as long). */
    GRACE_MS = 4000,
    CONNECTED_MS = 500,
    ARM_AHEAD_MOST_MS = 60 * 1000 /* ten control round trips; nobody can be woken from the gate before T */
};

struct runner {
    struct trial *trial;
    struct part_flow *flow;
    pthread_t thread;
    struct meter_point points[MESSAGE_POINTS]; /* with their count: the session's alone */
    size_t point_count;
    bool is_over; /* guarded by the trial's lock */
};

/* A part and the threads that work on it. */
struct crew {
    struct trial *trial;
    struct part part;
    pthread_t thread;
    struct runner runners[PART_FLOWS_MAX];
    uint32_t runner_count; /* guarded by the trial's lock: the sampler reads beside the threads */
    uint32_t first_slot;   /* its first starter's place among those of the trial */
};

struct letter {
    struct letter *next;
    struct message message;
};

struct trial {
    uint32_t number;
    const struct workload *const *workloads;
    int cancel_fd, out_fd;
    _Atomic bool cancelled;
    struct crew *crews[TRIAL_PARTS_MAX];
    size_t crew_count;
    bool is_running;
    struct cpu_times machine_before; /* written before ARM is told to the threads, read after */
    struct cpu_process process_before;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by the lock */
    bool is_armed, has_failed;
    struct message_arm arm;
    size_t crews_connected, crews_at_work;
    struct letter *out_first, **out_last;
};

/* ---- the outbox ---- */

static void raise_fd(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0)
        return; /* EAGAIN: it is raised already */
}

/* With the lock held. Without memory the message is lost, and the coordinator's deadline tells. */
static void post(struct trial *t, const struct message *m)
{
    struct letter *letter = malloc(sizeof *letter);
    if (!letter)
        return;
    *letter = (struct letter){ .message = *m };
    *t->out_last = letter;
    t->out_last = &letter->next;
    raise_fd(t->out_fd);
}

/* The trial has failed here: the first reason is told, the ones that follow from it are not. */
static void post_failure(struct trial *t, const struct err *e)
{
    pthread_mutex_lock(&t->lock);
    if (!t->has_failed && !atomic_load(&t->cancelled)) {
        struct message m = { .type = MESSAGE_FAILED, .failed = { .trial = t->number } };
        text_copy(m.failed.reason, sizeof m.failed.reason, e->text);
        post(t, &m);
    }
    t->has_failed = true;
    pthread_mutex_unlock(&t->lock);
}

bool trial_next(struct trial *t, struct message *m)
{
    pthread_mutex_lock(&t->lock);
    struct letter *letter = t->out_first;
    if (letter) {
        t->out_first = letter->next;
        if (!t->out_first)
            t->out_last = &t->out_first;
        *m = letter->message;
        if (m->type == MESSAGE_DONE || m->type == MESSAGE_FAILED)
            t->is_running = false;
    } else {
        uint64_t count;
        if (read(t->out_fd, &count, sizeof count) < 0)
            count = 0; /* EAGAIN: it was not raised */
    }
    pthread_mutex_unlock(&t->lock);
    free(letter);
    return letter != NULL;
}

/* ---- a flow's thread ---- */

static void post_stream(struct trial *t, const struct part_flow *f, const struct start_gate_result *gate)
{
    struct meter_point end = meter_read(&f->meter);
    struct message m = { .type = MESSAGE_STREAM,
                         .stream = { .trial = t->number,
                                     .job = f->part->order.job,
                                     .flow = f->number,
                                     .sends = f->starts,
                                     .released_ns = gate->released_ns,
                                     .first_op_ns = f->times.first_op_ns,
                                     .last_op_ns = f->times.last_op_ns,
                                     .bytes = (int64_t)end.bytes,
                                     .operations = (int64_t)end.operations,
                                     .retransmits = f->tcp.retransmits,
                                     .rtt_us = f->tcp.rtt_us,
                                     .min_rtt_us = f->tcp.min_rtt_us,
                                     .mss = f->tcp.mss,
                                     .send_buffer = (uint32_t)f->tcp.send_buffer_bytes,
                                     .receive_buffer = (uint32_t)f->tcp.receive_buffer_bytes } };
    text_copy(m.stream.gate, sizeof m.stream.gate, gate->how ? gate->how : "");
    text_copy(m.stream.congestion, sizeof m.stream.congestion, f->tcp.congestion);
    pthread_mutex_lock(&t->lock);
    post(t, &m);
    pthread_mutex_unlock(&t->lock);
}

/* Wait for ARM; false when the trial is cancelled instead. */
static bool wait_for_arm(struct trial *t, struct message_arm *arm)
{
    pthread_mutex_lock(&t->lock);
    while (!t->is_armed && !atomic_load(&t->cancelled))
        pthread_cond_wait(&t->changed, &t->lock);
    *arm = t->arm;
    pthread_mutex_unlock(&t->lock);
    return !atomic_load(&t->cancelled);
}

static void *run_flow(void *arg)
{
    struct runner *r = arg;
    struct trial *t = r->trial;
    struct part_flow *f = r->flow;
    struct crew *crew = (struct crew *)((char *)f->part - offsetof(struct crew, part));
    struct message_arm arm;
    struct start_gate_result gate = { 0 };
    start_gate_prepare();
    bool go = wait_for_arm(t, &arm);
    if (go && f->starts) {
        int place = (int)(arm.slot + crew->first_slot);
        for (uint32_t i = 0; i < f->number; i++)
            place += f->part->flows[i].starts;
        go = start_gate_wait(&(struct start_gate){ arm.at_ns, arm.may_spin != 0, place }, &t->cancelled, &gate);
    }
    if (go) {
        struct err e = { 0 };
        bool ok = f->part->workload->run(f, &e);
        post_stream(t, f, &gate);
        if (!ok)
            post_failure(t, &e);
    }
    pthread_mutex_lock(&t->lock);
    r->is_over = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

/* ---- a part's thread ---- */

static bool spawn_runners(struct crew *c, struct err *e)
{
    for (uint32_t i = 0; i < c->part.flow_count; i++) {
        struct runner *r = &c->runners[i];
        *r = (struct runner){ .trial = c->trial, .flow = &c->part.flows[i] };
        int failure = pthread_create(&r->thread, NULL, run_flow, r);
        if (failure)
            return err_errno(e, failure, "no thread for flow %" PRIu32, i);
        pthread_mutex_lock(&c->trial->lock);
        c->runner_count = i + 1;
        pthread_mutex_unlock(&c->trial->lock);
    }
    pthread_mutex_lock(&c->trial->lock);
    c->trial->crews_connected++;
    pthread_cond_broadcast(&c->trial->changed);
    pthread_mutex_unlock(&c->trial->lock);
    return true;
}

/* Wait until every flow is over, the trial is cancelled or fails, or it is `mono_ns`. */
static bool wait_for_runners(struct crew *c, int64_t mono_ns)
{
    struct trial *t = c->trial;
    const struct timespec until = { mono_ns / CLOCK_NS_PER_S, mono_ns % CLOCK_NS_PER_S };
    bool all = false;
    pthread_mutex_lock(&t->lock);
    for (int timed_out = 0;;) {
        all = true;
        for (uint32_t i = 0; i < c->runner_count; i++)
            all = all && c->runners[i].is_over;
        if (all || timed_out || t->has_failed || atomic_load(&t->cancelled))
            break;
        timed_out = pthread_cond_timedwait(&t->changed, &t->lock, &until) == ETIMEDOUT;
    }
    pthread_mutex_unlock(&t->lock);
    return all;
}

static void post_ready(struct crew *c, int64_t setup_ns)
{
    uint32_t starters = 0;
    for (uint32_t i = 0; i < c->part.flow_count; i++)
        starters += c->part.flows[i].starts;
    const struct message m = { .type = MESSAGE_READY,
                               .ready = { .trial = c->trial->number,
                                          .job = c->part.order.job,
                                          .part = c->part.order.part,
                                          .port = c->part.port,
                                          .starters = starters,
                                          .setup_ns = setup_ns } };
    pthread_mutex_lock(&c->trial->lock);
    post(c->trial, &m);
    pthread_mutex_unlock(&c->trial->lock);
}

/* The last part to end tells what machine and process have used since ARM. */
static bool fill_use(struct trial *t, struct message_done *done, struct err *e)
{
    struct cpu_process now = cpu_process();
    struct cpu_times *after = malloc(sizeof *after);
    struct cpu_used machine, process = cpu_process_difference(&t->process_before, &now);
    bool ok = after || err_set(e, ERR_INTERNAL, "out of memory");
    ok = ok && cpu_machine(after, e) && cpu_difference(&t->machine_before, after, &machine, e);
    free(after);
    if (ok)
        *done = (struct message_done){ .trial = t->number,
                                       .cpus = (uint32_t)machine.cpus,
                                       .wall_ns = machine.wall_ns,
                                       .machine_used_ns = machine.used_ns,
                                       .machine_user_ns = machine.user_ns,
                                       .machine_sys_ns = machine.system_ns,
                                       .machine_iowait_ns = machine.iowait_ns,
                                       .machine_steal_ns = machine.steal_ns,
                                       .process_used_ns = process.used_ns,
                                       .process_user_ns = process.user_ns,
                                       .process_sys_ns = process.system_ns };
    return ok;
}

static void post_done(struct trial *t)
{
    struct err e = { 0 };
    struct message m = { .type = MESSAGE_DONE };
    if (!fill_use(t, &m.done, &e)) {
        post_failure(t, &e);
        return;
    }
    pthread_mutex_lock(&t->lock);
    if (!t->has_failed && !atomic_load(&t->cancelled))
        post(t, &m);
    pthread_mutex_unlock(&t->lock);
}

/* From ARM to the end of every flow. */
static void see_through(struct crew *c)
{
    struct message_arm arm;
    const struct workload *w = c->part.workload;
    if (wait_for_arm(c->trial, &arm)) {
        int64_t end =
            clock_mono_at_raw_ns(arm.at_ns) + c->part.options.times.warmup_ns + c->part.options.times.length_ns;
        if (!wait_for_runners(c, end)) {
            w->stop(&c->part);
            if (!wait_for_runners(c, end + clock_ms(GRACE_MS)))
                w->abort(&c->part);
        }
    }
    for (uint32_t i = 0; i < c->runner_count; i++)
        pthread_join(c->runners[i].thread, NULL);
}

static void *run_crew(void *arg)
{
    struct crew *c = arg;
    const struct workload *w = c->part.workload;
    struct err e = { 0 };
    int64_t begun = clock_raw_ns();
    bool ok = w->prepare(&c->part, &e);
    if (ok && !w->connect)
        ok = spawn_runners(c, &e);
    if (ok)
        post_ready(c, clock_raw_ns() - begun);
    if (ok && w->connect)
        ok = w->connect(&c->part, &e) && spawn_runners(c, &e);
    if (!ok)
        post_failure(c->trial, &e);
    see_through(c);
    pthread_mutex_lock(&c->trial->lock);
    bool is_last = --c->trial->crews_at_work == 0 && c->trial->is_armed;
    pthread_mutex_unlock(&c->trial->lock);
    if (is_last)
        post_done(c->trial);
    w->release(&c->part);
    return NULL;
}

/* ---- the session's side ---- */

bool trial_new(uint32_t number, const struct workload *const *workloads, struct trial **trial, struct err *e)
{
    struct trial *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *t = (struct trial){ .number = number, .workloads = workloads, .out_last = &t->out_first };
    t->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->out_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&t->lock, NULL);
    if (t->cancel_fd < 0 || t->out_fd < 0) {
        err_errno(e, errno, "no event descriptor");
        trial_destroy(&t);
        return false;
    }
    *trial = t;
    return true;
}

void trial_cancel(struct trial *t)
{
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->cancelled, true);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    raise_fd(t->cancel_fd);
    t->is_running = false;
}

void trial_destroy(struct trial **trial)
{
    struct trial *t = *trial;
    *trial = NULL;
    if (!t)
        return;
    trial_cancel(t);
    for (size_t i = 0; i < t->crew_count; i++) {
        pthread_join(t->crews[i]->thread, NULL);
        free(t->crews[i]);
    }
    while (t->out_first) {
        struct letter *next = t->out_first->next;
        free(t->out_first);
        t->out_first = next;
    }
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    if (t->cancel_fd >= 0)
        close(t->cancel_fd);
    if (t->out_fd >= 0)
        close(t->out_fd);
    free(t);
}

uint32_t trial_number(const struct trial *t) { return t->number; }
int trial_fd(const struct trial *t) { return t->out_fd; }
bool trial_is_running(const struct trial *t) { return t->is_running; }

static const struct workload *find_workload(const struct trial *t, const struct message_prepare *order)
{
    for (size_t i = 0; t->workloads[i]; i++)
        if (strcmp(t->workloads[i]->name, order->workload) == 0 && t->workloads[i]->part == order->part)
            return t->workloads[i];
    return NULL;
}

static bool fill_part(struct part *part, const struct workload *workload, const struct message_prepare *order,
                      int cancel_fd, struct err *e)
{
    const struct workload_info *info = catalogue_find(workload->name);
    *part = (struct part){ .workload = workload, .order = *order, .cancel_fd = cancel_fd, .listen_fd = -1 };
    for (uint32_t i = 0; i < PART_FLOWS_MAX; i++) {
        part->flows[i].part = part;
        part->flows[i].number = i;
    }
    if (!info || info->options->size > sizeof part->options)
        return err_set(e, ERR_INTERNAL, "'%s' is not in the catalogue", workload->name);
    return schema_unpack(info->options, order->options, &part->options, e);
}

bool trial_prepare(struct trial *t, const struct message_prepare *order, struct err *e)
{
    const struct workload *workload = find_workload(t, order);
    if (!workload)
        return err_set(e, ERR_USAGE, "this program does not %s '%s'", order->part == PART_LOAD ? "run" : "serve",
                       order->workload);
    if (t->crew_count == TRIAL_PARTS_MAX)
        return err_set(e, ERR_USAGE, "more than %d parts in one trial", TRIAL_PARTS_MAX);
    if (order->token_size != MESSAGE_TOKEN || order->port > UINT16_MAX)
        return err_set(e, ERR_PARTIAL, "a damaged PREPARE");
    struct crew *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    c->trial = t;
    if (!fill_part(&c->part, workload, order, t->cancel_fd, e)) {
        free(c);
        return false;
    }
    pthread_mutex_lock(&t->lock);
    t->crews_at_work++;
    pthread_mutex_unlock(&t->lock);
    int failure = pthread_create(&c->thread, NULL, run_crew, c);
    if (failure) {
        pthread_mutex_lock(&t->lock);
        t->crews_at_work--;
        pthread_mutex_unlock(&t->lock);
        free(c);
        return err_errno(e, failure, "no thread for a part");
    }
    t->crews[t->crew_count++] = c;
    return true;
}

bool trial_arm(struct trial *t, const struct message_arm *order, struct err *e)
{
    int64_t until_ns = clock_mono_ns() + clock_ms(CONNECTED_MS);
    const struct timespec until = { until_ns / CLOCK_NS_PER_S, until_ns % CLOCK_NS_PER_S };
    int64_t most = clock_ms(ARM_AHEAD_MOST_MS), now = clock_raw_ns();
    if (order->at_ns > now + most || order->at_ns < now - most)
        return err_set(e, ERR_PARTIAL, "ARM for a moment that is more than %d s away: the clocks are not understood",
                       ARM_AHEAD_MOST_MS / 1000);
    if (!cpu_machine(&t->machine_before, e))
        return false;
    t->process_before = cpu_process();
    pthread_mutex_lock(&t->lock);
    for (int timed_out = 0; t->crews_connected < t->crew_count && !timed_out && !t->has_failed;)
        timed_out = pthread_cond_timedwait(&t->changed, &t->lock, &until) == ETIMEDOUT;
    bool ok = !t->has_failed && t->crew_count > 0 && t->crews_connected == t->crew_count;
    if (ok) {
        for (size_t i = 0, slot = 0; i < t->crew_count; i++) {
            t->crews[i]->first_slot = (uint32_t)slot;
            for (uint32_t f = 0; f < t->crews[i]->part.flow_count; f++)
                slot += t->crews[i]->part.flows[f].starts;
        }
        t->arm = *order;
        t->is_armed = true;
        pthread_cond_broadcast(&t->changed);
    }
    pthread_mutex_unlock(&t->lock);
    t->is_running = ok;
    return ok || err_set(e, ERR_PARTIAL, "ARM before every part was ready");
}

/* The flow's runner that is number `n` of the trial; NULL past the last. */
static struct runner *nth_runner(struct trial *t, size_t n, struct crew **crew)
{
    struct runner *found = NULL;
    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->crew_count && !found; i++) {
        *crew = t->crews[i];
        if (n < t->crews[i]->runner_count)
            found = &t->crews[i]->runners[n];
        else
            n -= t->crews[i]->runner_count;
    }
    pthread_mutex_unlock(&t->lock);
    return found;
}

void trial_tick(struct trial *t)
{
    struct crew *crew;
    struct runner *r;
    for (size_t n = 0; (r = nth_runner(t, n, &crew)); n++)
        if (r->point_count < MESSAGE_POINTS)
            r->points[r->point_count++] = meter_read(&r->flow->meter);
}

bool trial_sample(struct trial *t, size_t least, struct message *m)
{
    struct crew *crew;
    struct runner *r;
    for (size_t n = 0; (r = nth_runner(t, n, &crew)); n++) {
        if (r->point_count < least)
            continue;
        m->type = MESSAGE_SAMPLE;
        m->sample.trial = t->number;
        m->sample.job = crew->part.order.job;
        m->sample.flow = r->flow->number;
        m->sample.points_size = r->point_count * METER_POINT_BYTES;
        meter_pack(r->points, r->point_count, m->sample.points);
        r->point_count = 0;
        return true;
    }
    return false;
}
