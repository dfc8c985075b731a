#include "workloads/workloads.h"

#include "agent/net_part.h"

const struct workload *const WORKLOADS[] = {
    &NET_STREAM_LOAD, &NET_RR_LOAD,    &NET_CRR_LOAD,     &UDP_STREAM_LOAD,     &UDP_RR_LOAD, &WORKLOAD_FILE_IO,
    &WORKLOAD_CPU,    &WORKLOAD_MICRO, &WORKLOAD_COMPILE, &WORKLOAD_GUEST_BOOT, NULL,
};
