/* vigil.h - what the vCPUs of guests did around the instant of a start, as the host's scheduler has it: the witness
 * from outside. A stamp taken in a guest proves that it read its clock, not that it ran next.
 *
 * A thread of its own reads the schedstat of each vCPU's thread 5 ms before the instant and 5 ms after it, and sleeps
 * in between: it neither spins nor wakes up while others start. The scheduler counts a wait when it is over. So a vCPU
 * that is ready at the second reading is read every millisecond from then on until it has run, 100 ms after the instant
 * at most. Of a vCPU that is running what it ran is exact to a tick of the kernel (4 ms at 250 Hz); a wait is exact.
 */
#ifndef TARE_VIGIL_H
#define TARE_VIGIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum { VIGIL_AROUND_MS = 5, VIGIL_MOST_MS = 100, VIGIL_VCPUS_MAX = 256 };

struct vigil;

/* Of one guest: between `from_ns` and `to_ns` after the instant (before it: negative). */
struct vigil_seen {
    int vcpus; /* 0: nothing was seen */
    int64_t from_ns, to_ns;
    int64_t run_ns, wait_ns; /* of all of them */
    int64_t worst_ns;        /* that one of them waited */
};

/* Watch the processes `pids` around `at_ns` of CLOCK_MONOTONIC_RAW. Where there is no time left for a look before it,
 * nothing will have been seen. Fails where no thread can be had. */
MUST_CHECK bool vigil_begin(const pid_t *pids, size_t count, int64_t at_ns, struct vigil **vigil, struct err *e);

/* End it: nothing more is seen. */
void vigil_end(struct vigil *vigil);

/* What was seen of that process; of a vigil that has been ended. */
struct vigil_seen vigil_seen(const struct vigil *vigil, pid_t pid);

/* Ends it, too; NULL is fine. */
void vigil_destroy(struct vigil **vigil);

#endif
