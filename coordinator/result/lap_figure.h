/* lap_figure.h - what the figures of laps count for where two nodes are compared. Pure.
 *
 * A step of laps has many figures. What it is run for is the geometric mean of a set of them, where they make one:
 * what a set is worth then does not hang on which of its members is large. (Fleming and Wallace, CACM 29:3, 1986.)
 *
 *   file_io   each method on each size of file and record, a rate; sets `reads` and `writes`
 *   cpu       the indexes mem_k6, int_k6 and fp_k6, which are such means already; each test. Ratios of the indexes
 *             to the Pentium 90 are the same, its rates being a constant, and stand in the details
 *   micro     the median of each operation; set `operations`
 *   compile   the real time; user and system time beside it
 *
 * Percentiles, and CPU a GB, are details.
 */
#ifndef TARE_LAP_FIGURE_H
#define TARE_LAP_FIGURE_H

#include <stdbool.h>

#include "catalogue/catalogue.h"

enum lap_weight { LAP_DETAIL, LAP_MEMBER, LAP_HEADLINE };

struct lap_figure {
    enum lap_weight weight;
    bool is_rate;    /* and higher is better; else lower is */
    const char *set; /* static; NULL: it is in none */
};

/* Of the figure of that name and unit; false for one that is not compared, as a count of passes is. */
bool lap_figure_of(const struct workload_info *workload, const char *name, const char *unit, struct lap_figure *figure);

/* Whether the figure is one of writing to a file. */
bool lap_figure_writes(const char *name);

#endif
