#include "compare_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "report/print.h"

enum { NAME = 96 };

static const double DRIFT_P = 0.05;

static const struct {
    const char *figure, *words;
} FIGURES[] = {
    { "throughput", "throughput" },
    { "transactions", "transactions a second" },
    { "elapsed", "time" },
    { "host_cpu", "price in host CPU" },
    { "latency_p50", "median latency" },
    { "latency_p99", "latency at 99 %" },
    { "rtt", "round-trip time" },
    { "reads", "rate of reads" },
    { "writes", "rate of writes" },
    { "mem_k6", "memory index" },
    { "int_k6", "integer index" },
    { "fp_k6", "floating-point index" },
    { "operations", "time of an operation" },
    { "real", "real time" },
    { "user", "user time" },
    { "sys", "system time" },
};

/* A set's is a mean, and says of how many. */
static void say_members(const struct comparison *c, char *text)
{
    if (c->members > 0 && c->ratio.count > 0)
        text_append(text, COMPARE_WORDS, "; the geometric mean of %zu", c->members);
}

static const char *words_of(const struct comparison *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(FIGURES); i++)
        if (strcmp(FIGURES[i].figure, c->figure) == 0)
            return FIGURES[i].words;
    return c->figure;
}

const char *compare_words_side(const struct comparison *c, bool is_base, char *text, size_t size)
{
    const struct compare_side *side = is_base ? &c->base : &c->with;
    print_clean(side->node, text, size);
    if (c->base.run != c->with.run)
        text_append(text, size, " in run %" PRId64, side->run->no);
    return text;
}

/* A share in percent: two digits that mean something, and no powers of ten. */
static const char *percent(double share, char out[24])
{
    snprintf(out, 24, 100 * share < 10 ? "%.2g %%" : "%.0f %%", 100 * share);
    return out;
}

/* ---- the verdict ---- */

/* " (1.8 to 4.9 %, 95 %, 5 blocks)", of the ends as percents or as factors. */
static void add_interval(char *text, const char *fmt_unit, double low, double high, size_t blocks)
{
    text_append(text, COMPARE_WORDS, " (%.3g to %.3g%s with 95 %% confidence, %zu blocks)", low, high, fmt_unit,
                blocks);
}

static void say_different(const struct comparison *c, char *text)
{
    const struct ratio *r = &c->ratio;
    char base[NAME], with[NAME];
    compare_words_side(c, true, base, sizeof base);
    compare_words_side(c, false, with, sizeof with);
    if (r->ratio >= 1.5 || r->ratio <= 0.67) {
        text_append(text, COMPARE_WORDS, "%s: %.3g times the %s of %s", with, r->ratio, words_of(c), base);
        add_interval(text, " times", r->low, r->high, r->count);
        return;
    }
    bool is_less = r->ratio < 1;
    double low = 100 * (is_less ? 1 - r->high : r->low - 1), high = 100 * (is_less ? 1 - r->low : r->high - 1);
    text_append(text, COMPARE_WORDS, "%s: %.3g %% %s %s than %s", with, 100 * fabs(r->ratio - 1),
                is_less ? "less" : "more", words_of(c), base);
    add_interval(text, " %", low, high, r->count);
}

static void say_same_limit(const struct comparison *c, char *text)
{
    char base[NAME], with[NAME], limit[256];
    enum limited_by by = limits_share(&c->base.limits, LIMIT_WIRE) >= limits_share(&c->base.limits, LIMIT_DEVICE) ||
                                 !c->base.limits.of[LIMIT_DEVICE].is_known
                             ? LIMIT_WIRE
                             : LIMIT_DEVICE;
    compare_words_side(c, true, base, sizeof base);
    compare_words_side(c, false, with, sizeof with);
    limits_tell(&c->base.limits, by, limit, sizeof limit);
    text_append(text, COMPARE_WORDS,
                "%s and %s both fill the same %s: their ratio says nothing of %s; its price and its latency do; %s",
                base, with, limited_by_name(by), with, limit);
}

