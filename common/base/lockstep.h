/* lockstep.h - threads that begin each piece of their work together, until one of them breaks off. */
#ifndef TARE_LOCKSTEP_H
#define TARE_LOCKSTEP_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lockstep {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t members, arrived, step;
    _Atomic bool is_broken; /* read by whoever works between two steps; set by lockstep_break */
};

void lockstep_init(struct lockstep *lockstep, uint32_t members);
void lockstep_destroy(struct lockstep *lockstep);

/* Wait for all members; the last to come calls `decide` first, alone, while the others wait; it may be NULL.
 * False when it is broken, now or before. */
bool lockstep_wait(struct lockstep *lockstep, void (*decide)(void *context), void *context);

/* Let nobody wait any more. From any thread. */
void lockstep_break(struct lockstep *lockstep);

#endif
