/* catalogue.h - what can be run: one entry a workload. Data, no code. */
#ifndef TARE_CATALOGUE_H
#define TARE_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "schema/schema.h"

/* Options that every workload has, first in its own struct. */
struct workload_times {
    int64_t length_ns; /* measured time */
    int64_t warmup_ns; /* runs after the start and lies outside every figure */
};

struct workload_info {
    const char *name;
    const char *doc;             /* one line */
    const char *first_operation; /* what the start stamp of a stream is taken in front of */
    const struct schema *options;
    bool needs_peer; /* the step must say `to:` */
};

enum net_direction { NET_SEND, NET_RECEIVE, NET_BOTH };

struct net_stream_options {
    struct workload_times times;
    int direction; /* enum net_direction, seen from the node under test */
    int64_t message_bytes;
    int64_t send_buffer_bytes, receive_buffer_bytes; /* 0: the kernel's default */
    char congestion[16];                             /* "": the kernel's default */
    bool nodelay;
};

/* Flow 0 carries the first direction; with 'both', flow 1 the other one. */
static inline bool net_stream_load_sends(const struct net_stream_options *options, uint32_t flow)
{
    return options->direction == NET_SEND || (options->direction == NET_BOTH && flow == 0);
}

/* NULL when there is no such workload. */
const struct workload_info *catalogue_find(const char *name);

/* The workloads in order; NULL past the end. */
const struct workload_info *catalogue_entry(size_t index);

/* The name that `name` was probably meant to be, or NULL. */
const char *catalogue_nearest(const char *name);

#endif
