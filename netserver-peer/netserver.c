#include "netserver.h"

#include "agent/net_part.h"

const struct workload *const NETSERVER_WORKLOADS[] = {
    &NET_STREAM_SERVE, &NET_RR_SERVE, &NET_CRR_SERVE, &UDP_STREAM_SERVE, &UDP_RR_SERVE, NULL,
};
