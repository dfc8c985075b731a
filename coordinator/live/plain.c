#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "live/live.h"

enum { LINE = 400 };

struct live {
    char place[160]; /* "[2/9] round 1/3 send" */
    struct live_tap tap;
};

/* One line, here and for whoever reads along. */
static void PRINTF_LIKE(3, 4) say(struct live *live, enum log_level level, const char *fmt, ...)
{
    char line[2 * LINE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    log_line(level, "%s", line);
    if (live->tap.line && log_shows(level))
        live->tap.line(live->tap.context, line);
}

void live_set_tap(struct live *live, const struct live_tap *tap) { live->tap = tap ? *tap : (struct live_tap){ 0 }; }

struct live *live_plain(void) { return calloc(1, sizeof(struct live)); }

void live_destroy(struct live **live)
{
    free(*live);
    *live = NULL;
}

void live_note(struct live *live, const char *fmt, ...)
{
    char line[LINE];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    say(live, LOG_INFO, "%s", line);
}

void live_begin(struct live *live, const struct live_step *s)
{
    snprintf(live->place, sizeof live->place, "[%d/%d] round %d/%d %s", s->trial + 1, s->trials, s->round + 1,
             s->rounds, s->name);
    if (s->attempt > 0)
        text_append(live->place, sizeof live->place, ", attempt %d", s->attempt + 1);
}

void live_rates(struct live *live, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    char line[LINE] = "", rate[32];
    for (size_t i = 0; i < count; i++)
        text_append(line, sizeof line, "%s%s %s %s", i ? ", " : "", rates[i].node, rates[i].direction,
                    units_show_rate(rates[i].bits_per_s, rate, sizeof rate));
    if (count > 0)
        say(live, LOG_INFO, "%s  %4.1f s  %s", live->place, (double)at_ns / 1e9, line);
}

/* "together, skew 1.2 us +-8 us" */
static void describe_start(const struct trial *t, char *out, size_t size)
{
    char ns[32], bound[32];
    const struct skew *worst = NULL;
    snprintf(out, size, "start %s%s%s", verdict_name(t->verdict), *t->late ? ": " : "", t->late);
    for (size_t i = 0; i < t->skew_count; i++)
        if (!worst || llabs(t->skews[i].ns) > llabs(worst->ns))
            worst = &t->skews[i];
    if (worst)
        text_append(out, size, ", skew %s +-%s", units_show_ns((double)worst->ns, ns, sizeof ns),
                    units_show_ns((double)worst->bound_ns, bound, sizeof bound));
    for (size_t i = 0; i < t->stream_count && !worst; i++)
        if (t->streams[i].operates && t->streams[i].first_op_ns != 0) {
            text_append(out, size, ", first operation %s after T, +-%s",
                        units_show_ns((double)(t->streams[i].first_op_ns - t->at_ns), ns, sizeof ns),
                        units_show_ns((double)t->streams[i].first_op_bound_ns, bound, sizeof bound));
            return;
        }
}

void live_trial(struct live *live, const struct live_step *step, const struct trial *t, int64_t left_ns)
{
    (void)step;
    char line[LINE] = "", text[160];
    for (size_t i = 0; i < t->stream_count; i++) {
        const struct stream *s = &t->streams[i];
        const struct figure *f = stream_figure(s, "throughput", WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
        if (s->role == STREAM_LOAD && f)
            text_append(line, sizeof line, "%s %s %s; ", s->node, s->direction,
                        units_show_rate(f->value, text, sizeof text));
    }
    if (t->partial)
        text_append(line, sizeof line, "partial: %s", t->why);
    else
        describe_start(t, text, sizeof text);
    if (!t->partial)
        text_append(line, sizeof line, "%s", text);
    say(live, t->partial ? LOG_WARN : LOG_INFO, "%s  %s", live->place, line);
    for (size_t i = 0; i < t->flag_count; i++)
        say(live, LOG_WARN, "%s  %s: %s", live->place, t->flags[i].kind, t->flags[i].text);
    if (left_ns > 0)
        log_debug("%" PRId64 " s left", left_ns / CLOCK_NS_PER_S);
}
