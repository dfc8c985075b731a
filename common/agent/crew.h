/* crew.h - the threads that work on a trial's parts, and what they share with the session's side.
 *
 * For trial.c and crew.c alone. A part has one thread, its crew's, which prepares it, sees it through
 * and gives everything back; each of its flows has one more, the runner's.
 */
#ifndef TARE_CREW_H
#define TARE_CREW_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/confinement.h"
#include "agent/mailbox.h"
#include "agent/trial.h"
#include "observe/cpu.h"
#include "observe/netdev.h"

struct runner {
    struct trial *trial;
    struct part_flow *flow;
    pthread_t thread;
    /* guarded by the trial's lock */
    struct meter_point points[MESSAGE_POINTS]; /* read, and not told yet */
    size_t point_count;
    uint64_t acknowledged; /* bytes, as last seen */
    bool is_over;
};

/* A part and the threads that work on it. */
struct crew {
    struct trial *trial;
    struct part part;
    pthread_t thread;
    struct runner runners[PART_FLOWS_MAX];
    uint32_t runner_count; /* guarded by the trial's lock: the sampler reads beside the threads */
    uint32_t first_slot;   /* its first starter's place among those of the trial */
    /* Of its workload's approach, and past it: the flows are being given back. Guarded by the trial's lock. */
    enum { WAY_AHEAD, WAY_DONE, WAY_LOST, WAY_OVER } way;
};

struct trial {
    uint32_t number;
    const struct workload *const *workloads;
    const struct agent_service *service;
    int cancel_fd;
    struct mailbox *out; /* what the threads have to say */
    _Atomic bool cancelled;
    struct crew *crews[TRIAL_PARTS_MAX];
    size_t crew_count;
    bool is_confined;
    struct confinement confinement; /* where it is; begun before the first crew, ended by the last */
    bool is_running;
    struct cpu_times machine_before; /* at ARM, then when the warm-up is over: crew.c */
    struct cpu_process process_before;
    struct cpu_times around_before; /* shortly before T: the sampler's alone */
    bool knows_around;              /* ... and not told yet */
    pthread_t sampler;
    bool has_sampler;
    struct netdevs devs_before; /* as they were before anything was made ready */
    bool knows_devs;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* guarded by the lock */
    bool is_armed, has_failed, is_sampled /* to its end */;
    struct message *sample; /* the sampler's room, and when it reads next */
    int64_t sample_mono;
    struct message_arm arm;
    size_t crews_connected, crews_at_work, crews_open; /* open: at work, or hearing what others say of it */
    struct message done;                               /* filled by the last crew at work, told by the last one open */
};

/* A crew's thread, `arg` is its struct crew, which outlives it. */
void *crew_run(void *arg);

/* Tell what the kernel does to its clocks now: at ARM, and when all is over. */
void trial_post_timekeeping(struct trial *trial, bool is_after);

/* Without the lock. The trial has failed here: the first reason is told, the ones that follow from
 * it are not. */
void trial_post_failure(struct trial *trial, const struct err *e);

#endif
