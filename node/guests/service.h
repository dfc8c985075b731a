/* service.h - the keeping of guests as a part of tare-node: its options, and its place in the agent. */
#ifndef TARE_GUESTS_SERVICE_H
#define TARE_GUESTS_SERVICE_H

#include "agent/agent_main.h"
#include "guests/keeper.h"

struct guests_service {
    unsigned rights; /* of enum keeper_right */
    const char *libvirt;
    bool prepares, prepares_builds;
    struct keeper *keeper; /* NULL before the start */
};

/* For struct agent; `guests`, at first all 0, must outlive it. */
struct agent_service guests_service(struct guests_service *guests);

#endif
