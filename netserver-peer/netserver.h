/* netserver.h - the data plane of the third machine: it listens, and moves the other end's bytes. */
#ifndef TARE_NETSERVER_H
#define TARE_NETSERVER_H

#include "agent/part.h"

extern const struct workload NETSERVER_NET_STREAM;

#endif
