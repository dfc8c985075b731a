#include "series.h"

#include <math.h>

#include "base/text.h"

/* B. P. Welford 1962: exact where a sum of squares would lose its digits. */
void series_add(struct series *s, double value)
{
    double before = value - s->mean;
    s->count++;
    s->mean += before / (double)s->count;
    s->squares += before * (value - s->mean);
}

double series_deviation(const struct series *s) { return s->count < 2 ? 0 : sqrt(s->squares / (double)(s->count - 1)); }

/* Tables of Student's t, 1 to 30 degrees of freedom; beyond, the normal quantile z with the first terms of
 * the expansion in 1 / freedom (Abramowitz and Stegun 26.7.5). */
double series_student(size_t freedom)
{
    static const double TABLE[] = {
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
        2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
        2.0796,  2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    };
    static const double Z = 1.959964;
    if (freedom <= ARRAY_SIZE(TABLE))
        return TABLE[freedom - 1];
    double n = (double)freedom, z3 = Z * Z * Z, z5 = z3 * Z * Z;
    return Z + (z3 + Z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * Z) / (96 * n * n);
}

double series_half_width(const struct series *s)
{
    if (s->count < 2)
        return INFINITY;
    return series_student(s->count - 1) * series_deviation(s) / sqrt((double)s->count);
}

bool series_is_within(const struct series *s, double part) { return series_half_width(s) <= part * fabs(s->mean); }
