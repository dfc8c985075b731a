#include "clocks.h"

#include <math.h>

#include "base/text.h"
#include "base/units.h"
#include "stamp/wall.h"

static bool add_fault(const struct raw_node *n, struct trial *trial)
{
    struct bounds_interval unknown;
    struct err why = { 0 };
    int64_t at_ns = 0, size_ns = 0;
    char size[40];
    if (bounds_fault(n->bounds, &at_ns, &size_ns))
        return trial_add_flag(
            trial, -1, CLOCK_FAULT, (double)size_ns / 1e9, 0,
            "%s: its clock stepped or changed its rate: seen %.3f s after T, %s beyond what its probes "
            "until then allow with a wander of %g ppm; on the coordinator's clock figures are estimates",
            n->name, (double)(at_ns - n->at_ns) / 1e9, units_show_ns((double)size_ns, size, sizeof size),
            bounds_wander_ppm(n->bounds));
    return bounds_at(n->bounds, n->at_ns, &unknown, &why) ||
           trial_add_flag(trial, -1, "clock", 0, 0, "%s: %s", n->name, why.text);
}

/* Over the time that was measured; NaN where that cannot be told. */
static void fill_rate(const struct raw_trial *raw, const struct raw_node *n, struct clock_fit *fit)
{
    double low = 0, high = 0;
    fit->ppm = fit->ppm_bound = NAN;
    if (!bounds_rate(n->bounds, n->at_ns, n->at_ns + raw->warmup_ns + raw->length_ns, &low, &high, NULL))
        return;
    fit->ppm = (low + high) / 2;
    fit->ppm_bound = (high - low) / 2;
}

static bool flag_rate(const struct raw_trial *raw, const struct clock_fit *fit, struct trial *trial)
{
    double surely = fabs(fit->ppm) - fit->ppm_bound;
    if (isnan(fit->ppm) || raw->clock_limit_ppm <= 0 || surely <= raw->clock_limit_ppm)
        return true;
    return trial_add_flag(
        trial, -1, "clock", fit->ppm, raw->clock_limit_ppm,
        "%s: its clock runs %s than the coordinator's by %.1f +-%.1f ppm (limit %g): so much are figures "
        "off that it times itself",
        fit->node, fit->ppm > 0 ? "faster" : "slower", fabs(fit->ppm), fit->ppm_bound, raw->clock_limit_ppm);
}

bool clocks_add(const struct raw_trial *raw, const struct raw_node *n, struct trial *trial)
{
    struct bounds_interval at;
    if (n->at_ns == 0 || !n->bounds)
        return true;
    if (!bounds_at(n->bounds, n->at_ns, &at, NULL))
        return add_fault(n, trial);
    struct clock_fit *fit = trial_add_clock(trial);
    if (!fit)
        return false;
    text_copy(fit->node, sizeof fit->node, n->name);
    text_copy(fit->stamps, sizeof fit->stamps, stamp_kind_word(n->stamps));
    fit->offset_ns = n->at_ns - bounds_mid(at);
    fit->bound_ns = bounds_half(at);
    fit->wander_ppm = bounds_wander_ppm(n->bounds);
    fit->probes = (int)n->probes;
    fill_rate(raw, n, fit);
    bool ok = flag_rate(raw, fit, trial);
    if (ok && n->wall_moves > 0)
        ok = trial_add_flag(trial, -1, "wall_clock", n->wall_moves, 0,
                            "%s: its wall clock was stepped, or slewed by over %d ppm; no figure is taken from it",
                            n->name, WALL_SLEW_PPM);
    if (ok && n->stamps == STAMP_ZEROMQ)
        ok = trial_add_flag(trial, -1, "clock", 0, 0,
                            "%s: no clock probe came back by UDP; the control channel's bounds are wider", n->name);
    return ok;
}
