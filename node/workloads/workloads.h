/* workloads.h - what this node can run; registry.c lists them in order. */
#ifndef TARE_WORKLOADS_H
#define TARE_WORKLOADS_H

#include "agent/part.h"

extern const struct workload WORKLOAD_FILE_IO, WORKLOAD_CPU, WORKLOAD_MICRO, WORKLOAD_COMPILE, WORKLOAD_GUEST_BOOT;

/* NULL-ended. */
extern const struct workload *const WORKLOADS[];

#endif
