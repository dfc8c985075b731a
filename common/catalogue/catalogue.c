#include "catalogue.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define SECONDS(n) ((int64_t)(n)*CLOCK_NS_PER_S)
#define MIB(n) (INT64_C(1024) * 1024 * (n))

/* clang-format off */
#define TIMES(type)                                                                                                  \
    { .key = "length", .kind = FIELD_DURATION, .offset = offsetof(type, times.length_ns),                              \
      .min = INT64_C(100) * CLOCK_NS_PER_MS, .max = SECONDS(INT64_C(24) * 3600), .fallback = "10s",                                      \
      .doc = "measured time" },                                                                                        \
    { .key = "warmup", .kind = FIELD_DURATION, .offset = offsetof(type, times.warmup_ns),                              \
      .min = 0, .max = SECONDS(3600), .fallback = "0s",                                                                \
      .doc = "runs after the start, outside every figure" }

#define NET(member) offsetof(struct net_stream_options, member)
static const struct field NET_STREAM_FIELDS[] = {
    TIMES(struct net_stream_options),
    { .key = "direction", .kind = FIELD_CHOICE, .offset = NET(direction), .choices = "send|receive|both", .fallback = "send",
      .doc = "which way the bytes go, seen from the node under test" },
    { .key = "message", .kind = FIELD_SIZE, .offset = NET(message_bytes), .min = 1, .max = MIB(64), .fallback = "16KiB",
      .doc = "bytes that one send hands to the kernel" },
    { .key = "send_buffer", .kind = FIELD_SIZE, .offset = NET(send_buffer_bytes), .min = 0, .max = MIB(1024), .fallback = "0B",
      .doc = "SO_SNDBUF on both ends; 0 leaves it to the kernel" },
    { .key = "recv_buffer", .kind = FIELD_SIZE, .offset = NET(receive_buffer_bytes), .min = 0, .max = MIB(1024), .fallback = "0B",
      .doc = "SO_RCVBUF on both ends; 0 leaves it to the kernel" },
    { .key = "congestion", .kind = FIELD_TEXT, .offset = NET(congestion), .capacity = 16, .fallback = "",
      .doc = "congestion control of both ends, 'cubic' say; empty leaves it to the kernel" },
    { .key = "nodelay", .kind = FIELD_BOOL, .offset = NET(nodelay), .fallback = "false",
      .doc = "TCP_NODELAY on both ends" },
};
/* clang-format on */

static const struct schema NET_STREAM = { "net_stream", NET_STREAM_FIELDS, ARRAY_SIZE(NET_STREAM_FIELDS),
                                          sizeof(struct net_stream_options) };

static const struct workload_info WORKLOADS[] = {
    { .name = "net_stream",
      .doc = "bulk TCP throughput between a node and its peer (as netperf's TCP_STREAM and TCP_MAERTS)",
      .first_operation = "the sender's first send(2)",
      .options = &NET_STREAM,
      .needs_peer = true },
};

const struct workload_info *catalogue_entry(size_t index)
{
    return index < ARRAY_SIZE(WORKLOADS) ? &WORKLOADS[index] : NULL;
}

const struct workload_info *catalogue_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(WORKLOADS); i++)
        if (strcmp(WORKLOADS[i].name, name) == 0)
            return &WORKLOADS[i];
    return NULL;
}

const char *catalogue_nearest(const char *name)
{
    const char *nearest = NULL;
    int best = 4;
    for (size_t i = 0; i < ARRAY_SIZE(WORKLOADS); i++) {
        int distance = text_distance(WORKLOADS[i].name, name);
        if (distance < best) {
            best = distance;
            nearest = WORKLOADS[i].name;
        }
    }
    return nearest;
}