static void say_verdict(const struct comparison *c, char *text)
{
    const struct ratio *r = &c->ratio;
    char base[NAME], with[NAME], share[24];
    compare_words_side(c, true, base, sizeof base);
    compare_words_side(c, false, with, sizeof with);
    switch (c->verdict) {
    case COMPARE_DIFFERENT: say_different(c, text); break;
    case COMPARE_SAME_LIMIT: say_same_limit(c, text); break;
    case COMPARE_WITHIN:
        text_append(text, COMPARE_WORDS, "%s is shown to be within %s of %s in %s (95 %% confidence, %zu blocks)", with,
                    percent(c->within, share), base, words_of(c), r->count);
        break;
    case COMPARE_NOT_FOUND:
        text_append(text, COMPARE_WORDS,
                    "no difference in %s found between %s and %s, which does not show that there is none: %zu blocks "
                    "find one of %s 8 times of 10",
                    words_of(c), base, with, r->count, percent(r->smallest, share));
        break;
    case COMPARE_TOO_FEW:
    case COMPARE_VERDICT_COUNT:
        if (r->count == 0)
            text_append(text, COMPARE_WORDS, "%s and %s: no block can be compared", base, with);
        else
            text_append(text, COMPARE_WORDS, "%s: %.3g times the %s of %s in %zu block%s; an interval needs %d", with,
                        r->ratio, words_of(c), base, r->count, r->count == 1 ? "" : "s", RATIO_LEAST);
        break;
    }
}

/* ---- what bears on it ---- */

static void say_bound(const struct comparison *c, char *text)
{
    char base[NAME];
    if (c->verdict == COMPARE_DIFFERENT && c->is_headline && c->is_higher_better && !c->is_together &&
        c->base.limited_by == LIMIT_WIRE && c->with.limited_by != LIMIT_WIRE && c->ratio.ratio < 1)
        text_append(text, COMPARE_WORDS, "; %s fills the wire, without which the difference may be larger",
                    compare_words_side(c, true, base, sizeof base));
}

static void say_together(const struct comparison *c, char *text)
{
    if (c->is_together)
        text_append(text, COMPARE_WORDS, "; at the same time: how they share, not what one costs");
}

static void say_left(const struct comparison *c, char *text)
{
    char why[64];
    for (size_t i = 0; i < c->left_count; i++)
        text_append(text, COMPARE_WORDS, "%s%zu: %s", i ? ", " : "; left out of it, blocks: ", c->left[i].count,
                    print_clean(c->left[i].why, why, sizeof why));
}

static void say_outliers(const struct comparison *c, char *text)
{
    for (size_t i = 0; i < c->outlier_count; i++)
        text_append(text, COMPARE_WORDS, "%s%d", i ? ", " : "; stands apart, and is in it: round ", c->outliers[i] + 1);
    if (c->outlier_count > 0 && c->outliers[0] == 0)
        text_append(text, COMPARE_WORDS, " (the first: is a warm-up missing?)");
}

static void say_drift(const struct comparison *c, char *text)
{
    if (c->ratio.drift_p < DRIFT_P)
        text_append(text, COMPARE_WORDS, "; the ratio drifts by %+.2g %% a round (p = %.2g)", 100 * c->ratio.drift,
                    c->ratio.drift_p);
}

static void say_one_boot(const struct comparison *c, char *text)
{
    if (c->label.one_boot && c->ratio.count > 1)
        text_append(text, COMPARE_WORDS, "; holds for this boot of the guest");
}

const char *compare_words(const struct comparison *c, char *text)
{
    static void (*const CLAUSES[])(const struct comparison *c, char *text) = {
        say_verdict, say_members, say_bound, say_together, say_left, say_outliers, say_drift, say_one_boot,
    };
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(CLAUSES); i++)
        CLAUSES[i](c, text);
    return text;
}

const char *compare_words_until(const struct comparison *c, char *text)
{
    double until = c->base.run->design.until, width = c->ratio.width;
    char asked[24], got[24];
    text[0] = '\0';
    if (until <= 0 || !c->is_headline || c->base.run != c->with.run || width <= until)
        return text;
    text_append(text, COMPARE_WORDS, "NOT REACHED: +-%s was asked for", percent(until, asked));
    if (isfinite(width))
        text_append(text, COMPARE_WORDS, ", +-%s is what %zu blocks gave", percent(width, got), c->ratio.count);
    else
        text_append(text, COMPARE_WORDS, ", %zu blocks make no interval", c->ratio.count);
    return text;
}

const char *compare_words_label(const struct comparison *c, char *text)
{
    char part[96];
    label_word(&c->label, text, COMPARE_WORDS);
    if (c->label.emulation)
        text_append(text, COMPARE_WORDS, " (emulated: not the cost of KVM)");
    for (size_t i = 0; i < c->label.count; i++) {
        const struct difference *d = &c->label.differences[i];
        text_append(text, COMPARE_WORDS, "%s%s ", i ? "; " : ": ", d->words);
        text_append(text, COMPARE_WORDS, "%s", print_clean(d->base, part, sizeof part));
        text_append(text, COMPARE_WORDS, " / %s", print_clean(d->with, part, sizeof part));
    }
    return text;
}
