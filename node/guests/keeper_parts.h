/* keeper_parts.h - the keeper as its own files see it:
 *
 *     keeper.c    the thread: orders, events, the connection
 *     guest.c     the life of one guest
 *     existing.c  what is different where somebody else made it
 *     pausing.c   holding it, and letting it go on; saving and restoring it
 *     lending.c   having it ready for a trial of this agent's own
 *     enclosing.c keeping it to its envelope for a trial
 *     watching.c  what CPU time guests and machine use meanwhile
 *
 * Everything here but the mailboxes and descriptors is the thread's alone.
 */
#ifndef TARE_KEEPER_PARTS_H
#define TARE_KEEPER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "agent/mailbox.h"
#include "guests/accel.h"
#include "guests/domain_group.h"
#include "guests/enclosure.h"
#include "guests/found_off.h"
#include "guests/guest_files.h"
#include "guests/guest_memory.h"
#include "guests/keeper.h"
#include "guests/libraries.h"
#include "guests/provider.h"
#include "guests/tap.h"
#include "guests/threads.h"
#include "guests/vigil.h"
#include "observe/cpu.h"

enum {
    KEEPER_GUESTS_MAX = 64,
    GUEST_CREATE_MS = 60 * 1000, /* what a provider may take */
    GUEST_END_MS = 60 * 1000,
};

struct guest {
    char name[MESSAGE_NAME], domain[DOMAIN_NAME];
    uint32_t attempt;
    enum guest_state state;
    bool is_built_in, is_ending;
    bool is_held; /* paused, as the coordinator asked */
    bool was_off; /* an existing domain, to be put back */
    struct found_off found_off;
    struct guest_options options;
    struct message_guest_start order; /* with its keys */

    bool kvm; /* its vCPUs are KVM's: only they are polled for when they halt */
    char accel_why[ACCEL_WHY];
    struct guest_files *files; /* owned; kept so that it can be restored, else NULL */
    pid_t pid;
    int console_fd;                                                  /* -1: none */
    int disk_fd;                                                     /* of its own disk's image; -1: none */
    int64_t asked_ns, defined_ns, running_ns, booted_ns, stopped_ns; /* RAW */
    int64_t boot_deadline_mono;
    struct accel_look first_look; /* mono_ns 0: not looked yet */

    /* of a watch */
    bool is_watched;
    int changed_ticks; /* so often its domain was not seen running, and no event has said why */
    struct threads_use threads_before;
    struct domain_group group;
    int64_t group_before; /* -1: it has none of its own */
    struct domain_statistics statistics_before;
    struct guest_memory memory_before;
    struct tap_look tap_before;
};

struct watch {
    uint32_t number;
    bool is_on;
    int64_t begun_raw, tick_mono;
    struct cpu_times before;
    struct tap_look uplink_before; /* of the first guest's bridge */
    uint32_t load_milli;           /* of the last minute, before the observation */
    struct vigil *vigil;           /* owned; around the start of what is observed, NULL where there is none */
};

struct keeper {
    unsigned rights;
    char libvirt[PATH_MAX], endpoint[128];
    struct libraries libraries;
    struct mailbox *in, *out;
    struct loan *loan;      /* shared with the trial's thread */
    int stop_fd, cancel_fd; /* raised: end; leave what takes long */
    int64_t patience_ns;
    pthread_t thread;
    _Atomic bool is_left; /* by its thread or by its owner: whoever leaves second frees it */

    const struct provider *provider; /* NULL: not loaded */
    struct link *link;               /* NULL: not connected */
    struct provider_facts facts;
    char why[400]; /* there is none */
    bool waits;    /* a libvirt of our own is begun with the first guest: nobody else has any there */
    int64_t connect_mono;
    bool is_greeted;
    struct guest *guests[KEEPER_GUESTS_MAX]; /* owned */
    size_t guest_count;
    unsigned launches;
    struct watch watch;
    struct enclosure enclosure; /* of the trial that is on */
};

/* Connect where that is not done yet; k->why says why it cannot be. */
void keeper_connect(struct keeper *keeper);

/* ---- guest.c ---- */

void guest_begin(struct keeper *keeper, const struct message_guest_start *order);

/* Whether it may be begun; its options stand in `guest` then. */
MUST_CHECK bool guest_may_begin(struct keeper *keeper, const struct message_guest_start *order, struct guest *guest,
                                struct err *e);

/* ---- lending.c ---- */

/* Have it ready for a trial of this agent's own, which will begin it. */
void guest_lend(struct keeper *keeper, const struct message_guest_start *order);

/* There is none: answer whoever wants it ended. */
void guest_deny(struct keeper *keeper, const struct message_guest_stop *order);

/* End it, and forget it. An existing domain is left as it was found. */
void guest_end(struct keeper *keeper, struct guest *guest);

struct guest *guest_find(const struct keeper *keeper, const char *name);

/* See how far it has come; to be called every GUEST_LOOK_MS while guest_is_moving. */
enum { GUEST_LOOK_MS = 50 };
bool guest_is_moving(const struct guest *guest);
void guest_look(struct keeper *keeper, struct guest *guest);

/* Its domain changed, or was found changed. */
void guest_event(struct keeper *keeper, struct guest *guest, enum domain_state state, const char *how);

/* For the files of its life: how far it has come, and when the next word of it will have come; or that it is not
 * going to run any more: what there is of it ends, and it is forgotten. */
void guest_tell(struct keeper *keeper, const struct guest *guest, enum guest_state state, int64_t within_ms,
                const char *text);
void guest_fail(struct keeper *keeper, struct guest *guest, const char *why);

/* ---- existing.c ---- */

void existing_begin(struct keeper *keeper, struct guest *guest);

/* Shut it down, which its system may take its time for. */
enum { EXISTING_STOP_MS = 95 * 1000 };
MUST_CHECK bool existing_put_back(struct keeper *keeper, struct guest *guest, struct err *e);

/* Put back what agents that were killed have started; with a connection. */
void existing_tidy(struct keeper *keeper);

/* ---- pausing.c ---- */

/* As asked. One that cannot be paused or resumed is ended; one that cannot be saved runs on. */
void guest_hold(struct keeper *keeper, struct guest *guest, enum guest_hold hold);

/* Tell the trial that it is lent to what was done: `from_ns` to now, or why not. */
void guest_tell_deed(struct keeper *keeper, const struct guest *guest, enum loan_deed deed, int64_t from_ns,
                     const struct err *why);

/* ---- enclosing.c ---- */

/* As asked; what was enclosed before is put back first. */
void guest_enclose(struct keeper *keeper, const struct message_enclose *order);

/* ---- watching.c ---- */

/* `at_ns` (RAW) is the instant around which the vCPUs are watched; 0: there is none. */
void watching_begin(struct keeper *keeper, uint32_t number, int64_t at_ns);
void watching_end(struct keeper *keeper, uint32_t number);

/* Ten times a second while a watch is on: the state of each guest. */
enum { WATCHING_TICK_MS = 100, WATCHING_EVENT_TICKS = 5 /* the event that names a change has come by then */ };
void watching_tick(struct keeper *keeper);

#endif
