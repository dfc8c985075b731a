#include "kernel_clocks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "base/text.h"
#include "base/units.h"

/* What is in use and what is ahead; the others tell of a pulse's quality and come and go. */
static const unsigned SETTINGS =
    STA_PLL | STA_PPSFREQ | STA_PPSTIME | STA_FLL | STA_INS | STA_DEL | STA_UNSYNC | STA_FREQHOLD | STA_NANO | STA_MODE;

static void put_status(unsigned status, char *out, size_t size)
{
    static const struct {
        unsigned bit;
        const char *word;
    } WORDS[] = {
        { STA_PLL, "pll" },           { STA_FLL, "fll" },           { STA_PPSFREQ, "ppsfreq" },
        { STA_PPSTIME, "ppstime" },   { STA_INS, "ins" },           { STA_DEL, "del" },
        { STA_UNSYNC, "unsync" },     { STA_FREQHOLD, "freqhold" }, { STA_PPSSIGNAL, "ppssignal" },
        { STA_PPSJITTER, "jitter" },  { STA_PPSWANDER, "wander" },  { STA_PPSERROR, "ppserror" },
        { STA_CLOCKERR, "clockerr" }, { STA_NANO, "nano" },         { STA_MODE, "mode" },
    };
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
        if (status & WORDS[i].bit)
            text_append(out, size, "%s%s", *out ? " " : "", WORDS[i].word);
}

/* Frequency, in ppm x 2^16, and the length of a tick (common/observe/timekeeping.h) add up. */
static double ppm_of(const struct message_timekeeping *m)
{
    enum { FREQUENCY_PPM = 1 << 16 };
    return (double)m->frequency / FREQUENCY_PPM + (double)m->tick_us * (double)m->ticks_s - 1e6;
}

static bool add_row(const struct raw_node *n, enum moment moment, struct trial *trial)
{
    const struct message_timekeeping *m = &n->timekeeping[moment];
    struct kernel_clock *row = n->has_timekeeping[moment] ? trial_add_kernel_clock(trial) : NULL;
    if (!n->has_timekeeping[moment])
        return true;
    if (!row)
        return false;
    *row = (struct kernel_clock){ .moment = moment,
                                  .own_ns = m->raw_ns,
                                  .ppm = *m->unknown ? NAN : ppm_of(m),
                                  .offset_ns = m->offset_ns,
                                  .slew_ns = m->slew_ns,
                                  .error_ns = m->error_ns,
                                  .synchronized = m->is_synchronized != 0 };
    text_copy(row->node, sizeof row->node, n->name);
    put_status(m->status, row->status, sizeof row->status);
    text_copy(row->clocksource, sizeof row->clocksource, m->clocksource);
    text_copy(row->why, sizeof row->why, m->unknown);
    return true;
}

/* "+12.346 ppm, synchronized (pll nano), tsc" */
static void describe(const struct kernel_clock *c, char *out, size_t size)
{
    char slew[40];
    snprintf(out, size, "%+.3f ppm, %ssynchronized (%s)", c->ppm, c->synchronized ? "" : "not ", c->status);
    if (c->slew_ns != 0)
        text_append(out, size, ", slewing %s", units_show_ns((double)c->slew_ns, slew, sizeof slew));
    text_append(out, size, ", %s", *c->clocksource ? c->clocksource : "clock source unknown");
}

static bool is_known(const struct raw_node *n)
{
    return n->has_timekeeping[MOMENT_BEFORE] && n->has_timekeeping[MOMENT_AFTER] &&
           !*n->timekeeping[MOMENT_BEFORE].unknown && !*n->timekeeping[MOMENT_AFTER].unknown;
}

static bool flag_change(const struct raw_node *n, const struct kernel_clock *before, const struct kernel_clock *after,
                        struct trial *trial)
{
    const struct message_timekeeping *b = &n->timekeeping[MOMENT_BEFORE], *a = &n->timekeeping[MOMENT_AFTER];
    const double limit = n->bounds ? bounds_wander_ppm(n->bounds) : BOUNDS_WANDER_PPM, by = after->ppm - before->ppm;
    const bool is_other = ((b->status ^ a->status) & SETTINGS) != 0 || before->synchronized != after->synchronized ||
                          (before->slew_ns != 0) != (after->slew_ns != 0) ||
                          strcmp(before->clocksource, after->clocksource) != 0;
    char was[112], is[112];
    if (!is_other && fabs(by) <= limit)
        return true;
    describe(before, was, sizeof was);
    describe(after, is, sizeof is);
    return trial_add_flag(trial, -1, "kernel_clock", by, limit, "%s: its kernel's clocks: before %s; after %s", n->name,
                          was, is);
}

bool kernel_clocks_add(const struct raw_node *n, struct trial *trial)
{
    if (!add_row(n, MOMENT_BEFORE, trial) || !add_row(n, MOMENT_AFTER, trial))
        return false;
    if (!is_known(n))
        return true;
    const struct kernel_clock *last = &trial->kernel_clocks[trial->kernel_clock_count - 1];
    return flag_change(n, last - 1, last, trial);
}
