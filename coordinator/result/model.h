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

#include "base/err.h"
#include "stats/meter.h"

enum { MODEL_NAME = 64, MODEL_STEP = 128, MODEL_TEXT = 256 };

/* Each list gives an enum, and the words that archive and JSON use for its members. */
#define RUN_STATUSES(X)         \
    X(RUN_RUNNING, "running")   \
    X(RUN_COMPLETE, "complete") \
    X(RUN_PARTIAL, "partial")   \
    X(RUN_ABORTED, "aborted")
#define VERDICTS(X)                 \
    X(VERDICT_TOGETHER, "together") \
    X(VERDICT_LATE, "late")         \
    X(VERDICT_UNPROVEN, "unproven") \
    X(VERDICT_SINGLE, "single")     \
    X(VERDICT_NONE, "none")
/* To what the work of a guest's host was kept, as enum confine has them: nothing; as many CPUs and as much memory as
 * the guest has; that, and the guest's own processes to the same CPUs. */
#define CONFINED_HOWS(X) X(CONFINED_NOT, "none") X(CONFINED_VISIBLE, "visible") X(CONFINED_ENVELOPE, "envelope")
#define TRIAL_KINDS(X) X(TRIAL_MEASURE_KIND, "measure") X(TRIAL_WARMUP_KIND, "warmup")
#define STREAM_ROLES(X) X(STREAM_LOAD, "load") X(STREAM_WITNESS, "witness") X(STREAM_DOMAIN, "domain")
#define FIGURE_WINDOWS(X) X(WINDOW_WHOLE, "whole") X(WINDOW_COMMON, "common")
#define FIGURE_CLOCKS(X) X(FIGURE_ON_COORDINATOR, "coordinator") X(FIGURE_ON_OWN, "own")
#define LIMITED_BY(X)              \
    X(LIMIT_WIRE, "wire")          \
    X(LIMIT_DEVICE, "device")      \
    X(LIMIT_CPU, "cpu")            \
    X(LIMIT_PEER, "peer")          \
    X(LIMIT_CACHE, "memory-cache") \
    X(LIMIT_UNKNOWN, "unknown")
/* A guest's, as its host sees it: all of its process and what serves it (domain), and of that its vCPUs,
 * vhost's workers, and the rest of QEMU. Of a host `unattributed`: what its machine used beyond its idle
 * baseline and is neither a domain's nor a process' of a node, where that is more than 5 % of it. */
#define COST_SCOPES(X)         \
    X(COST_MACHINE, "machine") \
    X(COST_PROCESS, "process") \
    X(COST_DOMAIN, "domain")   \
    X(COST_VCPU, "vcpu") X(COST_VHOST, "vhost") X(COST_EMULATOR, "emulator") X(COST_UNATTRIBUTED, "unattributed")

#define MOMENTS(X) X(MOMENT_BEFORE, "before") X(MOMENT_AFTER, "after")

/* the enum, its list, how many members it has */
#define MODEL_ENUMS(E)                                 \
    E(run_status, RUN_STATUSES, RUN_STATUS_COUNT)      \
    E(verdict, VERDICTS, VERDICT_COUNT)                \
    E(trial_kind, TRIAL_KINDS, TRIAL_KIND_COUNT)       \
    E(confined_how, CONFINED_HOWS, CONFINED_HOW_COUNT) \
    E(stream_role, STREAM_ROLES, STREAM_ROLE_COUNT)    \
    E(window, FIGURE_WINDOWS, WINDOW_COUNT)            \
    E(figure_clock, FIGURE_CLOCKS, FIGURE_CLOCK_COUNT) \
    E(cost_scope, COST_SCOPES, COST_SCOPE_COUNT)       \
    E(limited_by, LIMITED_BY, LIMITED_BY_COUNT)        \
    E(moment, MOMENTS, MOMENT_COUNT)

/* The words of an enum, for code that treats all of them alike. */
struct words {
    const char *const *text;
    int count;
};

/* "?" for a value that is not in the list; -1 for a word that is not. */
const char *words_name(const struct words *words, int value);
int words_find(const struct words *words, const char *word);

/* For each enum: verdict_words, verdict_name() and verdict_from(), which gives -1 for a word that
 * is not in the list. */
#define MODEL_MEMBER(name, word) name,
#define MODEL_ENUM(type, LIST, COUNT)         \
    enum type { LIST(MODEL_MEMBER) COUNT };   \
    extern const struct words type##_words;   \
    const char *type##_name(enum type value); \
    int type##_from(const char *word);
MODEL_ENUMS(MODEL_ENUM)

