/* summary.h - a run in few rows: each step, node under test and direction, over its rounds.
 *
 * What every report shows at first sight is decided here, so that they cannot differ: warm-up
 * trials and starts that were repeated do not count; trials that ended early or were disturbed count,
 * but give no figure; figures are those of the whole window on the coordinator's clock.
 */
#ifndef TARE_SUMMARY_H
#define TARE_SUMMARY_H

#include "base/err.h"
#include "result/model.h"
#include "stats/hist.h"

/* Of the trials that have the figure; without any, `count` is 0 and the others are NaN. */
struct spread {
    size_t count;
    double median, least, most, sum;
};

struct summary_row {
    int step;
    const char *node, *direction; /* borrowed from the run */
    int trials, used;             /* that count; of these, those that give figures */
    /* Of a node's parallel streams the sum of rates and counts, and the mean of the others. */
    struct spread throughput, sent; /* bit/s */
    struct spread transactions;     /* 1/s */
    struct spread loss;             /* share of what was sent */
    struct spread retransmits;
    struct spread rtt;                /* s */
    struct spread cpu_node, cpu_peer; /* s/GB, or s/transaction where there are transactions */
    struct hist *latencies;           /* owned; of the transactions of all used trials; NULL: there are none */
    enum verdict verdict;             /* the worst start of all */
    int verdict_trials;               /* how many of them are of it */
    const char *late;                 /* the node that VERDICT_LATE names, "" else */
    /* The farthest apart that any two first operations can have been, or that a single one can
     * have been from T: the pair with the largest |ns| + bound. */
    bool has_start;
    int64_t start_ns, start_bound_ns;
    const char *release; /* of a program that it starts, borrowed: RELEASE_EXEC where one of all was, "" for none */
};

/* The trials of a step in which several nodes loaded in one direction at once (total.h), over its
 * rounds; in the window in which all of them ran, where it is known: rates of different times make
 * no sum. */
struct summary_total {
    int step;
    const char *direction; /* borrowed from the run */
    size_t streams;        /* of one trial, the most of all */
    const char *unit;      /* of the rates; borrowed likewise */
    struct spread sum, least, most;
    struct spread jain;
};

/* A figure of a step that has several by name (laps.h): over the rounds, one row a node and figure. */
struct summary_figure {
    int step;
    const char *node, *name, *unit, *path; /* borrowed from the run */
    struct spread spread;
};

struct summary {
    struct summary_figure *figures; /* by step, node and place among the step's */
    size_t figure_count;
    struct summary_row *rows; /* by step, then in the order of the run's nodes */
    size_t row_count;
    struct summary_total *totals; /* by step */
    size_t total_count;
};

/* Borrows from `run`, which must outlive it. */
MUST_CHECK bool summary_of(const struct run *run, struct summary **summary, struct err *e);
void summary_destroy(struct summary **summary);

/* The worse of two verdicts, when one has to stand for several trials. */
enum verdict summary_worse(enum verdict a, enum verdict b);

/* Whether a trial is one of its row's; those that are not are reported all the same. */
bool summary_counts(const struct run *run, const struct trial *trial);

/* Whether its figures enter the row: it counts, went its whole time, and nothing from outside disturbed
 * it (flags `link`, `noisy` and `clock_fault`). Those that do not are kept and told of. */
bool summary_uses(const struct run *run, const struct trial *trial);

/* The flag by which a trial is left out of the row's figures; NULL where there is none. */
const struct flag *summary_disturbance(const struct trial *trial);

/* True when another node of the run reads the same /proc/stat: the price of a machine is then the
 * price of both. */
bool summary_shares_machine(const struct run *run, const struct run_node *node);

/* CPU time that the host spent on a stream, in seconds, its idle baseline taken off where one was
 * measured. For a host: its machine's, or its processes' where it shares the machine. For a guest:
 * its host's machine, when that is one of its own and ran no load itself. False when not known. */
bool summary_host_cpu_s(const struct run *run, const struct trial *trial, const struct stream *stream, double *seconds);

#endif
