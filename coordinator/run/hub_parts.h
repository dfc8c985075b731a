/* hub_parts.h - what the hub's two files share: hub.c is its life and its loop, hub_frame.c what
 * comes in over the network. Not for anyone else. */
#ifndef TARE_HUB_PARTS_H
#define TARE_HUB_PARTS_H

#include "run/hub.h"
#include "wire/channel.h"

struct hub {
    struct keyring *keyring;
    zsock_t *zap, *router;
    struct prober *prober;
    struct roster *roster;
    struct message message; /* the one that the last event lends out */
    int signal_fd;
    int read_in_a_row; /* packets since nothing was left to read */
    bool is_stopped;
    bool is_revoking; /* a node was cut off whose key is not valid any more; its loss is told before anything else */
    struct hub_guest guest;
    int64_t guest_mono; /* when it is served again, whatever comes */
};

/* One frame from the network. True when it makes an event. */
bool hub_frame(struct hub *hub, zframe_t *frame, zframe_t *id, struct hub_event *event);

/* Say REFUSED to a connection, whoever it is. */
void hub_refuse(struct hub *hub, const zframe_t *id, const char *reason);

#endif
