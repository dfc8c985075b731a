#include "cpu_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

void *cpu_run_make(const struct kernel *kernel)
{
    size_t size = (kernel->bytes + KERNEL_ALIGNMENT - 1) / KERNEL_ALIGNMENT * KERNEL_ALIGNMENT;
    void *state = aligned_alloc(KERNEL_ALIGNMENT, size);
    if (!state)
        return NULL;
    memset(state, 0, size);
    kernel->make(state);
    kernel->load(state);
    return state;
}

bool cpu_run_do(const struct kernel *kernel, void *state, int64_t lasting_ns, struct meter *meter,
                const _Atomic bool *stop, struct cpu_run *run, struct err *e)
{
    struct cpu_run r = { 0 };
    do { /* the input is there: the first operation is to be at once */
        int64_t cpu_ns = clock_thread_cpu_ns(), begun = clock_raw_ns();
        uint64_t amount = kernel->work(state);
        r.last_ns = clock_raw_ns();
        r.cpu_ns += clock_thread_cpu_ns() - cpu_ns;
        r.elapsed_ns += r.last_ns - begun;
        r.first_ns = r.amount == 0 ? begun : r.first_ns;
        r.amount += (int64_t)amount;
        if (!kernel->check(state, e))
            return false;
        kernel->load(state);
        meter_add(meter, amount);
    } while (r.elapsed_ns < lasting_ns && !atomic_load_explicit(stop, memory_order_relaxed));
    r.is_whole = r.elapsed_ns >= lasting_ns;
    *run = r;
    return true;
}

bool cpu_course_goes_on(const struct cpu_course *course, const struct series *rates)
{
    return rates->count < course->least || (rates->count < course->most && !series_is_within(rates, course->within));
}
