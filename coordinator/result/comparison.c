#include "comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result/label_confined.h"
#include "result/label_path.h"
#include "result/summary.h"

/* One pair: a round in which both have the figure. */
struct pairs {
    double *base, *with, *at, *scratch; /* owned, as long as there are rounds */
    const struct trial **base_trial, **with_trial;
    bool *marks;
    size_t count;
    bool is_any; /* somebody has the figure, be it in no pair */
};

static void pairs_clear(struct pairs *p)
{
    free(p->base);
    free(p->with);
    free(p->at);
    free(p->scratch);
    free(p->base_trial);
    free(p->with_trial);
    free(p->marks);
}

static bool pairs_make(struct pairs *p, size_t rounds, struct err *e)
{
    size_t room = rounds + 1;
    *p = (struct pairs){ .base = calloc(room, sizeof *p->base),
                         .with = calloc(room, sizeof *p->with),
                         .at = calloc(room, sizeof *p->at),
                         .scratch = calloc(room, sizeof *p->scratch),
                         .base_trial = calloc(room, sizeof *p->base_trial),
                         .with_trial = calloc(room, sizeof *p->with_trial),
                         .marks = calloc(room, sizeof *p->marks) };
    if (p->base && p->with && p->at && p->scratch && p->base_trial && p->with_trial && p->marks)
        return true;
    pairs_clear(p);
    err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    return false;
}

/* ---- the pairs ---- */

/* Reasons beyond the room for them are counted with the last one. */
static void count_left(struct comparison *c, const char *why)
{
    for (size_t i = 0; i < c->left_count; i++)
        if (strcmp(c->left[i].why, why) == 0 || i + 1 == COMPARE_LEFT_MAX) {
            c->left[i].count++;
            return;
        }
    c->left[c->left_count++] = (struct compare_left){ why, 1 };
}

static void take_round(const struct subject *s, const struct sheet_figure *figure, int round, struct pairs *p,
                       struct comparison *c)
{
    const struct trial *base = sheet_trial(s->base_sheet, s->base_step, round, s->base, s->direction);
    const struct trial *with = sheet_trial(s->with_sheet, s->with_step, round, s->with, s->direction);
    if (!base && !with)
        return;
    double a = 0, b = 0;
    const char *unit = "", *why = NULL;
    bool has_base = base && sheet_value(s->base_sheet, base, s->base, s->direction, figure, &a, &unit);
    bool has_with = with && sheet_value(s->with_sheet, with, s->with, s->direction, figure, &b, &unit);
    p->is_any |= has_base || has_with;
    if (base)
        c->base.start = summary_worse(c->base.start, base->verdict);
    if (with)
        c->with.start = summary_worse(c->with.start, with->verdict);
    if (!base || !with)
        why = "one side is missing";
    else if (!(why = sheet_why_left(s->base_sheet, base)) && !(why = sheet_why_left(s->with_sheet, with)) &&
             !(has_base && has_with))
        why = "without the figure";
    if (has_base || has_with)
        c->unit = unit;
    if (why) {
        count_left(c, why);
        return;
    }
    c->is_together = base == with;
    p->base[p->count] = a;
    p->with[p->count] = b;
    p->at[p->count] = round;
    p->base_trial[p->count] = base;
    p->with_trial[p->count] = with;
    p->count++;
}

/* ---- a side ---- */

static void judge_clock(struct compare_side *side, const struct trial *trial)
{
    for (size_t i = 0; i < trial->clock_count; i++) {
        const struct clock_fit *fit = &trial->clocks[i];
        if (strcmp(fit->node, side->node) != 0 || !isfinite(fit->ppm) || !isfinite(fit->ppm_bound) ||
            fabs(fit->ppm) + fit->ppm_bound <= fabs(side->ppm) + side->ppm_bound)
            continue;
        side->ppm = fit->ppm;
        side->ppm_bound = fit->ppm_bound;
    }
}

static bool describe(struct sheet *sheet, const struct subject *s, const struct sheet_figure *figure,
                     const struct pairs *p, bool is_base, struct compare_side *side, struct err *e)
{
    const struct sheet_figure *const price = &(struct sheet_figure){ .name = SHEET_PRICE };
    const struct trial **trials = is_base ? p->base_trial : p->with_trial;
    const double *values = is_base ? p->base : p->with;
    struct limits *limits = calloc(p->count + 1, sizeof *limits);
    bool ok = limits != NULL || err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    double cost = 0;
    size_t costs = 0;
    for (size_t i = 0; ok && i < p->count; i++) {
        double one;
        ok = sheet_limits(sheet, trials[i], side->node, s->direction, figure, &limits[i], e);
        judge_clock(side, trials[i]);
        const char *unit;
        if (sheet_value(sheet, trials[i], side->node, s->direction, price, &one, &unit)) {
            side->price_unit = unit;
            cost += one;
            costs++;
        }
        p->scratch[i] = values[i];
    }
    ok = ok && limits_median(limits, p->count, &side->limits, e);
    free(limits);
    side->limited_by = limits_judge(&side->limits);
    side->price = costs > 0 ? cost / (double)costs : NAN;
    side->mean = figure->is_rate ? ratio_mean_of_rates(values, p->count) : ratio_mean_of_times(values, p->count);
    ratio_median(p->scratch, p->count, &side->median, &side->mad);
    if (side->ppm_bound < 0)
        side->ppm = side->ppm_bound = NAN;
    return ok;
}

/* ---- the verdict ---- */

