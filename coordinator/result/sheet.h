/* sheet.h - the trials of a run as comparing wants them: looked up by step and round, with what each
 * node did in them, and why one is left out.
 */
#ifndef TARE_SHEET_H
#define TARE_SHEET_H

#include "result/limits.h"

struct sheet;

/* Borrows from `run`. */
MUST_CHECK bool sheet_of(const struct run *run, struct sheet **sheet, struct err *e);
void sheet_destroy(struct sheet **sheet);

const struct run *sheet_run(const struct sheet *sheet);
const struct facts *sheet_facts(const struct sheet *sheet);
int sheet_rounds(const struct sheet *sheet); /* one more than the highest */

/* The trial of a step and round in which the node was under test, that counts; NULL without. */
const struct trial *sheet_trial(const struct sheet *sheet, int step, int round, const char *node,
                                const char *direction);

/* Why it is left out of a ratio; NULL where it is not. */
const char *sheet_why_left(const struct sheet *sheet, const struct trial *trial);

/* What is compared. */
struct sheet_figure {
    const char *name;
    bool is_higher_better;
    bool is_rate;     /* of streams side by side the sum, over trials the harmonic mean; else both times the mean */
    bool is_headline; /* what a step is run for */
    bool is_row;      /* stands beside it wherever that is shown; others are for those who want all */
    const char *set;  /* the geometric mean of so many figures of a stream (lap_figure.h); NULL: one of its own */
    size_t members;
    const char *member_of; /* the set that it is one of; NULL: of none */
};

/* What of the node is compared in a step, in the order of reports: owned by the caller, names borrowed. The same for
 * every network workload; of laps it is what they told (lap_figure.h). The figure SHEET_PRICE is no stream's own: what
 * the node's host spent of CPU for it, a GB or a transaction. */
#define SHEET_PRICE "host_cpu"
MUST_CHECK bool sheet_figures(const struct sheet *sheet, int step, const char *node, const char *direction,
                              struct sheet_figure **figures, size_t *count, struct err *e);

/* The value of a figure of the node in a trial, of all its streams of that direction, and its unit. False
 * where it is not known, or not above 0: then it is in no ratio. */
bool sheet_value(const struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                 const struct sheet_figure *figure, double *value, const char **unit);

/* What limited the node's first stream of that direction in the trial; of a figure of files (NULL: of none) itself,
 * where it is a set's the medians of its members. */
MUST_CHECK bool sheet_limits(struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                             const struct sheet_figure *figure, struct limits *limits, struct err *e);

/* The path of the figure's bytes in the trial, of a set that of its first member; "" without. */
const char *sheet_path(const struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                       const struct sheet_figure *figure);

#endif
