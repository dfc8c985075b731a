/* part.h - one part of a trial on this machine: what a workload implements.
 *
 * A workload prepares a part (slow, untimed), giving it flows; each flow runs on a thread of its
 * own from the trial's instant on, writes into its meter and nothing else. When the measured time
 * is over the part is told to stop; when the trial is dropped, to abort. But for `run` everything
 * is called on the part's own thread, so a workload needs no lock.
 */
#ifndef TARE_PART_H
#define TARE_PART_H

#include "agent/start_gate.h"
#include "base/err.h"
#include "catalogue/boot_options.h"
#include "catalogue/catalogue.h"
#include "catalogue/compile_options.h"
#include "catalogue/cpu_options.h"
#include "catalogue/file_options.h"
#include "catalogue/micro_options.h"
#include "flow/tcp_crr.h"
#include "flow/udp_stream.h"
#include "netperf/netperf_outcome.h"
#include "stats/meter.h"
#include "wire/message.h"

enum {
    PART_FLOWS_MAX = 64,
    PART_CONCLUDE_MS = 5000, /* the coordinator waits for a second longer */
};

struct net_loop;
struct part;
struct stock;

struct part_flow {
    struct meter meter;
    struct part *part;
    uint32_t number;
    bool starts; /* does a first operation at T, so it waits at the gate */
    struct flow *flow;
    struct start_gate gate; /* where it starts; shut behind it by its crew, if it has not been left before */
    int64_t measure_ns;     /* RAW: when the warm-up is over; known when it runs */
    struct flow_times times;
    struct flow_tcp_info tcp;
    struct udp_counts counts;
    struct hist *latencies;      /* owned by the part; NULL: none are taken */
    struct stock *stock;         /* owned by the part; the netserver that it is measured against, else NULL */
    struct netperf_outcome said; /* what that told of it ... */
    bool has_said;               /* ... if it did */
    char unsaid[160];            /* else why not */
    bool opens;                  /* its first operation is to connect to `opens_to`, at T: who sends begins with it */
    struct address opens_to;
    /* Points on the way are what the other side has acknowledged: no agent there counts what arrives. */
    bool counts_acknowledged;
    char route[LAP_ROUTE]; /* what the work goes through, for the figure's path; "" where that says nothing */
};

/* One of the things that a workload does one after the other (lap.h). */
struct part_lap {
    uint32_t test, number;
    int64_t first_ns, last_ns; /* RAW */
    int64_t counters[LAP_COUNTERS_MAX];
    const struct hist *times; /* NULL where it has none */
};

/* Whether it waits for the instant. */
static inline bool part_flow_is_gated(const struct part_flow *f) { return f->starts || f->opens; }

struct workload {
    const char *name;            /* as in the catalogue */
    uint32_t part;               /* PART_LOAD or PART_SERVE */
    const struct net_loop *loop; /* of a network workload, for net_part.c; else NULL */
    const char *right;           /* what the agent's --allow must have granted; NULL: nothing */
    bool passes_gate; /* run() does, right in front of the first operation; else the crew, in front of run() */

    /* Make everything ready, up to saying where others connect (part->port); set flow_count, and
     * `starts` of each flow. Waits end when part->cancel_fd becomes readable. */
    bool (*prepare)(struct part *part, struct err *e);
    /* What is left once READY has been sent: a serving part waits for its connections. May be NULL. */
    bool (*connect)(struct part *part, struct err *e);
    /* Between ARM and the instant `at_ns` (RAW): what may not be done earlier. May be NULL. A flow whose time
     * has come waits for it. */
    bool (*approach)(struct part *part, int64_t at_ns, struct err *e);
    /* At ARM, `flow->gate` says for what: whether another than the flow's thread waits at the gate, as a program that
     * it starts; run() is then called at once and tells of it. May be NULL. */
    bool (*hand_over)(struct part_flow *flow);
    /* One flow, from the moment the gate opened for it, or shortly before; one that does not start, from ARM on. */
    bool (*run)(struct part_flow *flow, struct err *e);
    /* While run() is at work on other threads: end in order / break now, so that all return. */
    void (*stop)(struct part *part);
    void (*abort)(struct part *part);
    /* When all flows are over: hear what others have to say of them, within PART_CONCLUDE_MS. May be NULL. */
    void (*conclude)(struct part *part);
    /* Give back what prepare and connect took, also half of it; no run() is at work. */
    void (*release)(struct part *part);
};

struct part {
    const struct workload *workload;
    struct message_prepare order;
    union {
        struct workload_times times;
        struct net_any_options net; /* of every network workload the beginning */
        struct net_stream_options net_stream;
        struct net_rr_options net_rr;
        struct udp_stream_options udp_stream;
        struct file_options file;
        struct cpu_options cpu;
        struct micro_options micro;
        struct compile_options compile;
        struct boot_options boot;
    } options;
    void *service; /* what the agent's own service is, for a workload that is done by it; NULL without one */
    int cancel_fd;
    int listen_fd; /* of a serving part, else -1 */
    uint32_t port;
    struct flow_options sockets; /* of a network workload: what its options and order ask of each socket */
    struct tcp_crr_target crr;   /* of net_crr: where each connection goes, and how it begins */
    void *own;                   /* what else the workload keeps; released by it */
    uint32_t flow_count;
    struct part_flow flows[PART_FLOWS_MAX];
};

/* From within run(): tell what has been done. */
void part_tell_lap(struct part_flow *flow, const struct part_lap *lap);

#endif
