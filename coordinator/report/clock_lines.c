#include "clock_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/print.h"

/* The n-th clock row of the run, over all trials; NULL past the last. */
static const struct clock_fit *nth_clock(const struct run *run, size_t n)
{
    for (size_t i = 0; i < run->trial_count; i++) {
        if (n < run->trials[i].clock_count)
            return &run->trials[i].clocks[n];
        n -= run->trials[i].clock_count;
    }
    return NULL;
}

/* The longest that a vCPU of the node waited around a start, as its host saw it; -1 where nobody watched. */
static int64_t longest_wait(const struct run *run, const char *node)
{
    int64_t longest = -1;
    for (size_t i = 0; i < run->trial_count; i++)
        for (size_t k = 0; k < run->trials[i].around_count; k++) {
            const struct around *a = &run->trials[i].arounds[k];
            if (strcmp(a->node, node) == 0 && a->worst_ns > longest)
                longest = a->worst_ns;
        }
    return longest;
}

bool clock_lines_node(const struct run *run, const char *node, char *out, size_t size)
{
    const struct clock_fit *widest = NULL, *best = NULL, *fit;
    char text[40], stamps[16];
    for (size_t n = 0; (fit = nth_clock(run, n)); n++) {
        if (strcmp(fit->node, node) != 0)
            continue;
        if (!widest || fit->bound_ns > widest->bound_ns)
            widest = fit;
        if (!isnan(fit->ppm) && !isnan(fit->ppm_bound) && (!best || fit->ppm_bound < best->ppm_bound))
            best = fit;
    }
    if (!widest)
        return false;
    out[0] = '\0';
    text_append(out, size, "known to +-%s (%s)", units_show_ns((double)widest->bound_ns, text, sizeof text),
                print_clean(widest->stamps, stamps, sizeof stamps));
    if (best)
        text_append(out, size, ", runs off by %.1f +-%.1f ppm", best->ppm, best->ppm_bound);
    if (longest_wait(run, node) >= 0)
        text_append(out, size, ", its vCPUs waited %s at most around a start",
                    units_show_ns((double)longest_wait(run, node), text, sizeof text));
    return true;
}

const char *clock_lines_worst(const struct run *run, size_t *count)
{
    const struct clock_fit *widest = NULL, *fit;
    char text[8];
    *count = 0;
    for (size_t n = 0; (fit = nth_clock(run, n)); n++)
        if (!widest || fit->bound_ns > widest->bound_ns)
            widest = fit;
    for (size_t i = 0; i < run->node_count; i++)
        *count += run_find_node(run, run->nodes[i].name) == &run->nodes[i] &&
                  clock_lines_node(run, run->nodes[i].name, text, sizeof text);
    return widest ? widest->node : NULL;
}

bool clock_lines_assumed(const struct run *run, char *out, size_t size)
{
    const struct clock_fit *fit;
    double most = -1;
    for (size_t n = 0; (fit = nth_clock(run, n)); n++)
        most = fit->wander_ppm > most ? fit->wander_ppm : most;
    if (most < 0)
        return false;
    snprintf(out, size, "assumed: no clock's rate wanders by more than %g ppm during a trial", most);
    return true;
}
