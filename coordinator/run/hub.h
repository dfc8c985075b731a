/* hub.h - where the nodes meet: the ROUTER, who may speak on it, heartbeats and clock probes.
 *
 * The conductor pulls: hub_next waits, sees to everything that is the hub's own business, and
 * returns the next thing that matters to a run.
 */
#ifndef TARE_HUB_H
#define TARE_HUB_H

#include "base/err.h"
#include "run/keyring.h"
#include "run/roster.h"

struct hub;

enum hub_event_kind {
    HUB_DEADLINE, /* nothing until the deadline */
    HUB_SIGNAL,   /* SIGINT, SIGTERM or SIGHUP, or hub_stop */
    HUB_JOINED,   /* a node is here and has told its facts */
    HUB_LOST,     /* silent for too long, or its process was replaced */
    HUB_MESSAGE,  /* a message of a joined node */
    HUB_PROBED,   /* a clock probe was answered */
};

struct hub_event {
    enum hub_event_kind kind;
    struct roster_node *node;
    const struct message *message; /* borrowed until the next call */
    char why[64];                  /* HUB_LOST: as in "NODE is gone: ..." */
};

/* Listen at TCP `port` and the UDP port of the same number, and prove that strangers are refused.
 * Blocks SIGINT, SIGTERM and SIGHUP for the process, which come as events from now on. The keyring is
 * borrowed; tokens change it, and others may: a node whose key has ended is told, and lost at the next
 * look. */
MUST_CHECK bool hub_open(struct keyring *keyring, unsigned port, struct hub **hub, struct err *e);

/* Say `farewell` to every node, and close. */
void hub_close(struct hub **hub, const char *farewell);

/* The next event, at the latest at `deadline_mono_ns`. Fails only when the machine does. */
MUST_CHECK bool hub_next(struct hub *hub, int64_t deadline_mono_ns, struct hub_event *event, struct err *e);

/* Fails when the node is gone or takes no more; its loss will also come as an event. */
MUST_CHECK bool hub_send(struct hub *hub, struct roster_node *node, const struct message *m, struct err *e);

/* Send the node away: it is not missed any more, and joins anew when it has heard that. */
void hub_dismiss(struct hub *hub, struct roster_node *node, const char *farewell);

const struct roster *hub_roster(const struct hub *hub);
struct keyring *hub_keyring(const struct hub *hub);

/* Whoever else is served in the hub's loop: `serve` is called when `fd` is readable, and now and
 * then besides; it must not block. One guest; NULL for none. */
struct hub_guest {
    int fd;
    void (*serve)(void *context);
    void *context;
};
void hub_attend(struct hub *hub, const struct hub_guest *guest);

/* From now on every hub_next answers HUB_SIGNAL. */
void hub_stop(struct hub *hub);

/* Ask the node's clock every so often from now on; 0: no more. */
void hub_probe(struct hub *hub, struct roster_node *node, int64_t every_ns);

/* 'Armed' nodes are heard every 200 ms, and lost after 600 ms. */
void hub_set_armed(struct hub *hub, struct roster_node *node, bool is_armed);

#endif