#define FLAG_OUTSIDE "outside" /* of a flag: what the trial's envelope could not be put around */
#define CLOCK_FAULT \
    "clock_fault"             /* a flag: figures on the coordinator's clock are estimates, and enter no comparison */
#define PRICE_TAX "idle_tax_" /* and a guest's name: the CPUs that it took while it had no work (price.h) */

struct figure {
    char name[48]; /* "throughput", "retransmits", "rtt", ... */
    char unit[16]; /* "bit/s", "1", "s", ... */
    double value;
    enum window window;
    enum figure_clock clock;
    char path[512]; /* of the data: what the bytes went through; "" where that says nothing */
};

/* Whether a figure of this name is what a guest's host saw or did meanwhile (price.h), not what the stream did. */
bool figure_is_of_host(const char *name);

/* One of the things that a stream did one after the other, as its node told it: what its figures are made of. */
struct lap {
    char test[32];             /* "read", "idea", ... */
    int number;                /* among those of the test */
    int64_t first_ns, last_ns; /* the node's own RAW clock */
    char *counters;            /* owned; a JSON object of whole numbers */
    struct {
        unsigned char *bytes; /* owned */
        size_t size;
    } times; /* a histogram of single operations (hist.h), packed; of size 0: none */
};

/* Executed and linked before T, and held in front of its `main`; or executed at T. */
#define RELEASE_PRELOADED "preloaded"
#define RELEASE_EXEC "exec"

/* One end of one flow of bytes. The LOAD end is the node under test, the WITNESS the other one. The DOMAIN is none of
 * them: what a guest (`node`) had used in all, as its host (`peer`) saw it about ten times a second; of its points,
 * by the host's clock, `bytes` are ns of CPU and `operations` ns in which it was not running. */
struct stream {
    char node[MODEL_NAME], peer[MODEL_NAME];
    enum stream_role role;
    char direction[16];                     /* "send" or "receive", seen from `node` */
    bool operates;                          /* does the first operation, so it enters the skew */
    int64_t first_op_ns, first_op_bound_ns; /* coordinator's clock, +- bound; 0, 0 when never */
    int64_t last_op_ns, last_op_bound_ns;
    int64_t own_first_op_ns; /* as the node's own RAW clock had it; 0 when never */
    int64_t own_elapsed_ns;  /* last - first on it */
    char gate[16];           /* how it waited for T: fifo, spin, sleep; "" where it did not */
    char release[16];        /* where a program that it starts was held until T: RELEASE_...; "" where there is none */
    /* Not earlier than the flow's first bytes arrived here, by this end's kernel; 0, 0 where they leave
     * from, or the kernel did not tell. */
    int64_t arrived_ns, arrived_bound_ns;
    struct figure *figures; /* owned */
    size_t figure_count;
    struct meter_point *points; /* owned; the node's own RAW clock */
    size_t point_count;
    unsigned char *latencies; /* owned; a histogram of its transactions' times (hist.h), packed; NULL: none */
    size_t latencies_size;
    struct lap *laps; /* owned */
    size_t lap_count;
};

struct clock_fit {
    char node[MODEL_NAME];
    int64_t offset_ns, bound_ns; /* node's clock - coordinator's, at T */
    double ppm, ppm_bound;       /* the node's clock runs faster by this */
    double wander_ppm;           /* assumed */
    char stamps[16];             /* where most of the probes' stamps come from (stamp_kind.h) */
    int probes;
};

