#include "latency.h"

void latency_figures(const struct hist *h, struct latency_figure figures[LATENCY_FIGURES])
{
    const struct latency_figure all[LATENCY_FIGURES] = {
        { "latency_min", (double)h->least_ns },          { "latency_mean", hist_mean(h) },
        { "latency_p50", hist_percentile(h, 0.5) },      { "latency_p90", hist_percentile(h, 0.9) },
        { "latency_p99", hist_percentile(h, 0.99) },     { "latency_p999", hist_percentile(h, 0.999) },
        { "latency_p9999", hist_percentile(h, 0.9999) }, { "latency_max", (double)h->most_ns },
    };
    for (size_t i = 0; i < LATENCY_FIGURES; i++)
        figures[i] = all[i];
}
