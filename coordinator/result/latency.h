/* latency.h - the figures that a histogram of times gives, for one stream as for all rounds of it. */
#ifndef TARE_LATENCY_H
#define TARE_LATENCY_H

#include "stats/hist.h"

enum { LATENCY_FIGURES = 8 };

struct latency_figure {
    const char *name; /* "latency_p99" */
    double ns;
};

/* Least, mean, p50 to p99.99 and most of `h`, which holds at least one time. */
void latency_figures(const struct hist *h, struct latency_figure figures[LATENCY_FIGURES]);

#endif