/* What a node's kernel did to its clocks before the trial, from ARM on, or after it (observe/timekeeping.h). */
struct kernel_clock {
    char node[MODEL_NAME];
    enum moment moment;
    int64_t own_ns; /* when, on the node's own RAW clock */
    double ppm;     /* MONOTONIC and REALTIME run faster than RAW by this; NaN where the kernel does not tell */
    int64_t offset_ns, slew_ns; /* still to be made up: by the kernel's own loop, of adjtime(3) */
    int64_t error_ns;           /* how far its wall clock may be off, as the kernel has been told */
    bool synchronized;
    char status[64];      /* "pll nano", of STA_*; "" for none */
    char clocksource[32]; /* "" where it is not told */
    char why[80];         /* it is not known; "" where it is */
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

/* What CPUs did around T: a node's, as it saw them itself, or a guest's, as its host saw them. -1: not told. */
struct around {
    char node[MODEL_NAME], seen_by[MODEL_NAME];
    int cpus;
    int64_t from_ns, to_ns; /* after T, by the clock of who saw it; before T is negative */
    int64_t run_ns, wait_ns,
        worst_ns;     /* vCPUs: on a CPU; ready without one, all of them and the one that was longest */
    int64_t steal_ns; /* in ticks of 10 ms */
};

struct flag {
    int stream;    /* index into the trial's streams, -1 for the trial */
    char kind[24]; /* "noisy", "link", "clock", "partial", ... */
    double value, limit;
    char text[MODEL_TEXT];
};

struct confined {
    enum confined_how how;
    char cpus[128]; /* the CPUs, "0-1,3"; "" without */
    int64_t bytes;  /* of memory; 0 without */
};

struct trial {
    int step, round, block, idx, attempt; /* as the plan has them */
    int order;                            /* place of the trial among all of the run, from 0 */
    char block_order[16];                 /* how the block's trials are ordered: "written", "random", "abba" */
    enum trial_kind kind;
    int64_t at_ns;      /* T; 0 when it never was armed */
    int64_t at_real_ns; /* T as wall-clock time, for people */
    enum verdict verdict;
    char late[MODEL_NAME];    /* the node that VERDICT_LATE names */
    char guest_state[16];     /* "" where there is none */
    struct confined confined; /* its host under test */
    bool partial;             /* ended before its time */
    char why[MODEL_TEXT];     /* ... and why */
    struct stream *streams;   /* each of these arrays is owned */
    size_t stream_count;
    struct clock_fit *clocks;
    size_t clock_count;
    struct kernel_clock *kernel_clocks;
    size_t kernel_clock_count;
    struct cost *costs;
    size_t cost_count;
    struct skew *skews;
    size_t skew_count;
    struct around *arounds;
    size_t around_count;
    struct flag *flags;
    size_t flag_count;
};

struct run_node {
    char name[MODEL_NAME], role[16], instance[40], boot_id[40], product[64], version[32], address[64];
    char on[MODEL_NAME]; /* a guest's host, as the scenario says; "" where it does not */
    char *fingerprint;   /* owned; JSON text */
};

struct run_step {
    char name[MODEL_STEP], workload[MODEL_NAME], when[16], to[MODEL_NAME];
    char *options; /* owned; JSON text, every option with its resolved value */
};

/* How the scenario wants the trials repeated and compared. Not in the archive: the scenario's text is,
 * and whoever needs it reads it there. Zeroed it is what a scenario says that says nothing. */
struct run_design {
    char base[MODEL_NAME];    /* "": the run's only host */
    char (*with)[MODEL_NAME]; /* owned; none: every other node of the step */
    size_t with_count;
    double until; /* the half-width at which a step is known well enough, 0.03; 0: nothing is asked */
    int least;    /* rounds of each step all the same */
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
    char *left_out;                         /* owned; steps that could not be run, "step: why" a line; NULL as "" */
    int64_t started_real_ns, ended_real_ns; /* UTC; ended 0 while it runs */
    int rounds;
    int64_t tolerance_ns;
    struct run_node *nodes; /* owned arrays */
    size_t node_count;
    struct run_step *steps;
    size_t step_count;
    struct trial *trials;
    size_t trial_count;
    struct run_design design;
};

/* Free what they own and clear them; NULL and half-filled ones are fine. */
void trial_clear(struct trial *trial);
void run_clear(struct run *run);
void run_destroy(struct run **run);

/* Append a zeroed element and return it; NULL when memory is out. Earlier elements may move. */
struct stream *trial_add_stream(struct trial *trial);
struct clock_fit *trial_add_clock(struct trial *trial);
struct kernel_clock *trial_add_kernel_clock(struct trial *trial);
struct cost *trial_add_cost(struct trial *trial);
struct skew *trial_add_skew(struct trial *trial);
struct around *trial_add_around(struct trial *trial);
struct trial *run_add_trial(struct run *run);
struct run_node *run_add_node(struct run *run);
struct run_step *run_add_step(struct run *run);

/* The newest instance of a node, NULL where none joined. */
const struct run_node *run_find_node(const struct run *run, const char *name);

/* Append a zeroed lap, likewise. */
struct lap *stream_add_lap(struct stream *stream);

/* False when memory is out. A value that is not finite is no figure: nothing is added. */
bool stream_add_figure(struct stream *stream, const char *name, const char *unit, double value, enum window window,
                       enum figure_clock clock);
bool trial_add_flag(struct trial *trial, int stream, const char *kind, double value, double limit, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* NULL where there is none. */
const struct figure *stream_figure(const struct stream *stream, const char *name, enum window window,
                                   enum figure_clock clock);
/* What the stream did, as a rate: its throughput (bit/s) or its transactions (1/s) in the window, on the
 * coordinator's clock. NULL where there is none. */
const struct figure *stream_rate(const struct stream *stream, enum window window);
/* The figure of that name to show when only one can be: of the whole window on the coordinator's
 * clock if there is one, else the first. */
const struct figure *stream_main_figure(const struct stream *stream, const char *name);

#endif