static enum compare_verdict judge(const struct comparison *c)
{
    const struct ratio *r = &c->ratio;
    for (int by = 0; c->is_headline && !c->is_together && by < LIMIT_UNKNOWN; by++)
        if (limits_are_same(&c->base.limits, &c->with.limits, (enum limited_by)by))
            return COMPARE_SAME_LIMIT;
    if (r->count < RATIO_LEAST)
        return COMPARE_TOO_FEW;
    if (r->low > 1 || r->high < 1)
        return COMPARE_DIFFERENT;
    return c->within <= c->margin ? COMPARE_WITHIN : COMPARE_NOT_FOUND;
}

static void note_guest_state(const struct pairs *p, struct comparison *c)
{
    for (size_t i = 0; i < p->count && !c->label.guest_state[0]; i++)
        if (p->base_trial[i]->guest_state[0] && strcmp(p->base_trial[i]->guest_state, "off") != 0)
            text_copy(c->label.guest_state, sizeof c->label.guest_state, p->base_trial[i]->guest_state);
}

/* To what the work of all trials was kept; to nothing where they are not alike in that. */
static struct confined confined_in(const struct trial *const *trials, size_t count)
{
    struct confined c = count > 0 ? trials[0]->confined : (struct confined){ .how = CONFINED_NOT };
    for (size_t i = 1; i < count; i++)
        if (trials[i]->confined.how != c.how || trials[i]->confined.bytes != c.bytes ||
            strcmp(trials[i]->confined.cpus, c.cpus) != 0)
            c = (struct confined){ .how = CONFINED_NOT };
    return c;
}

/* What the envelope could not be put around, in the first trial that says so. */
static void note_outside(const struct pairs *p, struct comparison *c)
{
    for (size_t i = 0; i < p->count; i++)
        for (size_t f = 0; f < p->with_trial[i]->flag_count; f++)
            if (strcmp(p->with_trial[i]->flags[f].kind, FLAG_OUTSIDE) == 0) {
                label_add_outside(&c->label, p->with_trial[i]->flags[f].text);
                return;
            }
}

static void add_paths(struct label *label, const char *workload, const char *base, const char *with)
{
    if (strcmp(workload, "compile") == 0)
        label_add_build(label, base, with);
    else
        label_add_path(label, base, with);
}

static bool conclude(const struct subject *s, const struct sheet_figure *figure, struct pairs *p, struct comparison *c,
                     struct err *e)
{
    const struct run *run = sheet_run(s->base_sheet), *other = sheet_run(s->with_sheet);
    size_t marked = 0;
    if (!ratio_of(p->base, p->with, p->at, p->count, &c->ratio, e) ||
        !ratio_mark_outliers(p->base, p->with, p->count, p->marks, &marked, e) ||
        !describe(s->base_sheet, s, figure, p, true, &c->base, e) ||
        !describe(s->with_sheet, s, figure, p, false, &c->with, e))
        return false;
    for (size_t i = 0; i < p->count && c->outlier_count < COMPARE_OUTLIERS_MAX; i++)
        if (p->marks[i])
            c->outliers[c->outlier_count++] = (int)p->at[i];
    c->margin = run->design.until > 0 ? run->design.until : COMPARE_MARGIN;
    c->within = fmax(1 - c->ratio.low, c->ratio.high - 1);
    c->verdict = judge(c);
    const struct label_side base = { run, sheet_facts(s->base_sheet), s->base, run->steps[s->base_step].to };
    const struct label_side with = { other, sheet_facts(s->with_sheet), s->with, other->steps[s->with_step].to };
    label_of(&base, &with, run->steps[s->base_step].workload, &c->label);
    const struct confined base_in = confined_in(p->base_trial, p->count);
    const struct confined with_in = confined_in(p->with_trial, p->count);
    label_add_confined(&c->label, &base, &base_in, &with, &with_in);
    note_outside(p, c);
    if (p->count > 0)
        add_paths(&c->label, run->steps[s->base_step].workload,
                  sheet_path(s->base_sheet, p->base_trial[0], s->base, s->direction, figure),
                  sheet_path(s->with_sheet, p->with_trial[0], s->with, s->direction, figure));
    label_add_options(&c->label, run->steps[s->base_step].options, other->steps[s->with_step].options);
    c->label.contention = c->is_together;
    note_guest_state(p, c);
    return true;
}

bool comparison_of(const struct subject *s, const struct sheet_figure *figure, struct comparison *made, bool *is_any,
                   struct err *e)
{
    struct comparison c = {
        .step = s->base_step,
        .with_step = s->with_step,
        .direction = s->direction,
        .figure = figure->name,
        .unit = "",
        .is_higher_better = figure->is_higher_better,
        .is_headline = figure->is_headline,
        .is_row = figure->is_row,
        .members = figure->members,
        .member_of = figure->member_of,
        .base = { .run = sheet_run(s->base_sheet),
                  .node = s->base,
                  .price_unit = "",
                  .ppm_bound = -1,
                  .start = VERDICT_NONE },
        .with = { .run = sheet_run(s->with_sheet),
                  .node = s->with,
                  .price_unit = "",
                  .ppm_bound = -1,
                  .start = VERDICT_NONE },
    };
    int rounds = sheet_rounds(s->base_sheet);
    struct pairs p;
    if (!pairs_make(&p, (size_t)rounds, e))
        return false;
    for (int round = 0; round < rounds; round++)
        take_round(s, figure, round, &p, &c);
    bool ok = !p.is_any || conclude(s, figure, &p, &c, e);
    *is_any = p.is_any;
    if (ok && p.is_any)
        *made = c;
    pairs_clear(&p);
    return ok;
}
