/* compare_export.c - comparisons for programs: JSON, and CSV. */
#include <math.h>
#include <string.h>

#include "report/compare_words.h"
#include "report/limit_words.h"
#include "report/report_compare.h"
#include "report/report_csv.h"
#include "report/value.h"

static json_t *side_value(const struct compare_side *side)
{
    return VALUE_OBJECT(
        { "node", value_text(side->node) }, { "run", value_text(side->run->uuid) }, { "mean", value_real(side->mean) },
        { "median", value_real(side->median) }, { "mad", value_real(side->mad) },
        { "limited_by", json_string(limited_by_name(side->limited_by)) }, { "limits", limit_words_json(&side->limits) },
        { "host_cpu", value_real(side->price) }, { "host_cpu_unit", value_word(side->price_unit) },
        { "dilation_ppm", value_real(side->ppm) }, { "dilation_bound_ppm", value_real(side->ppm_bound) },
        { "start", json_string(verdict_name(side->start)) });
}

static json_t *difference_list(const struct label *label)
{
    json_t *made = json_array();
    for (size_t i = 0; i < label->count; i++) {
        const struct difference *d = &label->differences[i];
        made = value_append(made, VALUE_OBJECT({ "fact", value_text(d->fact) }, { "words", value_text(d->words) },
                                               { "class", value_text(d->class) }, { "base", value_text(d->base) },
                                               { "with", value_text(d->with) }));
    }
    return made;
}

static json_t *left_list(const struct comparison *c)
{
    json_t *made = json_array();
    for (size_t i = 0; i < c->left_count; i++)
        made = value_append(made, VALUE_OBJECT({ "why", value_text(c->left[i].why) },
                                               { "blocks", json_integer((json_int_t)c->left[i].count) }));
    return made;
}

static json_t *outlier_list(const struct comparison *c)
{
    json_t *made = json_array();
    for (size_t i = 0; i < c->outlier_count; i++)
        made = value_append(made, json_integer(c->outliers[i]));
    return made;
}

static json_t *until_value(const struct comparison *c)
{
    double until = c->base.run->design.until;
    return until > 0 && c->is_headline
               ? VALUE_OBJECT({ "half_width", value_real(until) }, { "reached", json_boolean(c->ratio.width <= until) })
               : json_null();
}

static json_t *comparison_value(const struct comparison *c)
{
    const struct ratio *r = &c->ratio;
    char words[COMPARE_WORDS], label[LABEL_WORD];
    return VALUE_OBJECT(
        { "step", value_text(c->base.run->steps[c->step].name) }, { "figure", value_text(c->figure) },
        { "direction", value_word(c->direction) }, { "unit", value_text(c->unit) },
        { "better", json_string(c->is_higher_better ? "higher" : "lower") },
        { "headline", json_boolean(c->is_headline) }, { "base", value_text(c->base.node) },
        { "with", value_text(c->with.node) }, { "blocks", json_integer((json_int_t)r->count) },
        { "ratio", value_real(r->ratio) }, { "low", value_real(r->low) }, { "high", value_real(r->high) },
        { "boot_low", value_real(r->boot_low) }, { "boot_high", value_real(r->boot_high) },
        { "half_width", value_real(r->width) }, { "smallest", value_real(r->smallest) },
        { "within", value_real(c->within) }, { "margin", value_real(c->margin) },
        { "verdict", json_string(compare_verdict_name(c->verdict)) }, { "text", value_text(compare_words(c, words)) },
        { "limited_by", json_string(limited_by_name(c->with.limited_by)) },
        { "label", value_text(label_word(&c->label, label, sizeof label)) },
        { "differences", difference_list(&c->label) }, { "left_out", left_list(c) }, { "outliers", outlier_list(c) },
        { "drift", VALUE_OBJECT({ "per_round", value_real(r->drift) }, { "p", value_real(r->drift_p) }) },
        { "until", until_value(c) },
        { "sides", VALUE_OBJECT({ "base", side_value(&c->base) }, { "with", side_value(&c->with) }) });
}

json_t *report_compare_json(const struct comparisons *all)
{
    json_t *made = json_array();
    for (size_t i = 0; i < all->count; i++)
        made = value_append(made, comparison_value(&all->list[i]));
    return made;
}

/* ---- CSV ---- */

static void put_real(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, "%.15g", value);
}

void report_compare_csv(const struct comparisons *all, FILE *out)
{
    fputs("step,direction,figure,unit,base,with,blocks,ratio,low,high,boot_low,boot_high,base_mean,with_mean,verdict,"
          "base_limited_by,with_limited_by,label\n",
          out);
    for (size_t i = 0; i < all->count; i++) {
        const struct comparison *c = &all->list[i];
        const struct ratio *r = &c->ratio;
        char label[LABEL_WORD];
        const char *const first[] = {
            c->base.run->steps[c->step].name, c->direction, c->figure, c->unit, c->base.node, c->with.node
        };
        const double reals[] = { r->ratio, r->low, r->high, r->boot_low, r->boot_high, c->base.mean, c->with.mean };
        const char *const last[] = { compare_verdict_name(c->verdict), limited_by_name(c->base.limited_by),
                                     limited_by_name(c->with.limited_by), label_word(&c->label, label, sizeof label) };
        for (size_t k = 0; k < sizeof first / sizeof *first; k++) {
            fputs(k ? "," : "", out);
            report_csv_text(first[k], out);
        }
        fprintf(out, ",%zu", r->count);
        for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
            put_real(out, reals[k]);
        for (size_t k = 0; k < sizeof last / sizeof *last; k++) {
            fputc(',', out);
            report_csv_text(last[k], out);
        }
        fputc('\n', out);
    }
}
