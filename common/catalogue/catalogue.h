/* catalogue.h - what can be run: one entry a workload. Data, no code. */
#ifndef TARE_CATALOGUE_H
#define TARE_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue/lap.h"
#include "schema/schema.h"

/* What a workload's figures are made of. */
enum workload_kind {
    WORKLOAD_STREAM,       /* bytes that arrived */
    WORKLOAD_TRANSACTIONS, /* requests that had their responses, and how long each took */
    WORKLOAD_DATAGRAMS,    /* bytes that arrived, and those that did not */
    WORKLOAD_LAPS,         /* things done one after the other, each with counters of its own; it ends by itself */
};

/* Options that every workload has, first in its own struct. */
struct workload_times {
    int64_t length_ns; /* measured time */
    int64_t warmup_ns; /* runs after the start and lies outside every figure */
};

/* How long a trial takes. */
struct workload_time {
    int64_t prepare_ns; /* until it is ready, at most */
    int64_t warmup_ns;
    int64_t usual_ns; /* measured: as a person may expect it */
    int64_t ready_ns; /* usual, of the preparation, where that is more than a moment */
    int64_t most_ns;  /* when nobody waits any longer; more than usual where the workload ends by itself */
};

/* Values of options, each with each, that go by a name of their own (scenario/matrix.h). */
struct workload_matrix {
    const char *name;
    const char *axes;                   /* "file=64KiB..512MiB record=4KiB..16MiB" */
    bool (*takes)(const void *options); /* whether a cell belongs to it */
};

struct workload_info {
    const char *name;
    const char *doc;             /* one line */
    const char *first_operation; /* what the start stamp of a stream is taken in front of */
    const char *text;            /* lines for the help: what its figures are, and what to know of them */
    enum workload_kind kind;
    const struct schema *options;
    bool needs_peer;                                   /* the step must say `to:`, a peer */
    bool needs_guest;                                  /* ... a guest of its node, which its agent starts and ends */
    const struct lap_kind *laps;                       /* of WORKLOAD_LAPS, else NULL */
    struct workload_time (*time)(const void *options); /* likewise */
    const char *(*source)(const void *options);        /* the source tree that it builds; NULL where it builds none */
    /* The option that does not go with the others, why in `e`; NULL where all go together. NULL: any do. */
    const char *(*misfit)(const void *options, struct err *e);
    const struct workload_matrix *matrix; /* NULL: it has none of a name */
    /* So many times as long its trials take an emulated guest; 0: as long, for they end when their length is over. */
    double emulated_least, emulated_most;
};

/* Second in the struct of every network workload, behind the times. */
struct net_options {
    int direction; /* enum net_direction, seen from the node under test; NET_SEND where it is no option */
    int64_t streams;
    int64_t send_buffer_bytes, receive_buffer_bytes; /* 0: the kernel's default */
    char congestion[16];                             /* "": the kernel's default */
    bool nodelay;
};

enum { NET_STREAMS_MOST = 32 };

enum net_direction { NET_SEND, NET_RECEIVE, NET_BOTH, NET_SENDFILE };
enum net_rcvlowat { NET_RCVLOWAT_AUTO, NET_RCVLOWAT_OFF };

/* What all of them begin with. */
struct net_any_options {
    struct workload_times times;
    struct net_options net;
};

struct net_stream_options {
    struct workload_times times;
    struct net_options net;
    int64_t message_bytes;
    int rcvlowat; /* enum net_rcvlowat */
};

/* net_rr, net_crr, udp_rr */
struct net_rr_options {
    struct workload_times times;
    struct net_options net;
    int64_t request_bytes, response_bytes;
    int64_t interval_ns; /* 0: none */
};

struct udp_stream_options {
    struct workload_times times;
    struct net_options net;
    int64_t message_bytes;
    int64_t bits_per_s; /* 0: as fast as it goes */
};

/* How many flows a network workload has: with 'both' the first half goes the one way. */
static inline uint32_t net_flow_count(const struct net_options *net)
{
    return (uint32_t)net->streams * (net->direction == NET_BOTH ? 2 : 1);
}

/* Whether the node under test does the first operation of a flow: it sends or asks; else its peer sends. */
static inline bool net_load_sends(const struct net_options *net, uint32_t flow)
{
    return net->direction == NET_BOTH ? flow < net->streams : net->direction != NET_RECEIVE;
}

/* Of a step with these options, which belong to the workload; NULL is one that takes as long as its times say. */
struct workload_time catalogue_time(const struct workload_info *workload, const void *options);

/* Two programs with the same number mean the same by the workload's options and by what its laps tell. */
uint64_t catalogue_signature(const struct workload_info *workload);

/* NULL when there is no such workload. */
const struct workload_info *catalogue_find(const char *name);

/* The workloads in order; NULL past the end. */
const struct workload_info *catalogue_entry(size_t index);

/* The name that `name` was probably meant to be, or NULL. */
const char *catalogue_nearest(const char *name);

#endif
