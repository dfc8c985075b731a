#include "ratio.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

static const double CONFIDENCE = 0.95, POWER = 0.8, OUTLIER = 3.5, MAD_TO_SIGMA = 0.6745;
static const double NO_DRIFT = 1e-9; /* of the slope: below it is the rounding of the numbers */

static double *logs_of(const double *base, const double *with, size_t count, struct err *e)
{
    double *logs = calloc(count + 1, sizeof *logs);
    if (!logs)
        err_set(e, ERR_INTERNAL, "out of memory for %zu pairs", count);
    for (size_t i = 0; logs && i < count; i++)
        logs[i] = log(with[i] / base[i]);
    return logs;
}

/* The middle 95 of 100 of what series drawn from this one say. The seed is fixed: the same archive
 * gives the same report. */
static bool resample(const double *logs, size_t count, struct ratio *ratio, struct err *e)
{
    double *means = calloc(RATIO_RESAMPLES, sizeof *means);
    gsl_rng *random = means ? gsl_rng_alloc(gsl_rng_mt19937) : NULL;
    if (!random) {
        free(means);
        return err_set(e, ERR_INTERNAL, "out of memory for resampling");
    }
    gsl_rng_set(random, 1);
    for (size_t i = 0; i < RATIO_RESAMPLES; i++) {
        for (size_t k = 0; k < count; k++)
            means[i] += logs[gsl_rng_uniform_int(random, count)];
        means[i] /= (double)count;
    }
    gsl_rng_free(random);
    gsl_sort(means, 1, RATIO_RESAMPLES);
    ratio->boot_low = exp(gsl_stats_quantile_from_sorted_data(means, 1, RATIO_RESAMPLES, (1 - CONFIDENCE) / 2));
    ratio->boot_high = exp(gsl_stats_quantile_from_sorted_data(means, 1, RATIO_RESAMPLES, (1 + CONFIDENCE) / 2));
    free(means);
    return true;
}

/* A line through the logarithms: its slope, and how often chance alone makes one as steep. */
static void look_for_drift(const double *at, const double *logs, size_t count, struct ratio *ratio)
{
    double offset, slope, cov00, cov01, cov11, rest;
    gsl_fit_linear(at, 1, logs, 1, count, &offset, &slope, &cov00, &cov01, &cov11, &rest);
    ratio->drift = expm1(slope);
    ratio->drift_p = 1;
    if (fabs(slope) > NO_DRIFT)
        ratio->drift_p = cov11 > 0 ? 2 * gsl_cdf_tdist_Q(fabs(slope) / sqrt(cov11), (double)count - 2) : 0;
}

bool ratio_of(const double *base, const double *with, const double *at, size_t count, struct ratio *ratio,
              struct err *e)
{
    struct ratio made = { count, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
    double *logs = logs_of(base, with, count, e);
    if (!logs)
        return false;
    double mean = count > 0 ? gsl_stats_mean(logs, 1, count) : NAN;
    made.ratio = exp(mean);
    bool ok = true;
    if (count >= RATIO_LEAST) {
        double freedom = (double)count - 1, error = gsl_stats_sd_m(logs, 1, count, mean) / sqrt((double)count);
        double t = gsl_cdf_tdist_Pinv((1 + CONFIDENCE) / 2, freedom);
        made.low = exp(mean - t * error);
        made.high = exp(mean + t * error);
        made.width = expm1(t * error);
        made.smallest = expm1((t + gsl_cdf_tdist_Pinv(POWER, freedom)) * error);
        ok = resample(logs, count, &made, e);
    }
    if (count >= RATIO_DRIFT_LEAST)
        look_for_drift(at, logs, count, &made);
    free(logs);
    if (ok)
        *ratio = made;
    return ok;
}

void ratio_median(double *values, size_t count, double *median, double *mad)
{
    *median = *mad = NAN;
    if (count == 0)
        return;
    gsl_sort(values, 1, count);
    *median = gsl_stats_median_from_sorted_data(values, 1, count);
    for (size_t i = 0; i < count; i++)
        values[i] = fabs(values[i] - *median);
    gsl_sort(values, 1, count);
    *mad = gsl_stats_median_from_sorted_data(values, 1, count);
}

bool ratio_mark_outliers(const double *base, const double *with, size_t count, bool *marks, size_t *marked,
                         struct err *e)
{
    double *logs = logs_of(base, with, count, e), *sorted = logs ? logs_of(base, with, count, e) : NULL;
    double median, mad;
    size_t found = 0;
    if (sorted) {
        ratio_median(sorted, count, &median, &mad);
        for (size_t i = 0; i < count; i++) {
            marks[i] = mad > 0 && MAD_TO_SIGMA * fabs(logs[i] - median) / mad > OUTLIER;
            found += marks[i];
        }
        *marked = found;
    }
    bool ok = sorted != NULL;
    free(logs);
    free(sorted);
    return ok;
}

double ratio_mean_of_rates(const double *rates, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += 1 / rates[i];
    return count > 0 ? (double)count / sum : NAN;
}

double ratio_mean_of_times(const double *times, size_t count)
{
    return count > 0 ? gsl_stats_mean(times, 1, count) : NAN;
}
