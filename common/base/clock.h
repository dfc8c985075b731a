/* clock.h - the clocks, in nanoseconds.
 *
 * tare measures on CLOCK_MONOTONIC_RAW, which nothing slews, and sleeps on CLOCK_MONOTONIC,
 * since clock_nanosleep refuses RAW (EOPNOTSUPP).
 */
#ifndef TARE_CLOCK_H
#define TARE_CLOCK_H

#include <stdint.h>

enum { CLOCK_NS_PER_US = 1000, CLOCK_NS_PER_MS = 1000 * 1000, CLOCK_NS_PER_S = 1000 * 1000 * 1000 };

/* Milliseconds as nanoseconds. */
static inline int64_t clock_ms(int64_t ms) { return ms * CLOCK_NS_PER_MS; }

/* CLOCK_MONOTONIC_RAW: the clock of every stamp that goes into a figure. */
int64_t clock_raw_ns(void);

/* CLOCK_MONOTONIC: for timers, and deadlines of waits. */
int64_t clock_mono_ns(void);

/* CLOCK_REALTIME: only to tell a person when something happened. */
int64_t clock_real_ns(void);

/* One reading of three clocks: REALTIME, then RAW, both between two readings of MONOTONIC. */
struct clock_reading {
    int64_t mono_before_ns, real_ns, raw_ns, mono_after_ns;
};

/* The tightest of three, so that one interrupt does not make it wide: 70 ns between the outer two, as
 * a rule, where user space reads the clocks itself. */
struct clock_reading clock_read_all(void);

#ifdef TARE_TEST_FLAGS
/* From now on RAW runs faster by so many parts in 10^9: what it reads is multiplied by 1 + ppb / 10^9. */
void clock_test_drift(int64_t ppb);

/* RAW steps by so much, now. */
void clock_test_step(int64_t ns);

/* What both make by now, for another process that shall read the same. */
void clock_test_off(int64_t *ppb, int64_t *step_ns);
#endif

/* CPU time of the whole process, user and system; exact (from the scheduler, not from ticks). */
int64_t clock_process_cpu_ns(void);

/* The same of the calling thread. A system call, about 200 ns. */
int64_t clock_thread_cpu_ns(void);

/* The moment of CLOCK_MONOTONIC at which CLOCK_MONOTONIC_RAW will read `raw_ns`, from one
 * bracketed reading of both; good to the slewing (< 500 ppm) over the time in between. */
int64_t clock_mono_at_raw_ns(int64_t raw_ns);

/* Sleep until CLOCK_MONOTONIC reads `mono_ns`; goes on after signals. */
void clock_sleep_until_mono(int64_t mono_ns);

/* Milliseconds from now to `mono_deadline_ns` for poll(2): never negative, rounded up. */
int clock_ms_until(int64_t mono_deadline_ns);

#endif
