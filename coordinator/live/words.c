#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/print.h"
#include "result/total.h"

const char *words_node(const struct live_node *node, char *out, size_t size)
{
    char line[WORDS_LINE];
    snprintf(line, sizeof line, "%s joined from %s (tare-%s %s)", node->name, node->address, node->program,
             node->version);
    return print_clean(line, out, size); /* the node chose its version */
}

const char *words_run(const struct run *run, int trials, const struct live_expected *expected, char *out, size_t size)
{
    char least[24] = "", wait[96], like[48] = "";
    if (expected->like_no > 0)
        snprintf(like, sizeof like, ", as run %" PRId64 " took", expected->like_no);
    if (run->design.until > 0)
        snprintf(least, sizeof least, "%d to ", run->design.least);
    snprintf(out, size, "run %" PRId64 ", '%s': %s%d round%s of %zu step%s, %s%d trial%s, %s %s%s", run->no,
             run->scenario, least, run->rounds, run->rounds == 1 ? "" : "s", run->step_count,
             run->step_count == 1 ? "" : "s", *least ? "at most " : "", trials, trials == 1 ? "" : "s",
             *least ? "at most" : "about", units_show_span(expected->left, wait, sizeof wait), like);
    return out;
}

const char *words_place(const struct live_step *s, char *out, size_t size)
{
    snprintf(out, size, "[%d/%d] round %d/%d %s", s->trial + 1, s->trials, s->round + 1, s->rounds, s->name);
    if (s->attempt > 0)
        text_append(out, size, ", attempt %d", s->attempt + 1);
    return out;
}

static const struct skew *worst_skew(const struct trial *t)
{
    const struct skew *worst = NULL;
    for (size_t i = 0; i < t->skew_count; i++)
        if (!worst || llabs(t->skews[i].ns) > llabs(worst->ns))
            worst = &t->skews[i];
    return worst;
}

/* What a guest's host says of its start; "" where none was watched. */
static void append_witness(const struct trial *t, char *out, size_t size)
{
    const struct around *worst = NULL;
    char text[40];
    for (size_t i = 0; i < t->around_count; i++)
        if (t->arounds[i].worst_ns >= 0 && (!worst || t->arounds[i].worst_ns > worst->worst_ns))
            worst = &t->arounds[i];
    if (worst)
        text_append(out, size, ", %s's vCPUs waited %s for a CPU around it", worst->node,
                    units_show_ns((double)worst->worst_ns, text, sizeof text));
}

const char *words_start(const struct trial *t, char *out, size_t size)
{
    char text[64];
    const struct skew *worst = worst_skew(t);
    snprintf(out, size, "%s%s%s", verdict_name(t->verdict), *t->late ? ": " : "", t->late);
    if (worst)
        text_append(out, size, ", skew %s",
                    units_show_ns_within((double)worst->ns, (double)worst->bound_ns, text, sizeof text));
    for (size_t i = 0; i < t->stream_count && !worst; i++) {
        const struct stream *s = &t->streams[i];
        if (!s->operates || s->first_op_ns == 0)
            continue;
        text_append(
            out, size, ", first operation T%s%s", s->first_op_ns < t->at_ns ? "" : "+",
            units_show_ns_within((double)(s->first_op_ns - t->at_ns), (double)s->first_op_bound_ns, text, sizeof text));
        if (*s->release)
            text_append(out, size, ", %s", print_clean(s->release, text, sizeof text));
        break;
    }
    append_witness(t, out, size);
    return out;
}

static void append_many(char *out, size_t size, size_t count, const char *what, const char *unit, double sum,
                        double least, double most)
{
    char sums[32], leasts[32], mosts[32];
    units_show_in(sum, unit, sums, sizeof sums);
    units_show_in(least, unit, leasts, sizeof leasts);
    units_show_in(most, unit, mosts, sizeof mosts);
    units_drop_same(leasts, mosts);
    text_append(out, size, "%s%zu %s %s, %s..%s each", *out ? ", " : "", count, what, sums, leasts, mosts);
}

const char *words_rates(const struct live_rate *rates, size_t count, char *out, size_t size)
{
    double sum = 0, least = INFINITY, most = -INFINITY;
    size_t known = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char rate[32];
        if (!rates[i].is_known)
            continue;
        if (count <= WORDS_STREAMS_NAMED)
            text_append(out, size, "%s%s %s %s", *out ? ", " : "", rates[i].node, rates[i].direction,
                        units_show_in(rates[i].rate, rates[i].unit, rate, sizeof rate));
        known++;
        sum += rates[i].rate;
        least = fmin(least, rates[i].rate);
        most = fmax(most, rates[i].rate);
    }
    if (count > WORDS_STREAMS_NAMED && known > 0)
        append_many(out, size, known, "streams", rates[0].unit, sum, least, most);
    return out;
}

const char *words_many(const struct trial *t, char *out, size_t size)
{
    static const char *const DIRECTIONS[] = { "send", "receive", "ask" };
    const char *unit = "";
    double sum = 0, least = INFINITY, most = -INFINITY;
    size_t count = 0;
    out[0] = '\0';
    for (size_t i = 0; i < t->stream_count; i++) {
        const struct figure *f = words_rate(&t->streams[i]);
        if (!f)
            continue;
        count++;
        unit = f->unit;
        sum += f->value;
        least = fmin(least, f->value);
        most = fmax(most, f->value);
    }
    for (size_t i = 0; count > WORDS_STREAMS_NAMED && i < ARRAY_SIZE(DIRECTIONS); i++) {
        struct total total;
        if (!total_at_once(t, DIRECTIONS[i], &total))
            continue;
        append_many(out, size, total.streams, DIRECTIONS[i], total.unit, total.sum, total.least, total.most);
        text_append(out, size, ", fairness %.3f", total.jain);
    }
    if (count > WORDS_STREAMS_NAMED && !*out) /* cut short: some have no figure */
        append_many(out, size, count, "streams", unit, sum, least, most);
    return out;
}

const struct figure *words_rate(const struct stream *s)
{
    if (s->role != STREAM_LOAD)
        return NULL;
    /* Of what does several things the first is what it is run for. */
    return strcmp(s->direction, "work") == 0 && s->figure_count > 0 ? &s->figures[0] : stream_rate(s, WINDOW_WHOLE);
}

const char *words_what(const struct stream *s)
{
    return strcmp(s->direction, "work") == 0 && s->figure_count > 0 ? s->figures[0].name : s->direction;
}
