/* attempt_parts.h - one trial in the making, shared by the four files that conduct it:
 *
 *     attempt.c           its life: who takes part, the table's events, the end
 *     attempt_orders.c    what the nodes are told
 *     attempt_reports.c   what the nodes say
 *     attempt_watch.c     what the hosts see of their guests meanwhile
 */
#ifndef TARE_ATTEMPT_PARTS_H
#define TARE_ATTEMPT_PARTS_H

#include "result/raw.h"
#include "run/attempt.h"
#include "run/fsm.h"

enum {
    /* Eight good probes bound an idle clock to microseconds; these are 1 s of them before and 0.25 s after, which with
     * the time in between also fixes the rate. T lies beyond those before by what it takes to prepare and arm, so the
     * rate that they leave open is most of what it is off: two idle hosts began 1.4 us apart (median of 12 shots) by
     * 0.4 s of probes, 0.3 us (of 16) by 1 s. */
    PROBE_EVERY_MS = 10,
    PROBES_BEFORE = 100,
    PROBES_AFTER = 25,
    PROBE_LOADED_MS = 250,

    CALIBRATE_MS = 5000,
    GRACE_MS = 6000, /* what agents take to drain or abort (4 s), and some */
    SETTLE_MS = 4000,
    ARM_LEAST_MS = 50,
    ARM_MOST_MS = 2000,
    ARM_ROUND_TRIPS = 10,
    ARM_LONGER = 4,
    RATES_EVERY_MS = 200, /* for the live view: two SAMPLEs */
    RATES_OVER_MS = 1000,
    STARTERS_MAX = 1024, /* of one part */
    SAMPLED_EVERY_NS = 10 * 1000 * 1000,
    FLOWS_MAX = 64, /* of one part; an agent makes no more */
};

/* A node of this trial; its place is that of its raw_node. */
struct player {
    struct roster_node *node;          /* its agent; NULL where a stock netserver is */
    const struct scenario_node *stock; /* that one; else NULL */
    int declared;                      /* index into the scenario's nodes */
    const char *own;                   /* the address that the scenario gives it for measured data, "" for none */
    uint32_t starters;
    bool is_armed, is_finished;
};

struct job {
    size_t load, peer; /* players; peer == load where there is none */
    unsigned char token[MESSAGE_TOKEN];
    uint32_t port;
    bool is_serving, is_ready;
};

struct attempt {
    const struct attempt_context *context;
    const struct plan_trial *place;
    const struct scenario_step *step;
    struct workload_time time;
    uint32_t number;
    struct player *players; /* with raw.nodes: the same count and order */
    struct job *jobs;
    size_t job_count;
    struct raw_trial raw;
    enum trial_state state;
    int64_t deadline_mono, at_mono, rates_mono;
    int64_t measured_mono; /* when the warm-up is over; 0: it is, or there is none */
    bool disarmed;
    uint32_t watch;   /* the number of this trial's observation; 0: none yet */
    size_t unwatched; /* hosts that have not told yet what they saw */
    uint32_t cool;    /* the number of what is to be cooled; 0: nothing */
    size_t uncooled;  /* hosts that have not told yet that it is */
    enum attempt_end end;
    char why[MODEL_TEXT];
    char doing[32]; /* for the live view: the last lap's test */
};

/* Remember the first cause; what follows from it changes nothing. */
void attempt_blame(struct attempt *a, enum attempt_end end, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Ask the clocks of all players so often; `restart` counts the answers anew. */
void attempt_probe(struct attempt *a, int64_t every_ms, bool restart);

/* PREPARE to every load or serving part. Fails when the options cannot be written. */
MUST_CHECK bool attempt_prepare(struct attempt *a, uint32_t part, struct err *e);

/* Fix T and tell it each node in its own clock; blames what stands in the way. */
void attempt_arm(struct attempt *a);

/* From T on the nodes are heard at their usual pace again. */
void attempt_disarm(struct attempt *a);

/* Ask the clocks of hosts that take no part themselves as well, up to T's being told: that is by their own clocks. */
void attempt_probe_hosts(struct attempt *a, bool begins);

/* Have the hosts of started guests look at them from now on, or up to now; begun again it begins then. */
void attempt_watch(struct attempt *a, bool begins);

/* When all are ready: of a cold step the hosts let go what they keep of their guests' disks. */
void attempt_cool(struct attempt *a);

/* What a host saw, and what it says of its guests, whether it takes part or not. */
void attempt_hear_host(struct attempt *a, const struct roster_node *node, const struct message *m);

/* A node has joined: the guest, it may be, that a player starts. */
void attempt_hear_joined(struct attempt *a, const struct roster_node *node);

/* Tell every player that is still here to drop the trial. */
void attempt_cancel(struct attempt *a);

/* A message of a player; blames it for what makes no sense. */
void attempt_hear(struct attempt *a, size_t player, const struct message *m);

/* Show what the flows do, or before T that they will. */
void attempt_show_rates(struct attempt *a);

#endif
