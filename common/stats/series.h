/* series.h - numbers that come one after the other: their mean, and how well it is known. */
#ifndef TARE_SERIES_H
#define TARE_SERIES_H

#include <stdbool.h>
#include <stddef.h>

struct series {
    size_t count;
    double mean, squares; /* the sum of squared differences from the mean */
};

void series_add(struct series *series, double value);

/* Of a single value; 0 for fewer than two. */
double series_deviation(const struct series *series);

/* Half the width of the 95 % interval of the mean, by Student's t; INFINITY for fewer than two. */
double series_half_width(const struct series *series);

/* Whether the half-width is at most `part` of the mean. */
bool series_is_within(const struct series *series, double part);

/* The 0.975 quantile of Student's t with `freedom` degrees of freedom, 1 or more; within 0.0005. */
double series_student(size_t freedom);

#endif
