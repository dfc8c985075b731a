/* cpu.h - CPU time: of the machine from /proc/stat, of this process from the scheduler.
 *
 * The machine's rule: per CPU, used = wall - idle - iowait - steal. Where the kernel accounts by
 * ticks (no IRQ_TIME_ACCOUNTING) the busy fields lie about periodic work: a load that used 35.5 %
 * of a CPU read as 0.1 %, 0.2 % or 100 % by its phase. Idle time is exact (NO_HZ). The busy fields
 * only say in which ratio the used time is split into user and system.
 */
#ifndef TARE_CPU_H
#define TARE_CPU_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { CPU_COUNT_MAX = 1024, CPU_TEXT_MAX = 256 * 1024 };

/* Counters of one CPU since its boot; grain: one tick of USER_HZ, 10 ms. */
struct cpu_time {
    int number;
    int64_t user_ns;   /* user + nice; contains what guests used, which is not added again */
    int64_t system_ns; /* system + irq + softirq */
    int64_t idle_ns, iowait_ns, steal_ns;
};

struct cpu_times {
    int64_t mono_ns; /* when; CLOCK_MONOTONIC, since the kernel counts idle time on it */
    int count;
    struct cpu_time cpu[CPU_COUNT_MAX]; /* by rising number; those online */
};

/* What happened between two snapshots, summed over the CPUs that were online in both. */
struct cpu_used {
    int64_t wall_ns;
    int cpus;
    int changed; /* CPUs that came or went: not in the sums, and the figures need a flag */
    int64_t used_ns;
    int64_t user_ns, system_ns;  /* sum to used_ns; both 0 when no tick fell on work, so nothing tells */
    int64_t iowait_ns, steal_ns; /* beside used_ns, not in it */
};

/* Text of /proc/stat -> counters; `tick_ns` is a second / USER_HZ. Pure; the stamp is not touched.
 * Reads the lines 'cpuN' and ignores the rest; a malformed one is an error. */
MUST_CHECK bool cpu_parse(const char *text, int64_t tick_ns, struct cpu_times *times, struct err *e);

/* The machine now. One read of /proc/stat: about 20 us and 1 us a CPU. */
MUST_CHECK bool cpu_machine(struct cpu_times *times, struct err *e);

/* `to` - `from`; pure. Fails when they are in the wrong order or share no CPU. */
MUST_CHECK bool cpu_difference(const struct cpu_times *from, const struct cpu_times *to, struct cpu_used *used,
                               struct err *e);

/* CPU time of this process, all threads, since its start: `used_ns` exact from the scheduler,
 * split in the ratio of getrusage(2). */
struct cpu_process {
    int64_t raw_ns; /* when; CLOCK_MONOTONIC_RAW */
    int64_t used_ns, user_ns, system_ns;
};

struct cpu_process cpu_process(void);

/* `to` - `from`, with cpus = 1 and neither iowait nor steal. */
struct cpu_used cpu_process_difference(const struct cpu_process *from, const struct cpu_process *to);

#endif
