/* owner.h - which process conducts a run, and whether it is still there.
 *
 * A pid alone is given again to others; with the process's start and the machine's boot it names
 * one process for ever.
 */
#ifndef TARE_OWNER_H
#define TARE_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/* What is told of a run whose owner is gone. */
#define OWNER_GONE "its coordinator ended without a word"

struct owner {
    int64_t pid;     /* 0: not known */
    int64_t started; /* clock ticks after the boot, field 22 of /proc/PID/stat (proc(5)) */
    char boot_id[40];
};

/* This process; all zero where /proc does not tell. */
struct owner owner_self(void);

/* True only when it is certain: no such process, or it has ended and waits for its parent, or the
 * machine was booted since. */
bool owner_is_gone(const struct owner *owner);

#endif
