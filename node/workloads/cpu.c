/* cpu.c - the workload `cpu`: the tests of Nbench, one after the other, each run as often as its mean needs.
 *
 * With several threads each does the work of each run; all begin a run together, and what the runs of all make in
 * a second decides on the next.
 */
#include <stdlib.h>

#include "base/lockstep.h"
#include "base/text.h"
#include "catalogue/cpu_options.h"
#include "workloads/cpu/cpu_run.h"
#include "workloads/cpu/kernel_build.h"
#include "workloads/workloads.h"

struct cpu_work {
    struct lockstep lockstep;
    struct cpu_course course;
    struct series rates;           /* of the test at hand: of all threads together, by run */
    double rate[CPU_THREADS_MOST]; /* of the run at hand */
    uint32_t threads;
    bool goes_on;
    void *states[CPU_THREADS_MOST][CPU_TEST_COUNT];
};

static const struct cpu_options *options_of(const struct part *part) { return &part->options.cpu; }

static void release(struct part *part)
{
    struct cpu_work *w = part->own;
    if (!w)
        return;
    for (size_t thread = 0; thread < CPU_THREADS_MOST; thread++)
        for (size_t test = 0; test < CPU_TEST_COUNT; test++)
            free(w->states[thread][test]);
    lockstep_destroy(&w->lockstep);
    free(w);
    part->own = NULL;
}

static bool prepare(struct part *part, struct err *e)
{
    const struct cpu_options *o = options_of(part);
    struct cpu_work *w = calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_INTERNAL, "out of memory");
    part->own = w;
    lockstep_init(&w->lockstep, (uint32_t)o->threads);
    w->threads = part->flow_count = (uint32_t)o->threads;
    w->course = (struct cpu_course){ (size_t)o->runs_least, (size_t)o->runs_most, (double)o->within_percent / 100 };
    for (uint32_t thread = 0; thread < w->threads; thread++) {
        part->flows[thread].starts = true;
        kernel_build(part->flows[thread].route, sizeof part->flows[thread].route);
        for (int test = 0; test < CPU_TEST_COUNT; test++)
            if (cpu_runs_test(o, test) && !(w->states[thread][test] = cpu_run_make(KERNELS[test])))
                return err_set(e, ERR_INTERNAL, "no memory for the work of %u threads", w->threads);
    }
    return true;
}

/* By the last thread of a run, while the others wait. */
static void decide(void *context)
{
    struct cpu_work *w = context;
    double sum = 0;
    for (uint32_t i = 0; i < w->threads; i++)
        sum += w->rate[i];
    series_add(&w->rates, sum);
    w->goes_on = cpu_course_goes_on(&w->course, &w->rates);
    if (!w->goes_on)
        w->rates = (struct series){ 0 };
}

static void tell(struct part_flow *f, int test, uint32_t number, const struct cpu_run *run)
{
    struct part_lap lap = {
        .test = (uint32_t)test, .number = number, .first_ns = run->first_ns, .last_ns = run->last_ns
    };
    lap.counters[CPU_COUNTER_AMOUNT] = run->amount;
    lap.counters[CPU_COUNTER_ELAPSED] = run->elapsed_ns;
    lap.counters[CPU_COUNTER_CPU] = run->cpu_ns;
    part_tell_lap(f, &lap);
}

/* All runs of one test. False when it did not come to its end. */
static bool run_test(struct part_flow *f, int test, struct err *e)
{
    struct cpu_work *w = f->part->own;
    struct cpu_run run;
    for (uint32_t number = 0;; number++) {
        if (!cpu_run_do(KERNELS[test], w->states[f->number][test], options_of(f->part)->times.length_ns, &f->meter,
                        &w->lockstep.is_broken, &run, e))
            return err_wrap(e, "%s", CPU_TEST_TABLE[test].name);
        if (f->times.first_op_ns == 0)
            f->times.first_op_ns = run.first_ns;
        f->times.last_op_ns = run.last_ns;
        if (!run.is_whole)
            return err_set(e, ERR_PARTIAL, "%s: stopped in run %u", CPU_TEST_TABLE[test].name, number + 1);
        tell(f, test, number, &run);
        w->rate[f->number] = (double)run.amount * 1e9 / (double)run.elapsed_ns;
        if (!lockstep_wait(&w->lockstep, decide, w))
            return err_set(e, ERR_PARTIAL, "%s: stopped after run %u", CPU_TEST_TABLE[test].name, number + 1);
        if (!w->goes_on)
            return true;
    }
}

static bool run(struct part_flow *f, struct err *e)
{
    struct cpu_work *w = f->part->own;
    bool ok = true;
    for (int test = 0; ok && test < CPU_TEST_COUNT; test++)
        ok = !cpu_runs_test(options_of(f->part), test) || run_test(f, test, e);
    if (!ok)
        lockstep_break(&w->lockstep);
    return ok;
}

static void stop(struct part *part)
{
    struct cpu_work *w = part->own;
    lockstep_break(&w->lockstep);
}

const struct workload WORKLOAD_CPU = {
    .name = "cpu", .part = PART_LOAD, .prepare = prepare, .run = run, .stop = stop, .abort = stop, .release = release
};
