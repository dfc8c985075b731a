/* model.h - what a run found out, as plain data: the one shape that figures are computed into,
 * the archive keeps and every report is made from. Names follow the archive's tables.
 *
 * Times are nanoseconds on the coordinator's RAW clock unless a name says otherwise.
 */
#ifndef TARE_MODEL_H
#define TARE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stats/meter.h"

enum { MODEL_NAME = 64, MODEL_STEP = 128, MODEL_TEXT = 256 };

/* Each list gives an enum and the word that archive and JSON use. */
#define RUN_STATUSES(X) X(RUNNING, "running") X(COMPLETE, "complete") X(PARTIAL, "partial") X(ABORTED, "aborted")
#define VERDICTS(X) X(TOGETHER, "together") X(LATE, "late") X(UNPROVEN, "unproven") X(SINGLE, "single") X(NONE, "none")
#define TRIAL_KINDS(X) X(MEASURE, "measure") X(WARMUP, "warmup")
#define STREAM_ROLES(X) X(LOAD, "load") X(WITNESS, "witness")
#define WINDOWS(X) X(WHOLE, "whole") X(COMMON, "common")
#define FIGURE_CLOCKS(X) X(COORDINATOR, "coordinator") X(OWN, "own")
#define COST_SCOPES(X) X(MACHINE, "machine") X(PROCESS, "process") X(DOMAIN, "domain")

#define MODEL_MEMBER(prefix, name, word) prefix##_##name,
#define RUN_STATUS_MEMBER(n, w) RUN_##n,
#define VERDICT_MEMBER(n, w) VERDICT_##n,
#define TRIAL_KIND_MEMBER(n, w) TRIAL_##n##_KIND,
#define STREAM_ROLE_MEMBER(n, w) STREAM_##n,
#define WINDOW_MEMBER(n, w) WINDOW_##n,
#define FIGURE_CLOCK_MEMBER(n, w) FIGURE_ON_##n,
#define COST_SCOPE_MEMBER(n, w) COST_##n,
enum run_status { RUN_STATUSES(RUN_STATUS_MEMBER) RUN_STATUS_COUNT };
enum verdict { VERDICTS(VERDICT_MEMBER) VERDICT_COUNT };
enum trial_kind { TRIAL_KINDS(TRIAL_KIND_MEMBER) TRIAL_KIND_COUNT };
enum stream_role { STREAM_ROLES(STREAM_ROLE_MEMBER) STREAM_ROLE_COUNT };
enum window { WINDOWS(WINDOW_MEMBER) WINDOW_COUNT };
enum figure_clock { FIGURE_CLOCKS(FIGURE_CLOCK_MEMBER) FIGURE_CLOCK_COUNT };
enum cost_scope { COST_SCOPES(COST_SCOPE_MEMBER) COST_SCOPE_COUNT };

const char *run_status_name(enum run_status s);
const char *verdict_name(enum verdict v);
const char *trial_kind_name(enum trial_kind k);
const char *stream_role_name(enum stream_role r);
const char *window_name(enum window w);
const char *figure_clock_name(enum figure_clock c);
const char *cost_scope_name(enum cost_scope s);
/* The reverse: -1 for a word that is not in the list. */
int run_status_from(const char *word);
int verdict_from(const char *word);
int trial_kind_from(const char *word);
int stream_role_from(const char *word);
int window_from(const char *word);
int figure_clock_from(const char *word);
int cost_scope_from(const char *word);

struct figure {
    char name[32]; /* "throughput", "retransmits", "rtt", ... */
    char unit[16]; /* "bit/s", "1", "s", ... */
    double value;
    enum window window;
    enum figure_clock clock;
    char path[64]; /* of the data: what the bytes went through; "" where that says nothing */
};

/* One end of one flow of bytes. The LOAD end is the node under test, the WITNESS the other one. */
struct stream {
    char node[MODEL_NAME], peer[MODEL_NAME];
    enum stream_role role;
    char direction[16];                     /* "send" or "receive", seen from `node` */
    bool operates;                          /* does the first operation, so it enters the skew */
    int64_t first_op_ns, first_op_bound_ns; /* coordinator's clock, +- bound; 0, 0 when never */
    int64_t last_op_ns, last_op_bound_ns;
    int64_t own_elapsed_ns; /* last - first on the node's own clock */
    char gate[16];          /* how it waited for T: fifo, spin, sleep; "" where it did not */
    struct figure *figures; /* owned */
    size_t figure_count;
    struct meter_point *points; /* owned; the node's own RAW clock */
    size_t point_count;
};

