/* threads.h - the CPU time of a guest's process, by what its threads are for. Pure reading of /proc;
 * times are since each thread's start, exact from the scheduler. */
#ifndef TARE_THREADS_H
#define TARE_THREADS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct threads_use {
    int64_t total_ns; /* of the process, with threads that have ended, and vhost's */
    int64_t vcpu_ns;
    int64_t vhost_ns;                  /* threads of the process (Linux 6.4 on), or the kernel's own that serve it */
    int64_t vcpu_wait_ns;              /* ready, but another had the CPU: what the guest sees as stolen */
    int64_t user_ns, sys_ns;           /* of the process, in the kernel's ticks */
    int64_t vcpu_user_ns, vcpu_sys_ns; /* the same of its vCPUs; guest time counts as user */
    int vcpus;
};

/* Fails when the process is gone. */
MUST_CHECK bool threads_read(pid_t pid, struct threads_use *use, struct err *e);

/* The threads of the process that are vCPUs; those over `most` are left out, none where it is gone. */
size_t threads_vcpus(pid_t pid, pid_t *tids, size_t most);

/* "RUN WAIT SLICES" of a thread's schedstat: ns on a CPU, ns ready without one, how often it got one
 * (Documentation/scheduler/sched-stats.rst). Pure. */
bool threads_parse_schedstat(const char *text, int64_t *run_ns, int64_t *wait_ns, int64_t *slices);

#endif
