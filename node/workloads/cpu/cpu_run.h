/* cpu_run.h - one run of a kernel: units of its work until they have lasted, each with its result checked. */
#ifndef TARE_CPU_RUN_H
#define TARE_CPU_RUN_H

#include <stdatomic.h>

#include "stats/meter.h"
#include "stats/series.h"
#include "workloads/cpu/kernel.h"

struct cpu_run {
    int64_t amount;             /* in the test's unit */
    int64_t elapsed_ns, cpu_ns; /* of the work alone: neither the making of its input nor the check */
    int64_t first_ns, last_ns;  /* RAW: before the first unit's work, after the last one's */
    bool is_whole;              /* false: stopped before its time */
};

/* Memory for the kernel, made ready and touched, with the input of the first unit; NULL without. Free it with
 * free(3). */
void *cpu_run_make(const struct kernel *kernel);

/* Units until their work alone has taken `lasting_ns`, at least one; `meter` counts them, and what they did
 * as bytes. `stop`: end after the unit at hand. Fails on a wrong result. */
MUST_CHECK bool cpu_run_do(const struct kernel *kernel, void *state, int64_t lasting_ns, struct meter *meter,
                           const _Atomic bool *stop, struct cpu_run *run, struct err *e);

/* Nbench's rule: `least` runs, then one more at a time up to `most`, until the 95 % half-width of the mean is at
 * most `within` of it. */
struct cpu_course {
    size_t least, most;
    double within;
};

bool cpu_course_goes_on(const struct cpu_course *course, const struct series *rates);

#endif
