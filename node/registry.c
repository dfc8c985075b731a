#include "workloads/workloads.h"

const struct workload *const WORKLOADS[] = {
    &WORKLOAD_NET_STREAM,
    NULL,
};
