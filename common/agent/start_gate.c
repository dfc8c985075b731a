#include "start_gate.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/clock.h"

void start_gate_prepare(void)
{
    char stack[16 * 1024];
    memset(stack, 1, sizeof stack);
    __asm__ volatile("" : : "r"(stack) : "memory"); /* the compiler shall not drop it */
    /* Without the right to lock, a page that was just touched is still there 100 ms later. */
    (void)mlock(stack, sizeof stack);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

/* The slot-th CPU of those in `allowed`, counted round. */
static int pick_cpu(const cpu_set_t *allowed, int slot)
{
    int count = CPU_COUNT(allowed);
    if (count == 0)
        return -1;
    int left = slot % count;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, allowed) && left-- == 0)
            return (int)cpu;
    return -1;
}

/* Pin to one CPU; `before` is what to give back. */
static bool pin(int slot, cpu_set_t *before)
{
    if (sched_getaffinity(0, sizeof *before, before) != 0)
        return false;
    int cpu = pick_cpu(before, slot);
    if (cpu < 0)
        return false;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
}

bool start_gate_wait(const struct start_gate *gate, const _Atomic bool *cancelled, struct start_gate_result *result)
{
    int64_t at_mono = clock_mono_at_raw_ns(gate->at_ns);
    if (!gate->may_spin) {
        clock_sleep_until_mono(at_mono);
        *result = (struct start_gate_result){ clock_raw_ns(), "sleep" };
        return !atomic_load(cancelled);
    }
    cpu_set_t before;
    bool pinned = pin(gate->slot, &before);
    const struct sched_param fifo = { .sched_priority = START_GATE_FIFO_PRIORITY }, other = { 0 };
    bool is_fifo = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo) == 0;
    clock_sleep_until_mono(at_mono - START_GATE_SPIN_NS);
    /* The sleep lies up to hours after the conversion above was made only if T does; over the 50 ms
     * to a second of an ARM the two clocks part by less than a microsecond. */
    int64_t now = clock_raw_ns();
    if (gate->at_ns - now <= 2 * (int64_t)START_GATE_SPIN_NS) /* never spin for long on a wrong T */
        while (now < gate->at_ns && !atomic_load_explicit(cancelled, memory_order_relaxed))
            now = clock_raw_ns();
    *result = (struct start_gate_result){ now, is_fifo ? "fifo" : "spin" };
    if (is_fifo)
        sched_setscheduler(0, SCHED_OTHER, &other);
    if (pinned)
        sched_setaffinity(0, sizeof before, &before);
    return !atomic_load(cancelled);
}
