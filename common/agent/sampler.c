#include "sampler.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
    /* Before T: nobody spins yet, even where naps are late (start_gate.h). Whatever is read after it is not read at T
     * itself, when first operations may wait for the CPU. */
    LOOK_NS = 2 * SAMPLER_EVERY_NS + SAMPLER_EVERY_NS / 2,
    AROUND_MS = 5, /* the start is seen until then at least, and at most until ... */
    AROUND_MOST_MS = 100,
};

/* What the other side has acknowledged of it; once the flow is being given back, what it had before. The lock is held
 * over the call, too: the socket is closed by the crew's thread. */
static uint64_t acknowledged_of(const struct crew *crew, struct runner *r)
{
    uint64_t now = 0;
    if (crew->way == WAY_DONE && flow_acknowledged(r->flow->flow, &now))
        r->acknowledged = now;
    return r->acknowledged;
}

static struct meter_point point_of(const struct crew *crew, struct runner *r)
{
    struct meter_point point = meter_read(&r->flow->meter);
    if (r->flow->counts_acknowledged) {
        uint64_t acknowledged = acknowledged_of(crew, r);
        point.bytes = acknowledged < point.bytes ? acknowledged : point.bytes; /* the kernel counts a FIN, too */
    }
    return point;
}

void sampler_read(struct trial *t)
{
    for (size_t i = 0; i < t->crew_count; i++)
        for (uint32_t n = 0; n < t->crews[i]->runner_count; n++) {
            struct runner *r = &t->crews[i]->runners[n];
            if (r->point_count < SAMPLER_POINTS)
                r->points[r->point_count++] = point_of(t->crews[i], r);
        }
}

/* Whether each flow that starts has done its first operation. */
static bool has_begun(const struct trial *t)
{
    bool all = true;
    for (size_t i = 0; i < t->crew_count; i++)
        for (uint32_t n = 0; n < t->crews[i]->runner_count; n++) {
            const struct part_flow *f = t->crews[i]->runners[n].flow;
            const struct meter_point now = meter_read(&f->meter);
            all = all && (!part_flow_is_gated(f) || now.bytes > 0 || now.operations > 0);
        }
    return all;
}

/* What was stolen around T, once its first operations are done or have taken long. */
static void tell_around(struct trial *t)
{
    const int64_t now_mono = clock_mono_ns(), at_mono = clock_mono_at_raw_ns(t->arm.at_ns);
    if (now_mono < at_mono + clock_ms(AROUND_MS) || (now_mono < at_mono + clock_ms(AROUND_MOST_MS) && !has_begun(t)))
        return;
    struct cpu_times *after = malloc(sizeof *after);
    struct cpu_used used;
    if (after && cpu_machine(after, NULL) && cpu_difference(&t->around_before, after, &used, NULL)) {
        const struct message m = { .type = MESSAGE_AROUND,
                                   .around = { .trial = t->number,
                                               .cpus = (uint32_t)used.cpus,
                                               .from_ns = t->around_before.mono_ns - at_mono,
                                               .to_ns = after->mono_ns - at_mono,
                                               .steal_ns = used.steal_ns } };
        (void)mailbox_put(t->out, &m); /* lost, it is not known */
    }
    t->knows_around = false;
    free(after);
}

/* Of each flow that has at least `least` points. */
static void tell(struct trial *t, size_t least)
{
    for (size_t i = 0; i < t->crew_count; i++)
        for (uint32_t n = 0; n < t->crews[i]->runner_count; n++) {
            struct runner *r = &t->crews[i]->runners[n];
            struct message *m = t->sample;
            if (r->point_count < least)
                continue;
            m->type = MESSAGE_SAMPLE;
            m->sample.trial = t->number;
            m->sample.job = t->crews[i]->part.order.job;
            m->sample.flow = r->flow->number;
            m->sample.points_size = r->point_count * METER_POINT_BYTES;
            meter_pack(r->points, r->point_count, m->sample.points);
            r->point_count = 0;
            (void)mailbox_put(t->out, m); /* lost, it costs nothing: counters are cumulative */
        }
}

/* What is due now: before T, what has been stolen from the machine so far; then the meters. */
static void look(struct trial *t)
{
    if (clock_raw_ns() < t->arm.at_ns) {
        t->knows_around = t->knows_around || cpu_machine(&t->around_before, NULL);
        return;
    }
    sampler_read(t);
    if (t->knows_around)
        tell_around(t);
    tell(t, SAMPLER_POINTS);
}

static bool goes_on(const struct trial *t) { return !t->is_sampled && !t->has_failed && !atomic_load(&t->cancelled); }

static void *sample(void *arg)
{
    struct trial *t = arg;
    pthread_mutex_lock(&t->lock);
    while (goes_on(t)) {
        const int64_t due = t->sample_mono;
        const struct timespec until = { due / CLOCK_NS_PER_S, due % CLOCK_NS_PER_S };
        if (pthread_cond_timedwait(&t->changed, &t->lock, &until) != ETIMEDOUT || !goes_on(t))
            continue;
        look(t);
        const int64_t now = clock_mono_ns();
        t->sample_mono += SAMPLER_EVERY_NS;
        if (t->sample_mono < now) /* it was kept from running: no catching up in a burst */
            t->sample_mono = now + SAMPLER_EVERY_NS;
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

bool sampler_begin(struct trial *t, int64_t at_raw_ns, struct err *e)
{
    t->sample = calloc(1, sizeof *t->sample);
    if (!t->sample)
        return err_set(e, ERR_INTERNAL, "out of memory");
    t->sample_mono = clock_mono_at_raw_ns(at_raw_ns) - LOOK_NS;
    int failure = pthread_create(&t->sampler, NULL, sample, t);
    t->has_sampler = failure == 0;
    return t->has_sampler || err_errno(e, failure, "no thread for samples");
}

void sampler_finish(struct trial *t)
{
    if (t->sample) {
        look(t);
        tell(t, 1);
    }
    t->is_sampled = true;
    pthread_cond_broadcast(&t->changed);
}

void sampler_join(struct trial *t)
{
    if (t->has_sampler)
        pthread_join(t->sampler, NULL);
    t->has_sampler = false;
    free(t->sample);
    t->sample = NULL;
}
