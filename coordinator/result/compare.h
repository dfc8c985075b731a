/* compare.h - two nodes side by side: for each step, direction and figure that both have, the ratio
 * with its interval, what limits each side, what the work cost, and whether they are like for like.
 *
 * A pair is what both nodes did in one block (a step within a round). The ratio is that of the second
 * node to the first: a guest against its host. Left out of it, counted and told: trials that ended
 * early, were disturbed (flags `noisy`, `link`), or measured by a clock that stepped or changed its rate (flag
 * `clock_fault`) or runs off beyond its limit (flag `clock` with one), and bad starts: `late` ones, and of nodes that
 * started together `unproven` ones as well. Of a node alone an unproven start is none: its figures lie between its own
 * first and last operation. Nor is a late one of a node that works by itself, with no other end (laps).
 *
 * Pure, and from the archive's model alone: an old run is compared by the same code as a new one.
 */
#ifndef TARE_COMPARE_H
#define TARE_COMPARE_H

#include "result/label.h"
#include "result/limits.h"
#include "result/ratio.h"

enum { COMPARE_LEFT_MAX = 8, COMPARE_OUTLIERS_MAX = 16 };

/* A difference that is shown to be smaller than this counts as none, where the scenario names no `until`. */
#define COMPARE_MARGIN 0.03

#define COMPARE_VERDICTS(X)                \
    X(COMPARE_TOO_FEW, "too few blocks")   \
    X(COMPARE_SAME_LIMIT, "same limit")    \
    X(COMPARE_DIFFERENT, "different")      \
    X(COMPARE_WITHIN, "within the margin") \
    X(COMPARE_NOT_FOUND, "no difference found")
#define COMPARE_VERDICT(name, word) name,
enum compare_verdict { COMPARE_VERDICTS(COMPARE_VERDICT) COMPARE_VERDICT_COUNT };
const char *compare_verdict_name(enum compare_verdict verdict);

/* One node in the trials that are compared. */
struct compare_side {
    const struct run *run; /* borrowed, as all texts */
    const char *node;
    double mean;          /* harmonic for rates, arithmetic for times */
    double median, mad;   /* the median, and the median distance from it */
    struct limits limits; /* the medians over the trials */
    enum limited_by limited_by;
    double price; /* host CPU for what it did, in `price_unit`, mean; NaN where not known */
    const char *price_unit;
    double ppm, ppm_bound; /* of its clock, where |ppm| + bound was largest; NaN where not known */
    enum verdict start;    /* the worst, of those that were left out too */
};

/* Why pairs are left out of the ratio. */
struct compare_left {
    const char *why; /* "noisy", "late start", "ended early", ... */
    size_t count;
};

struct comparison {
    int step, with_step;   /* indexes into the runs' steps */
    const char *direction; /* "send", ...; "" */
    const char *figure, *unit;
    bool is_higher_better;
    bool is_headline;      /* what the step is run for; the others explain it */
    bool is_row;           /* stands in the table beside it */
    size_t members;        /* it is the geometric mean of so many figures; 0: one of its own */
    const char *member_of; /* the figure that is such a mean, of this one too; NULL: none */
    bool is_together;      /* both nodes in the same trials */
    struct compare_side base, with;
    struct compare_left left[COMPARE_LEFT_MAX];
    size_t left_count;
    struct ratio ratio;                 /* its `count` is that of the pairs */
    double margin, within;              /* the interval lies between 1 - within and 1 + within; NaN without one */
    int outliers[COMPARE_OUTLIERS_MAX]; /* rounds, from 0 */
    size_t outlier_count;
    enum compare_verdict verdict;
    struct label label;
};

/* By step, node and direction; of those the headline first, but last where both sides are at the same
 * limit: then cost and latency lead. */
struct comparisons {
    struct comparison *list; /* owned */
    size_t count;
};

/* What the run's design names; else its only host against every other node of its steps. Borrows from
 * `run`, which must outlive the result. */
MUST_CHECK bool compare_run(const struct run *run, struct comparisons **comparisons, struct err *e);

/* The same of one step alone. */
MUST_CHECK bool compare_step(const struct run *run, int step, struct comparisons **comparisons, struct err *e);

/* The same nodes in steps of the same name of two runs, round by round. Borrows from both. */
MUST_CHECK bool compare_runs(const struct run *base, const struct run *with, struct comparisons **comparisons,
                             struct err *e);

void comparisons_destroy(struct comparisons **comparisons);

/* The half-width of the widest headline ratio of a step, for the rule that ends its repetition: infinite
 * while one has none, 0 where nothing is compared. */
double comparisons_width(const struct comparisons *comparisons, int step);

#endif
