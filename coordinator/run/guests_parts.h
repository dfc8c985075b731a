/* guests_parts.h - the guests of a run, shared by the three files that keep them:
 *
 *     guests.c           where each shall be, and what is ordered for that
 *     guests_envelope.c  which CPUs are whose envelope, and when it is kept
 *     guests_news.c      what nodes and hosts say
 */
#ifndef TARE_RUN_GUESTS_PARTS_H
#define TARE_RUN_GUESTS_PARTS_H

#include "run/guests.h"

/* HERE: it runs, and its agent has joined. PAUSED: it was HERE. COMING, BOOTED, RESUMING: on the way to HERE. LENT: a
 * trial of its host's starts and ends it. */
enum ward_state {
    WARD_OFF,
    WARD_COMING,
    WARD_BOOTED,
    WARD_HERE,
    WARD_PAUSING,
    WARD_PAUSED,
    WARD_RESUMING,
    WARD_GOING,
    WARD_LENT
};

/* A guest that we start. */
struct ward {
    int node, host; /* of the scenario */
    enum ward_state at;
    int round; /* for which it was started */
    uint32_t attempt;
    int tries;
    bool is_bad; /* is ended because it did not come */
    int64_t deadline_mono;
    struct message_guest_state last;
    char instance[40]; /* of its agent, which has joined */
    char told[160];    /* of its accelerator */
    char why[MESSAGE_REASON];
};

struct host {
    int node;
    int64_t idle_rate; /* ns a second; -1: not known */
    bool is_watched;   /* has not answered yet */
};

struct guests {
    struct guests_options options;
    struct ward *wards; /* owned */
    size_t ward_count;
    struct guest_size *sizes; /* owned; one a node of the scenario, zeros where it is not known */
    struct host *hosts;       /* owned */
    size_t host_count;
    struct guest_envelope *envelopes; /* owned; one a node of the scenario, cpus "" where it is not known */
    int enclosed;                     /* the node whose envelope is kept, -1: none */
    bool is_asked;                    /* its host has not answered yet: */
    struct message_enclosed answer;   /* .. it has; `number` is that of the question */
    uint32_t attempts, watches;
    int round;
    int lent;         /* the node that the next trial has lent to it, -1: none */
    bool is_prepared; /* once */
};

const char *guests_name(const struct guests *g, int node);
const struct scenario_node *guests_node(const struct guests *g, const struct ward *w);

/* Node `node` of the scenario, NULL where it is not here. */
struct roster_node *guests_joined_node(const struct guests *g, int node);

/* ---- guests_envelope.c ---- */

/* The guest is here: which CPUs its envelope has. */
enum guests_end guests_choose_envelope(struct guests *g, int node, struct err *e);

/* Keep what the trial `place` wants kept, or nothing; let go what was kept for the last one. */
enum guests_end guests_enclose(struct guests *g, const struct plan_trial *place, struct err *e);
void guests_release(struct guests *g);

/* One event of the hub, at the latest at `deadline_mono`. */
enum guests_end guests_take_event(struct guests *g, int64_t deadline_mono, struct err *e);

#endif
