/* micro.c - the workload `micro`: single operations, each timed again and again for its time. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "catalogue/micro_options.h"
#include "stats/hist.h"
#include "workloads/micro/micro_probe.h"
#include "workloads/workloads.h"

struct micro_work {
    _Atomic bool stopped;
    int test; /* the one that is made ready */
    bool is_made;
    void *state;
    struct hist times; /* of its samples */
};

static const struct micro_options *options_of(const struct part *part) { return &part->options.micro; }

static void unmake(struct micro_work *w)
{
    if (w->is_made)
        MICRO_PROBES[w->test]->release(w->state);
    w->is_made = false;
}

static bool make(const struct part *part, int test, struct err *e)
{
    struct micro_work *w = part->own;
    unmake(w);
    w->test = test;
    w->is_made = true;
    w->state = NULL;
    memset(&w->times, 0, sizeof w->times);
    return MICRO_PROBES[test]->make(options_of(part)->directory, &w->state, e) ||
           err_wrap(e, "%s", MICRO_TEST_TABLE[test].name);
}

static void release(struct part *part)
{
    struct micro_work *w = part->own;
    if (w)
        unmake(w);
    free(w);
    part->own = NULL;
}

static int next_test(const struct part *part, int test)
{
    while (test < MICRO_TEST_COUNT && !micro_runs_test(options_of(part), test))
        test++;
    return test;
}

static bool prepare(struct part *part, struct err *e)
{
    part->own = calloc(1, sizeof(struct micro_work));
    if (!part->own)
        return err_set(e, ERR_INTERNAL, "out of memory");
    part->flow_count = 1;
    part->flows[0].starts = true;
    return make(part, next_test(part, 0), e);
}

/* Samples of the test that is made ready, until they took their time. */
static bool take_samples(struct part_flow *f, struct part_lap *lap, struct err *e)
{
    struct micro_work *w = f->part->own;
    const struct micro_probe *probe = MICRO_PROBES[w->test];
    const int batch = MICRO_TEST_TABLE[w->test].batch;
    int64_t cpu_ns = clock_thread_cpu_ns(), ns = 0;
    lap->first_ns = clock_raw_ns();
    do {
        if (!probe->sample(w->state, batch, &ns, e))
            return false;
        hist_add(&w->times, ns / batch);
        lap->counters[MICRO_COUNTER_ELAPSED] += ns;
        meter_add(&f->meter, (uint64_t)batch);
        lap->last_ns = clock_raw_ns();
    } while (lap->last_ns - lap->first_ns < options_of(f->part)->times.length_ns && !atomic_load(&w->stopped));
    lap->counters[MICRO_COUNTER_SAMPLES] = (int64_t)w->times.total;
    lap->counters[MICRO_COUNTER_CPU] = clock_thread_cpu_ns() - cpu_ns;
    return true;
}

static bool run_test(struct part_flow *f, struct err *e)
{
    struct micro_work *w = f->part->own;
    const struct micro_probe *probe = MICRO_PROBES[w->test];
    struct part_lap lap = { .test = (uint32_t)w->test, .times = &w->times };
    if (probe->enter)
        probe->enter(w->state);
    bool ok = take_samples(f, &lap, e);
    if (probe->leave)
        probe->leave(w->state);
    if (f->times.first_op_ns == 0)
        f->times.first_op_ns = lap.first_ns;
    f->times.last_op_ns = lap.last_ns;
    if (ok && atomic_load(&w->stopped))
        return err_set(e, ERR_PARTIAL, "%s: stopped", MICRO_TEST_TABLE[w->test].name);
    if (ok)
        part_tell_lap(f, &lap);
    return ok;
}

static bool run(struct part_flow *f, struct err *e)
{
    struct micro_work *w = f->part->own;
    while (run_test(f, e)) {
        int next = next_test(f->part, w->test + 1);
        if (next == MICRO_TEST_COUNT)
            return true;
        if (!make(f->part, next, e))
            return false;
    }
    return false;
}

static void stop(struct part *part)
{
    struct micro_work *w = part->own;
    atomic_store(&w->stopped, true);
}

const struct workload WORKLOAD_MICRO = {
    .name = "micro", .part = PART_LOAD, .prepare = prepare, .run = run, .stop = stop, .abort = stop, .release = release
};
