/* netserver.h - the data plane of the third machine: it listens, and moves the other end's bytes. */
#ifndef TARE_NETSERVER_H
#define TARE_NETSERVER_H

#include "agent/part.h"

/* What it serves in a run, NULL-ended. */
extern const struct workload *const NETSERVER_WORKLOADS[];

#endif
