/* raw.h - what the nodes reported of one trial, as it came: counters, and stamps of their own clocks.
 */
#ifndef TARE_RAW_H
#define TARE_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "catalogue/catalogue.h"
#include "result/model.h"
#include "stamp/stamp_kind.h"
#include "stats/meter.h"
#include "sync/bounds.h"
#include "wire/message.h"

enum {
    RAW_POINTS_MAX = 16 * 1000 * 1000, /* of one end: 44 hours at one every 10 ms */
    RAW_LAPS_MAX = 20 * 1000,
};

/* What the trial's figures are made of. */
enum raw_kind { RAW_STREAM, RAW_TRANSACTIONS, RAW_DATAGRAMS, RAW_LAPS };

enum raw_count { RAW_BYTES, RAW_OPERATIONS };

struct raw_node {
    char name[MODEL_NAME], boot_id[40];
    char machine[40];            /* boot_id of the physical machine: for a guest its host's */
    char address[64];            /* where others connect to for the measured data */
    bool is_stock;               /* a stock netserver, which reports nothing by itself: its flows have one end */
    const struct bounds *bounds; /* borrowed: its clock against the coordinator's */
    uint32_t probes;
    enum stamp_kind stamps; /* where most of their stamps come from */
    uint32_t wall_moves;    /* so many times its wall clock was seen to be moved; tare goes by none */
    int64_t at_ns;          /* T on its own clock; 0 when it was not armed */
    bool is_done;
    struct message_done done;
    struct message_timekeeping timekeeping[MOMENT_COUNT];
    bool has_timekeeping[MOMENT_COUNT];
    struct message_around around; /* cpus 0: it has told nothing */
    int64_t worst_gap_ns;         /* between two signs of life during the trial */
};

/* What a host saw of a guest while the trial ran, or, with an empty guest, of itself. */
struct raw_watched {
    char host[MODEL_NAME];
    struct message_watched use;
    int64_t idle_rate; /* of the host, ns a second; -1 where it was not measured */
};

/* What a guest's domain had used in all, as its host saw it about ten times a second. Of its points, by the host's
 * clock, `bytes` are ns of CPU, `operations` those ns of the series in which it was not running. */
struct raw_domain {
    char host[MODEL_NAME], guest[MODEL_NAME];
    struct meter_point *points; /* owned */
    size_t point_count, point_room;
};

/* One of the things that a flow has done (lap.h). */
struct raw_lap {
    uint32_t test, number;
    int64_t first_ns, last_ns; /* the node's own clock */
    int64_t counters[LAP_COUNTERS_MAX];
    unsigned char *times; /* owned; a histogram as hist_pack writes it, NULL where there is none */
    size_t times_size;
};

/* One end of one flow. */
struct raw_end {
    size_t node, other; /* indexes into the trial's nodes */
    enum stream_role role;
    uint32_t job, flow;
    bool is_over; /* `stream` has come */
    struct message_stream stream;
    bool has_netserver; /* `netserver` has come */
    struct message_netserver netserver;
    struct meter_point *points; /* owned */
    size_t point_count, point_room;
    struct raw_lap *laps; /* owned */
    size_t lap_count;
};

struct raw_trial {
    enum raw_kind kind;
    const struct workload_info *workload; /* these two borrowed: what was run, and how */
    const void *options;
    int64_t at_ns; /* T on the coordinator's clock; 0 when it was not armed */
    int64_t warmup_ns, length_ns, tolerance_ns;
    struct confined confined;
    char outside[200];      /* what of the guest's envelope is outside it; "" */
    double clock_limit_ppm; /* a clock that surely runs off by more is flagged */
    struct raw_node *nodes; /* owned */
    size_t node_count;
    struct raw_end *ends; /* owned; by job and flow, the load's end first */
    size_t end_count;
    struct raw_watched *watched; /* owned */
    size_t watched_count;
    struct raw_domain *domains; /* owned */
    size_t domain_count;
};

void raw_clear(struct raw_trial *raw);

/* NULL when there is none such. */
struct raw_end *raw_end(const struct raw_trial *raw, size_t node, uint32_t job, uint32_t flow);
const struct raw_end *raw_opposite(const struct raw_trial *raw, const struct raw_end *end);

/* Put the end of a flow in its place, whoever is heard first: the first word of it, a SAMPLE or a STREAM,
 * makes it known. Others may move. NULL when memory is out or there are too many. */
struct raw_end *raw_add_end(struct raw_trial *raw, size_t node, size_t other, enum stream_role role, uint32_t job,
                            uint32_t flow);

/* Append what a host saw. NULL when memory is out or there are too many. */
struct raw_watched *raw_add_watched(struct raw_trial *raw);

/* Append a point of a domain's series. False where memory is out, there are too many, or its stamp goes back. */
bool raw_add_domain(struct raw_trial *raw, const char *host, const struct message_watching *m);

/* The one of that guest; NULL without. */
const struct raw_domain *raw_domain(const struct raw_trial *raw, const char *guest);

/* Append what a SAMPLE holds, from an untrusted blob: its points must follow on those that are
 * there; false else, and nothing has changed. */
MUST_CHECK bool raw_add_points(struct raw_end *end, const unsigned char *blob, size_t size, struct err *e);

/* Append what a LAP holds, from an untrusted message: one of the workload's tests, not heard of before, as many
 * counters as it has and none below 0, stamps in order. False else, and nothing has changed. */
MUST_CHECK bool raw_add_lap(struct raw_end *end, const struct lap_kind *kind, const struct message_lap *m,
                            struct err *e);

/* NULL when there is none such. */
const struct raw_lap *raw_lap(const struct raw_end *end, uint32_t test, uint32_t number);

/* The bytes or operations that the end had counted when its node's clock read `node_ns`: between two points in
 * proportion, before T none, after the last operation all. */
double raw_count_at(const struct raw_trial *raw, const struct raw_end *end, enum raw_count what, int64_t node_ns);

#endif
