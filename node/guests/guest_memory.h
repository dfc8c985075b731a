/* guest_memory.h - how much of a guest's memory has been touched: what has not, its first touch pays for. */
#ifndef TARE_GUEST_MEMORY_H
#define TARE_GUEST_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guest_memory {
    int64_t bytes;    /* of the mapping that is the guest's memory */
    int64_t resident; /* of these there are so many */
};

/* Of the process that is its machine: the largest mapping that can be written and not executed (what emulated code
 * is translated into is larger, but executable), from /proc/PID/smaps; `root` is "" for this machine, a directory
 * for tests. False where it cannot be told. */
bool guest_memory_read(const char *root, pid_t pid, struct guest_memory *memory);

#endif
