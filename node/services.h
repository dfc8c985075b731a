/* services.h - what tare-node does beside its trials: it keeps guests, and source trees. */
#ifndef TARE_NODE_SERVICES_H
#define TARE_NODE_SERVICES_H

#include "agent/agent_service.h"
#include "guests/service.h"
#include "trees.h"

struct services {
    struct guests_service guests;
    struct agent_service guests_part; /* of the guests alone */
    struct trees *trees;
    int fd; /* epoll's: readable when either has something to say */
};

/* `services` outlives what is returned. */
struct agent_service services_of(struct services *services);

#endif
