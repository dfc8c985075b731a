/* start_gate.h - let one thread go at one instant of CLOCK_MONOTONIC_RAW.
 *
 * Sleep to T - 300 us on CLOCK_MONOTONIC, pinned and under SCHED_FIFO where that is allowed, then spin on
 * RAW. FIFO and pin are given back before the first operation (a long one under FIFO would keep the other
 * nodes of the machine from theirs), and before T: each is a system call of 5 us here and of more in a
 * guest, which between T and the first operation would be a skew of host and guest in each start. Who
 * spins under FIFO is not moved and needs the pin no more once it has woken up; FIFO it leaves at
 * T - 40 us. Two at a time, with other work on both CPUs, median and 90th percentile of 800 starts: first
 * operations 2.0 to 2.8 us apart (186 to 500) and 24 us after T with both given back at T, 0.3 to 0.4 us
 * apart (1 to 590) and 0.6 us after T so.
 */
#ifndef TARE_START_GATE_H
#define TARE_START_GATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { START_GATE_SPIN_NS = 300 * 1000, START_GATE_LEAVE_NS = 40 * 1000, START_GATE_FIFO_PRIORITY = 50 };

struct start_gate {
    int64_t at_ns; /* RAW, of this machine */
    bool may_spin; /* each spinner of the machine has a CPU of its own */
    int slot;      /* which of the CPUs that this process may use; others spin on others */
};

struct start_gate_result {
    int64_t released_ns; /* RAW, when the gate opened for this thread */
    const char *how;     /* "fifo", "spin" (no right to FIFO), "sleep" (no CPU to spin on) */
};

/* Wait for the instant. False when `cancelled` became true before it. An instant that has passed
 * lets the thread go at once. */
bool start_gate_wait(const struct start_gate *gate, const _Atomic bool *cancelled, struct start_gate_result *result);

/* Touch and lock the pages that the wait uses (this thread's stack), best effort. Call it from the
 * thread that will wait, beforehand. */
void start_gate_prepare(void);

#endif
