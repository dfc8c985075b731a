#include "screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void screen_clear(struct screen *s)
{
    free(s->rows);
    *s = (struct screen){ 0 };
}

void screen_begin(struct screen *s, const struct live_step *step)
{
    s->has_step = true;
    s->step = *step;
    text_copy(s->step_name, sizeof s->step_name, step->name);
    s->step.name = s->step_name;
    s->at_ns = -1;
    s->row_count = 0;
}

static bool is_same(const struct screen_row *row, const struct live_rate *rate)
{
    return strcmp(row->node, rate->node) == 0 && strcmp(row->peer, rate->peer) == 0 &&
           row->is_outward == rate->is_outward;
}

void screen_rates(struct screen *s, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    bool same = s->row_count == count;
    for (size_t i = 0; same && i < count; i++)
        same = is_same(&s->rows[i], &rates[i]);
    if (!same) {
        struct screen_row *rows = calloc(count ? count : 1, sizeof *rows);
        if (!rows)
            return;
        free(s->rows);
        s->rows = rows;
        s->row_count = count;
    }
    s->at_ns = at_ns;
    for (size_t i = 0; i < count; i++) {
        struct screen_row *row = &s->rows[i];
        const struct live_rate *rate = &rates[i];
        text_copy(row->node, sizeof row->node, rate->node);
        text_copy(row->peer, sizeof row->peer, rate->peer);
        text_copy(row->direction, sizeof row->direction, rate->direction);
        text_copy(row->unit, sizeof row->unit, rate->unit);
        row->is_outward = rate->is_outward;
        row->is_known = rate->is_known;
        row->rate = rate->rate;
        row->clock_bound_ns = rate->clock_bound_ns;
        row->host_cpus = rate->host_cpus;
        text_copy(row->stamps, sizeof row->stamps, rate->stamps ? rate->stamps : "");
        if (at_ns >= 0)
            row->history[row->history_count++ % SCREEN_HISTORY] = rate->is_known ? (float)rate->last_rate : -1;
    }
}

int64_t screen_left_ns(const struct screen *s)
{
    int64_t whole = s->step.warmup_ns + s->step.length_ns, half = s->step.overhead_ns / 2;
    if (s->at_ns < 0)
        return s->step.left_ns + whole + s->step.overhead_ns;
    return s->step.left_ns + (s->at_ns < whole ? whole - s->at_ns : 0) + half;
}
