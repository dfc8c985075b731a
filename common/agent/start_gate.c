#include "start_gate.h"

#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/clock.h"

enum { STEP_MS = 50, NAPS = 4, NAP_NS = 500 * 1000, NAPS_NEED_NS = 20 * 1000 * 1000 };

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

/* One CPU, where that is allowed. */
static void pin(int slot, struct start_gate_before *before)
{
    int cpu = sched_getaffinity(0, sizeof before->cpus, &before->cpus) == 0 ? pick_cpu(&before->cpus, slot) : -1;
    if (cpu >= 0) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)cpu, &one);
        before->is_pinned = sched_setaffinity(0, sizeof one, &one) == 0;
    }
}

static void take_fifo(struct start_gate_before *before)
{
    before->policy = sched_getscheduler(0);
    sched_getparam(0, &before->param);
    const struct sched_param fifo = { .sched_priority = START_GATE_FIFO_PRIORITY };
    before->is_fifo = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo) == 0;
}

static void leave_fifo(struct start_gate_before *before)
{
    /* Who has FIFO by a limit (RLIMIT_RTPRIO) alone may not clear the reset on fork, and would stay in FIFO. */
    if (before->is_fifo && sched_setscheduler(0, before->policy, &before->param) != 0)
        sched_setscheduler(0, before->policy | SCHED_RESET_ON_FORK, &before->param);
    before->is_fifo = false;
}

static void leave_cpu(struct start_gate_before *before)
{
    if (before->is_pinned)
        sched_setaffinity(0, sizeof before->cpus, &before->cpus);
    before->is_pinned = false;
}

/* Sleep for `ns`. What that took beyond it, three times, is how long before T this machine has to be awake: a longer
 * lead than there is becomes it, unless there is none. */
static void sleep_for(int64_t ns, int64_t *lead_ns)
{
    const int64_t until = clock_mono_ns() + ns;
    clock_sleep_until_mono(until);
    int64_t seen = START_GATE_MARGIN * (clock_mono_ns() - until);
    if (seen > START_GATE_SPIN_MOST_NS)
        seen = START_GATE_SPIN_MOST_NS;
    if (*lead_ns > 0 && seen > *lead_ns)
        *lead_ns = seen;
}

/* Sleep until RAW reads `at_ns` - *lead_ns. In steps, for two reasons: a wait that is cancelled ends
 * soon, and MONOTONIC, which is slept on, may be slewed by 500 ppm against RAW, so what is left is
 * read anew each time. */
static void sleep_until_raw(int64_t at_ns, int64_t *lead_ns, const _Atomic bool *cancelled)
{
    int64_t now, step = clock_ms(STEP_MS);
    while ((now = clock_raw_ns()) < at_ns && at_ns - now > *lead_ns && !atomic_load(cancelled)) {
        int64_t left = at_ns - now - *lead_ns;
        sleep_for(left < step ? left : step, lead_ns);
    }
}

/* A few naps for practice, where there is the time: how late this machine wakes up is seen before it matters. */
static void rehearse(int64_t at_ns, int64_t *lead_ns, const _Atomic bool *cancelled)
{
    for (int i = 0; i < NAPS; i++) {
        const int64_t now = clock_raw_ns();
        if (now >= at_ns || at_ns - now < NAPS_NEED_NS || atomic_load(cancelled))
            return;
        sleep_for(NAP_NS, lead_ns);
    }
}

/* What RAW read then. */
static int64_t spin_until_raw(int64_t at_ns, const _Atomic bool *cancelled)
{
    int64_t now = clock_raw_ns();
    while (now < at_ns && !atomic_load_explicit(cancelled, memory_order_relaxed))
        now = clock_raw_ns();
    return now;
}

bool start_gate_approach(struct start_gate *gate)
{
    int64_t lead_ns = gate->may_spin ? START_GATE_SPIN_NS : 0;
    gate->before = (struct start_gate_before){ .is_crowded = !gate->may_spin && gate->is_brief };
    pin(gate->slot, &gate->before);
    if (gate->may_spin) {
        take_fifo(&gate->before);
        gate->how = gate->before.is_fifo ? "fifo" : "spin";
        rehearse(gate->at_ns, &lead_ns, gate->cancelled);
        sleep_until_raw(gate->at_ns, &lead_ns, gate->cancelled);
        if (gate->before.is_fifo)
            leave_cpu(&gate->before);
    } else {
        gate->how = "sleep";
        int64_t warm_ns = START_GATE_WARM_NS;
        sleep_until_raw(gate->at_ns, &warm_ns, gate->cancelled);
        sleep_until_raw(gate->at_ns, &lead_ns, gate->cancelled);
    }
    return !atomic_load(gate->cancelled);
}

int64_t start_gate_pass(struct start_gate *gate)
{
    if (!gate->is_brief) {
        (void)spin_until_raw(gate->at_ns < 0 ? gate->at_ns : gate->at_ns - START_GATE_LEAVE_NS, gate->cancelled);
        leave_fifo(&gate->before);
        leave_cpu(&gate->before); /* else all of the work would be bound to it, and what it starts */
    }
    return gate->released_ns = spin_until_raw(gate->at_ns, gate->cancelled);
}

void start_gate_leave(struct start_gate *gate)
{
    leave_fifo(&gate->before);
    leave_cpu(&gate->before);
    if (gate->before.is_crowded)
        sched_yield();
    gate->before.is_crowded = false;
}
