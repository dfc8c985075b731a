/* hub_parts.h - the hub, shared by the files that it is made of:
 *
 *     hub.c           its life, and what is sent
 *     hub_turn.c      its loop: whose turn it is, and when to sleep
 *     hub_duties.c    what it does by itself when the time comes: pings and clock probes
 *     hub_frame.c     what comes in over the network
 */
#ifndef TARE_HUB_PARTS_H
#define TARE_HUB_PARTS_H

#include "run/agenda.h"
#include "run/hub.h"
#include "wire/channel.h"

struct hub {
    struct keyring *keyring;
    zsock_t *zap, *router;
    struct prober *prober;
    struct roster *roster;
    struct message message; /* the one that the last event lends out */
    struct complaints *complaints;
    struct agenda duties; /* of those who joined: pings and probes; an entry may be early, never late */
    uint64_t endings;     /* of the keyring, when all nodes' keys were last looked at */
    int signal_fd;
    /* Input comes in turns, so that all else is looked after once for many packets, not for each. */
    int probes_left, frames_left; /* that may still be read in this turn */
    bool has_rest;                /* this turn has ended before all was read */
    int read_in_a_row;            /* packets since nothing was left to read */
    int64_t pace_mono;            /* since when frames_paced counts */
    int frames_paced;
    bool is_busy, is_stopped;
    int64_t descriptors_mono; /* when to look next whether there are any left */
    bool is_full;             /* there were none */
    bool is_revoking;         /* nodes were cut for their keys, and their loss is still to be told */
    struct hub_guest guest;
    int64_t guest_mono; /* when it is served again, whatever comes */
};

enum { HUB_LOOK_MS = 1000 }; /* it never sleeps longer */

/* hub_send for what the heartbeat makes up for. */
void hub_tell(struct hub *hub, struct roster_node *node, const struct message *m);

/* Say REFUSED to a connection, whoever it is. */
void hub_refuse(struct hub *hub, const struct channel_id *id, const char *reason);

/* It has joined: it is pinged at once, and from then on. */
MUST_CHECK bool hub_employ(struct hub *hub, struct roster_node *node, struct err *e);

/* Whatever is due. */
void hub_do_duties(struct hub *hub, int64_t now_mono);

/* One frame from the network. True when it makes an event. */
bool hub_frame(struct hub *hub, struct channel_frame *frame, struct hub_event *event);

#endif
