#include "trial.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/crew.h"
#include "agent/sampler.h"
#include "base/clock.h"
#include "base/text.h"
#include "catalogue/guest.h"
#include "observe/timekeeping.h"

enum {
    CONNECTED_MS = 500,
    ARM_AHEAD_MOST_MS = 60 * 1000, /* T is ten control round trips ahead; with a wild one sums would overflow */
};

/* ---- what the threads have to say ---- */

void trial_post_failure(struct trial *t, const struct err *e)
{
    pthread_mutex_lock(&t->lock);
    if (!t->has_failed && !atomic_load(&t->cancelled)) {
        struct message m = { .type = MESSAGE_FAILED, .failed = { .trial = t->number } };
        text_copy(m.failed.reason, sizeof m.failed.reason, e->text);
        (void)mailbox_put(t->out, &m); /* else the coordinator's deadline tells */
    }
    t->has_failed = true;
    pthread_mutex_unlock(&t->lock);
}

void trial_post_timekeeping(struct trial *t, bool is_after)
{
    struct timekeeping now = { 0 };
    struct err e = { 0 };
    bool is_known = timekeeping_read("", &now, &e);
    struct message m = { .type = MESSAGE_TIMEKEEPING,
                         .timekeeping = { .trial = t->number,
                                          .is_after = is_after,
                                          .raw_ns = is_known ? now.raw_ns : clock_raw_ns(),
                                          .frequency = now.frequency,
                                          .tick_us = now.tick_us,
                                          .ticks_s = now.ticks_s,
                                          .status = now.status,
                                          .is_synchronized = now.is_synchronized,
                                          .offset_ns = now.offset_ns,
                                          .slew_ns = now.slew_ns,
                                          .error_ns = now.error_ns } };
    text_copy(m.timekeeping.clocksource, sizeof m.timekeeping.clocksource, now.clocksource);
    text_copy(m.timekeeping.unknown, sizeof m.timekeeping.unknown, is_known ? "" : e.text);
    (void)mailbox_put(t->out, &m); /* lost, it is not known */
}

bool trial_next(struct trial *t, struct message *m)
{
    if (!mailbox_take(t->out, m))
        return false;
    if (m->type == MESSAGE_DONE || m->type == MESSAGE_FAILED)
        t->is_running = false;
    return true;
}

/* ---- the session's side ---- */

bool trial_new(uint32_t number, const struct workload *const *workloads, const struct agent_service *service,
               struct trial **trial, struct err *e)
{
    struct trial *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *t = (struct trial){ .number = number, .workloads = workloads, .service = service, .cancel_fd = -1 };
    t->confinement.group.lock_fd = -1;
    t->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&t->lock, NULL);
    if ((t->cancel_fd < 0 && !err_errno(e, errno, "no event descriptor")) || !mailbox_new(&t->out, e)) {
        trial_destroy(&t);
        return false;
    }
    t->knows_devs = netdevs_read(&t->devs_before, NULL);
    *trial = t;
    return true;
}

void trial_cancel(struct trial *t)
{
    uint64_t one = 1;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->cancelled, true);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
    if (write(t->cancel_fd, &one, sizeof one) < 0)
        one = 0; /* it is raised already */
    t->is_running = false;
}

void trial_destroy(struct trial **trial)
{
    struct trial *t = *trial;
    *trial = NULL;
    if (!t)
        return;
    trial_cancel(t);
    sampler_join(t);
    for (size_t i = 0; i < t->crew_count; i++) {
        pthread_join(t->crews[i]->thread, NULL);
        free(t->crews[i]);
    }
    confinement_end(&t->confinement);
    mailbox_destroy(&t->out);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    if (t->cancel_fd >= 0)
        close(t->cancel_fd);
    free(t);
}

uint32_t trial_number(const struct trial *t) { return t->number; }
int trial_fd(const struct trial *t) { return mailbox_fd(t->out); }
bool trial_is_running(const struct trial *t) { return t->is_running; }

static const struct workload *find_workload(const struct trial *t, const struct message_prepare *order)
{
    const struct workload *const *all = t->workloads;
    for (size_t i = 0; all[i]; i++)
        if (strcmp(all[i]->name, order->workload) == 0 && all[i]->part == order->part)
            return all[i];
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
    if (workload->right && !agent_service_allows(t->service, workload->right))
        return err_set(e, ERR_USAGE, "this agent may not run '%s': start it with --allow %s", order->workload,
                       workload->right);
    if (t->crew_count == TRIAL_PARTS_MAX)
        return err_set(e, ERR_USAGE, "more than %d parts in one trial", TRIAL_PARTS_MAX);
    if (order->token_size != MESSAGE_TOKEN || order->port > UINT16_MAX)
        return err_set(e, ERR_PARTIAL, "a damaged PREPARE");
    if (order->confine != CONFINE_NONE && !t->is_confined && !confinement_begin(order, &t->confinement, e))
        return false;
    t->is_confined |= order->confine != CONFINE_NONE;
    struct crew *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    c->trial = t;
    if (!fill_part(&c->part, workload, order, t->cancel_fd, e)) {
        free(c);
        return false;
    }
    c->part.service = t->service ? t->service->state : NULL;
    pthread_mutex_lock(&t->lock);
    t->crews_at_work++;
    t->crews_open++;
    pthread_mutex_unlock(&t->lock);
    int failure = pthread_create(&c->thread, NULL, crew_run, c);
    if (failure) {
        pthread_mutex_lock(&t->lock);
        t->crews_at_work--;
        t->crews_open--;
        pthread_mutex_unlock(&t->lock);
        free(c);
        return err_errno(e, failure, "no thread for a part");
    }
    pthread_mutex_lock(&t->lock);
    t->crews[t->crew_count++] = c;
    pthread_mutex_unlock(&t->lock);
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
    bool is_ready = !t->has_failed && t->crew_count > 0 && t->crews_connected == t->crew_count;
    bool ok = is_ready ? t->has_sampler || sampler_begin(t, order->at_ns, e)
                       : err_set(e, ERR_PARTIAL, "ARM before every part was ready");
    if (ok) {
        for (size_t i = 0, slot = 0; i < t->crew_count; i++) {
            t->crews[i]->first_slot = (uint32_t)slot;
            for (uint32_t f = 0; f < t->crews[i]->part.flow_count; f++)
                slot += part_flow_is_gated(&t->crews[i]->part.flows[f]);
        }
        t->arm = *order;
        t->is_armed = true;
        pthread_cond_broadcast(&t->changed);
    }
    pthread_mutex_unlock(&t->lock);
    t->is_running = ok;
    if (ok)
        trial_post_timekeeping(t, false);
    return ok;
}