struct clock_fit {
    char node[MODEL_NAME];
    int64_t offset_ns, bound_ns; /* node's clock - coordinator's, at T */
    double ppm, ppm_bound;       /* the node's clock runs faster by this */
    double wander_ppm;           /* assumed */
    char stamps[16];             /* where the stamps come from: "user" */
    int probes;
};

struct cost {
    char node[MODEL_NAME];
    enum cost_scope scope;
    int64_t wall_ns; /* of the observation, on the node's own clock */
    int cpus;
    /* used: wall x CPUs - idle - iowait - steal for a machine, the scheduler's time for a process;
     * the parts are what the kernel's ticks say and need not add up to it. */
    int64_t used_ns, user_ns, sys_ns, iowait_ns, steal_ns;
    int64_t idle_baseline_ns; /* used in the same time without work; -1 when not measured */
};

struct skew {
    char a[MODEL_NAME], b[MODEL_NAME];
    int64_t ns, bound_ns; /* first operation of a minus that of b */
};

struct flag {
    int stream;    /* index into the trial's streams, -1 for the trial */
    char kind[24]; /* "noisy", "link", "clock", "partial", ... */
    double value, limit;
    char text[MODEL_TEXT];
};

struct trial {
    int step, round, block, idx, attempt; /* as the plan has them */
    int order;                            /* place of the trial among all of the run, from 0 */
    enum trial_kind kind;
    int64_t at_ns;      /* T; 0 when it never was armed */
    int64_t at_real_ns; /* T as wall-clock time, for people */
    enum verdict verdict;
    char late[MODEL_NAME];  /* the node that VERDICT_LATE names */
    char guest_state[16];   /* "" where there is none */
    bool partial;           /* ended before its time */
    char why[MODEL_TEXT];   /* ... and why */
    struct stream *streams; /* each of these arrays is owned */
    size_t stream_count;
    struct clock_fit *clocks;
    size_t clock_count;
    struct cost *costs;
    size_t cost_count;
    struct skew *skews;
    size_t skew_count;
    struct flag *flags;
    size_t flag_count;
};

struct run_node {
    char name[MODEL_NAME], role[16], instance[40], boot_id[40], product[64], version[32], address[64];
    char *fingerprint; /* owned; JSON text */
};

struct run_step {
    char name[MODEL_STEP], workload[MODEL_NAME], when[16], to[MODEL_NAME];
    char *options; /* owned; JSON text, every option with its resolved value */
};

struct run {
    char uuid[40];
    int64_t no; /* short number, given by the archive */
    char scenario[MODEL_NAME];
    char *scenario_text, *overrides; /* owned; overrides is "" without any */
    uint64_t seed;
    int schema;       /* of the scenario */
    char version[64]; /* of tare */
    enum run_status status;
    char why[MODEL_TEXT];                   /* what ended it early */
    int64_t started_real_ns, ended_real_ns; /* UTC; ended 0 while it runs */
    int rounds;
    int64_t tolerance_ns;
    struct run_node *nodes; /* owned arrays */
    size_t node_count;
    struct run_step *steps;
    size_t step_count;
    struct trial *trials;
    size_t trial_count;
};

/* Free what they own and clear them; NULL and half-filled ones are fine. */
void trial_clear(struct trial *trial);
void run_destroy(struct run **run);

/* Append a zeroed element and return it; NULL when memory is out. */
struct stream *trial_add_stream(struct trial *trial);
struct clock_fit *trial_add_clock(struct trial *trial);
struct cost *trial_add_cost(struct trial *trial);
struct skew *trial_add_skew(struct trial *trial);
bool trial_add_flag(struct trial *trial, int stream, const char *kind, double value, double limit, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
bool stream_add_figure(struct stream *stream, const char *name, const char *unit, double value, enum window window,
                       enum figure_clock clock);
const struct figure *stream_figure(const struct stream *stream, const char *name, enum window window,
                                   enum figure_clock clock);
struct trial *run_add_trial(struct run *run);
struct run_node *run_add_node(struct run *run);
struct run_step *run_add_step(struct run *run);

#endif
