/* ratio.h - what pairs of measurements say of the ratio between two sides. Pure.
 *
 * The estimand is the geometric mean of the pairs' ratios. The logarithms of the ratios are taken for
 * independent and alike but for chance; then their mean is within t(0.975, n - 1) s / sqrt n of the
 * true one in 95 of 100 series (Student 1908). Pairs that are neighbours in time share what changes
 * slowly, so that it drops out of their ratio.
 */
#ifndef TARE_RATIO_H
#define TARE_RATIO_H

#include <stddef.h>

#include "base/err.h"

enum { RATIO_LEAST = 3, RATIO_DRIFT_LEAST = 4, RATIO_RESAMPLES = 2000 };

/* Where there are too few pairs for a number it is NaN. */
struct ratio {
    size_t count;
    double ratio;
    double low, high;           /* 95 %, Student's t */
    double boot_low, boot_high; /* the same by resampling (percentiles; Efron 1979): few pairs make it
                                   narrow, far ones make it lopsided */
    double width;               /* half of it, relative: 0.03 for 1 +- 3 % */
    double smallest;            /* a difference that such a series would have found 8 times of 10 */
    double drift, drift_p;      /* of the ratio from pair to pair, relative; how often chance makes as much */
};

/* Of `count` pairs, all values above 0; `at` is the place of each in the run, rising. */
MUST_CHECK bool ratio_of(const double *base, const double *with, const double *at, size_t count, struct ratio *ratio,
                         struct err *e);

/* Mark the pairs whose ratio stands apart: 0.6745 |x - median| / MAD over 3.5 (Iglewicz and Hoaglin
 * 1993), of the logarithms. Returns how many. They are never dropped. */
MUST_CHECK bool ratio_mark_outliers(const double *base, const double *with, size_t count, bool *marks, size_t *marked,
                                    struct err *e);

/* The mean of rates, whose times add up, and that of times. NaN without any. */
double ratio_mean_of_rates(const double *rates, size_t count);
double ratio_mean_of_times(const double *times, size_t count);

/* Median, and the median distance from it; NaN without any. Uses up `values`. */
void ratio_median(double *values, size_t count, double *median, double *mad);

#endif
