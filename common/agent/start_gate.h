/* start_gate.h - let one thread do its first operation at one instant of CLOCK_MONOTONIC_RAW.
 *
 *     approach   sleep on CLOCK_MONOTONIC to T - 300 us, pinned and under SCHED_FIFO where that is allowed
 *     pass       spin on RAW until it reads T; called right in front of the first operation, so that nothing
 *                but the return stands between the reading that ended the spin and the operation
 *     leave      give FIFO and pin back; called right behind the first operation
 *
 * FIFO may not last: a long first operation under it keeps others of the machine from theirs (3 ms of it made
 * four agents on two CPUs late by 3 ms). But given back in front of the operation it lets in whoever waits for
 * the CPU, and costs a system call that takes longer in a guest than on its host. So one that is brief, a single
 * system call of some microseconds, is done under FIFO; before another FIFO is given back at T - 40 us. Two
 * gates of one clock on two of 2 CPUs, 150 instants, us apart, median (90th percentile), twice each, beside a lab
 * whose ports TCP fills (`./bootstrap bench gate` prints this table):
 *
 *                            FIFO left at T - 40 us            left behind the operation
 *     idle                   0.01 (0.01)     0.01 (0.01)       0.01 (0.01)     0.01 (0.01)
 *     one port filled        0.01 (22.14)    0.01 (24.43)      0.01 (14.45)    0.01 (18.41)
 *     two ports, both ways   9.92 (73.56)    9.98 (74.20)      0.02 (42.96)    0.01 (44.89)
 *
 * What is left under load are interrupts, which nobody's priority holds off: the shapers' timers, of 35 us each on
 * that virtual machine. Who spins under FIFO is not moved and needs the pin no more once it has woken up.
 *
 * Where nobody may spin the gates of a machine's threads open one after the other: each waits until those before it
 * on its CPU have done their first operations, or wait in them. So they are spread over the CPUs by their pins, who
 * has done a brief one lets the others past once (sched_yield) before it goes on, and all wake up 200 us before T and
 * sleep again: a CPU that has just slept wakes up sooner. Four nodes on two CPUs, first messages of 16 KB, in us apart
 * (medians of 12 to 17 shots of `./bootstrap bench start`, one build after the other): 213 without any of it, 177
 * letting past, 138 pinned as well; 230 and 190 without and with the early waking, another time.
 *
 * A machine that wakes up late, as an emulated guest does, begins to spin earlier: by three times what a few naps for
 * practice were late, up to 12 ms.
 */
#ifndef TARE_START_GATE_H
#define TARE_START_GATE_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    START_GATE_SPIN_NS = 300 * 1000,
    START_GATE_MARGIN = 3, /* the lead, in what naps were late */
    START_GATE_SPIN_MOST_NS = 12 * 1000 * 1000,
    START_GATE_LEAVE_NS = 40 * 1000,
    START_GATE_WARM_NS = 200 * 1000,
    START_GATE_FIFO_PRIORITY = 50,
};

/* How a thread was scheduled, to be given back. */
struct start_gate_before {
    bool is_pinned, is_fifo; /* what has been taken and not given back yet */
    bool is_crowded;         /* others wait for this CPU, and have not been let past yet */
    cpu_set_t cpus;
    int policy;
    struct sched_param param;
};

/* Filled in by who makes it, up to `cancelled`; of one thread. */
struct start_gate {
    int64_t at_ns;                 /* RAW, of this machine */
    bool may_spin;                 /* each spinner of the machine has a CPU of its own */
    bool is_brief;                 /* the first operation is: it may be done under FIFO */
    int slot;                      /* which of the CPUs that this process may use; others spin on others */
    const _Atomic bool *cancelled; /* ends the wait, whenever it becomes true */

    int64_t released_ns; /* RAW, when the gate opened for this thread; 0: it did not */
    const char *how;     /* "fifo", "spin" (no right to FIFO), "sleep" (no CPU to spin on); NULL before */
    struct start_gate_before before;
};

/* Touch and lock the pages that the wait uses (this thread's stack), best effort. Call it from the
 * thread that will wait, beforehand. */
void start_gate_prepare(void);

/* Wait until the instant is near. False when it is cancelled. */
bool start_gate_approach(struct start_gate *gate);

/* Wait for the instant: what RAW read when it had come, or the wait was cancelled. An instant that has passed lets
 * the thread go at once. */
int64_t start_gate_pass(struct start_gate *gate);

/* Be scheduled as before. Does nothing the second time, nor for a gate that is all zeros. */
void start_gate_leave(struct start_gate *gate);

#endif
