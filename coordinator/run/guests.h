/* guests.h - the guests that a run starts: up for the trials that need them, off for the others, put
 * back as they were found at the end.
 *
 * Each is started by the agent of its host, gets a key of its own for each start, and joins like any
 * node. One that does not join is tried once more.
 */
#ifndef TARE_RUN_GUESTS_H
#define TARE_RUN_GUESTS_H

#include "base/err.h"
#include "live/live.h"
#include "run/hub.h"
#include "scenario/plan.h"

struct guests;

struct guests_options {
    const struct scenario *scenario;
    struct hub *hub;
    struct live *live;
    int64_t wait_ns; /* for the agent of an existing domain, which joins by itself */
    /* The address of the n-th guest, with its prefix; NULL where DHCP gives them. */
    void (*address)(const void *lab, size_t n, char *text, size_t size);
    const void *lab;
    /* A guest has joined: node `index` of the scenario, as it was started. */
    MUST_CHECK bool (*joined)(void *context, int index, const struct message_guest_state *state, struct err *e);
    /* What the guest `index` of the scenario shall have to build; NULL for nothing. */
    const unsigned char *(*tree)(void *context, int index);
    void *context;
};

enum guests_end { GUESTS_READY, GUESTS_INTERRUPTED, GUESTS_FAILED };

/* NULL when memory is out. The scenario may well start none. */
struct guests *guests_new(const struct guests_options *options);
void guests_destroy(struct guests **guests);

/* Before the trial `place`: start what it needs, end what must be off. On GUESTS_FAILED the error says
 * which did not come, and what its console showed last. */
enum guests_end guests_prepare(struct guests *guests, const struct plan_trial *place, struct err *e);

/* End all; bounded. */
void guests_finish(struct guests *guests);

/* For a trial of its host's that starts and ends it: give its host's agent what that takes. It is off, by
 * guests_prepare, and will be when the trial is over, by guests_take_back. `node`: of the scenario. */
MUST_CHECK bool guests_lend(struct guests *guests, int node, struct err *e);

/* The trial is over: what was lent to it, or kept to an envelope for it, is as before. */
void guests_take_back(struct guests *guests);

/* A node has joined in mid-trial. Where it is the guest that is lent: its host is told when, by `at_ns` of the host's
 * clock. */
MUST_CHECK bool guests_joined(struct guests *guests, const struct roster_node *node, int64_t at_ns, struct err *e);

/* Whether it is such a guest; *host (a node of the roster, NULL: not here) has it. */
bool guests_is_lent(const struct guests *guests, const struct roster_node *node, struct roster_node **host);

/* What a guest has, as its agent told when it first joined. */
struct guest_size {
    uint32_t cpus;
    int64_t available_bytes; /* of its memory, when it had booted */
};

/* Of node `node` of the scenario, which need not be one that we start. False where it has not told yet. */
bool guests_size(struct guests *guests, int node, struct guest_size *size);

/* The envelope that guests_prepare has made for the trial: of node `node`. False where it has made none. */
struct guest_envelope {
    char cpus[MESSAGE_CPUS];
    char uplink[MESSAGE_DEVICE]; /* by which the guest is reached; "": not known */
    char outside[200];           /* what of it is outside all the same; "" */
};
bool guests_envelope(const struct guests *guests, int node, struct guest_envelope *envelope);

/* Whether the run starts any at all. */
bool guests_are_any(const struct guests *guests);

/* "running", "paused", "off", or "" where there are none. */
const char *guests_state(const struct guests *guests);

/* What a host's agent said during a trial. True when a guest has gone away by it: *name (borrowed) and
 * why; *is_ours: it can be started anew. */
bool guests_hear(struct guests *guests, const struct message_guest_state *state, const char **name, char *why,
                 size_t size, bool *is_ours);

/* The n-th host that has guests of this run, as a node of the roster (NULL: not here); false past the end. */
bool guests_host(const struct guests *guests, size_t n, struct roster_node **host);

/* Whether it is such a host: nothing goes on without it. */
bool guests_need(const struct guests *guests, const char *node);

/* CPU time that the host uses by itself, in ns a second, in the state that guests_prepare has made; -1
 * where it was not measured. */
int64_t guests_idle_rate(const struct guests *guests, const char *host);

/* A number for the next WATCH. */
uint32_t guests_next_watch(struct guests *guests);

#endif
