/* paint.c - the lines of screen.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "live/line.h"
#include "live/screen.h"
#include "live/words.h"
#include "report/print.h"
#include "result/summary.h"

enum {
    CELL = 160,
    GAP = 2,
    RATE_COLUMNS = 12,
    CLOCK_COLUMNS = 10,
    STAMPS_COLUMNS = 6,
    DIRECTION_COLUMNS = 7,
    NAMES_LEAST = 11,
    SHAPE_LEAST = 6, /* a sparkline or a bar of less says nothing */
    SPARK_MOST = 48,
    BAR_MOST = 32,
    HEADED_HEIGHT = 8,  /* lower terminals get no head, */
    SPACED_HEIGHT = 12, /* and these no blank line */
};

/* Columns of the rows; 0 for what has no room. */
struct layout {
    int names, direction, spark, bar, clock, stamps;
};

static struct line begin_line(const struct screen_view *v, struct buffer *out)
{
    int width = v->width > SCREEN_LEAST_WIDTH ? v->width : SCREEN_LEAST_WIDTH;
    return (struct line){ .out = out, .room = width - 1, .color = v->color, .utf8 = v->utf8 };
}

static const char *arrow(const struct screen_view *v, bool is_outward)
{
    return v->utf8 ? (is_outward ? "→" : "←") : (is_outward ? "->" : "<-");
}

static void name_stream(const char *node, const char *peer, bool is_outward, const struct screen_view *v, char *out)
{
    char a[MODEL_NAME], b[MODEL_NAME];
    print_clean(node, a, sizeof a);
    print_clean(peer, b, sizeof b);
    snprintf(out, CELL, "%s %s %s", a, arrow(v, is_outward), b);
    if (!*b)
        snprintf(out, CELL, "%s", a);
}

/* "+-" as people write it, which in UTF-8 takes two bytes as well. */
static const char *plus_minus(const struct screen_view *v, char *text)
{
    char *at = v->utf8 ? strstr(text, "+-") : NULL;
    if (at) {
        at[0] = '\xc2';
        at[1] = '\xb1';
    }
    return text;
}

/* ---- the rows ---- */

static struct layout lay_out(const struct screen *s, size_t shown, const struct screen_view *v, int room)
{
    struct layout l = { .names = NAMES_LEAST, .clock = CLOCK_COLUMNS };
    char name[CELL];
    for (size_t i = 0; i < shown; i++) {
        name_stream(s->rows[i].node, s->rows[i].peer, s->rows[i].is_outward, v, name);
        if (line_cells(name) > l.names)
            l.names = line_cells(name);
    }
    if (l.names > room * 2 / 5)
        l.names = room * 2 / 5;
    int left = room - 1 - l.names - GAP - RATE_COLUMNS;
    if (room >= 96) {
        l.direction = DIRECTION_COLUMNS;
        l.stamps = STAMPS_COLUMNS;
        left -= GAP + DIRECTION_COLUMNS + GAP + STAMPS_COLUMNS;
    }
    if (left < GAP + CLOCK_COLUMNS)
        l.clock = 0;
    else
        left -= GAP + CLOCK_COLUMNS;
    int shapes = left - 2 * GAP;
    if (shapes >= 2 * SHAPE_LEAST) {
        l.spark = shapes / 2 < SPARK_MOST ? shapes - shapes / 2 : SPARK_MOST;
        l.bar = shapes - l.spark < BAR_MOST ? shapes - l.spark : BAR_MOST;
    } else if (left - GAP >= SHAPE_LEAST) {
        l.spark = left - GAP;
    }
    return l;
}

/* The newest samples, each against the largest of them; zero is at the bottom. */
static void put_spark(struct line *l, const struct screen_row *row, int columns)
{
    static const char *const BLOCKS[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
    static const char *const SIGNS[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
    char out[SCREEN_HISTORY * 4] = "";
    unsigned kept = row->history_count < SCREEN_HISTORY ? row->history_count : SCREEN_HISTORY;
    unsigned count = kept < (unsigned)columns ? kept : (unsigned)columns;
    float most = 0;
    for (unsigned i = row->history_count - count; i < row->history_count; i++)
        if (row->history[i % SCREEN_HISTORY] > most)
            most = row->history[i % SCREEN_HISTORY];
    for (unsigned i = row->history_count - count; i < row->history_count; i++) {
        float value = row->history[i % SCREEN_HISTORY];
        int level = most > 0 && value > 0 ? (int)(value / most * 7 + 0.5F) : 0;
        text_append(out, sizeof out, "%s", value < 0 ? " " : l->utf8 ? BLOCKS[level] : SIGNS[level]);
    }
    line_cell(l, INK_SHAPE, out, columns, false);
}

static void put_run_of(struct line *l, enum ink ink, const char *sign, int count)
{
    char out[BAR_MOST * 3 + 1] = "";
    for (int i = 0; i < count; i++)
        text_append(out, sizeof out, "%s", sign);
    line_put(l, ink, out);
}

/* The trial's time: its warm-up in another colour, in halves of a column where there are such. */
static void put_bar(struct line *l, const struct screen *s, int columns)
{
    int64_t whole = s->step.warmup_ns + s->step.length_ns;
    int64_t at = s->at_ns < 0 ? 0 : s->at_ns < whole ? s->at_ns : whole;
    int halves = whole > 0 ? (int)(at * 2 * columns / whole) : 0;
    int full = halves / 2, warm = whole > 0 ? (int)(s->step.warmup_ns * columns / whole) : 0;
    bool half = halves % 2;
    if (warm > full)
        warm = full;
    put_run_of(l, INK_WARN, l->utf8 ? "━" : "=", warm);
    put_run_of(l, INK_GOOD, l->utf8 ? "━" : "=", full - warm);
    if (half)
        line_put(l, at <= s->step.warmup_ns ? INK_WARN : INK_GOOD, l->utf8 ? "╸" : ">");
    put_run_of(l, INK_FAINT, l->utf8 ? "─" : "-", columns - full - half);
}

static void put_head(struct line *l, const struct layout *at)
{
    line_blank(l, 1);
    line_cell(l, INK_FAINT, "stream", at->names, false);
    line_blank(l, GAP);
    if (at->direction) {
        line_cell(l, INK_FAINT, "", at->direction, false);
        line_blank(l, GAP);
    }
    line_cell(l, INK_FAINT, "rate", RATE_COLUMNS, true);
    if (at->spark) {
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, "recent", at->spark, false);
    }
    if (at->bar) {
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, "time", at->bar, false);
    }
    if (at->clock) {
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, "clock", at->clock, true);
    }
    if (at->stamps) {
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, "stamps", at->stamps, false);
    }
    line_end(l);
}

static void put_row(struct line *l, const struct screen *s, const struct screen_row *row, const struct screen_view *v,
                    const struct layout *at)
{
    char text[CELL];
    line_blank(l, 1);
    name_stream(row->node, row->peer, row->is_outward, v, text);
    line_cell(l, INK_PLAIN, text, at->names, false);
    line_blank(l, GAP);
    if (at->direction) {
        line_cell(l, INK_FAINT, row->direction, at->direction, false);
        line_blank(l, GAP);
    }
    snprintf(text, sizeof text, "-");
    if (row->is_known)
        units_show_in(row->rate, row->unit, text, sizeof text);
    line_cell(l, row->is_known ? INK_STRONG : INK_FAINT, text, RATE_COLUMNS, true);
    if (at->spark) {
        line_blank(l, GAP);
        put_spark(l, row, at->spark);
    }
    if (at->bar) {
        line_blank(l, GAP);
        put_bar(l, s, at->bar);
    }
    if (at->clock) {
        char bound[32];
        snprintf(text, sizeof text, "-");
        if (row->clock_bound_ns >= 0)
            snprintf(text, sizeof text, "+-%s", units_show_ns((double)row->clock_bound_ns, bound, sizeof bound));
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, plus_minus(v, text), at->clock, true);
    }
    if (at->stamps) {
        line_blank(l, GAP);
        line_cell(l, INK_FAINT, *row->stamps ? row->stamps : "-", at->stamps, false);
    }
    line_end(l);
}

static void put_more(struct line *l, const struct screen *s, size_t shown, const struct layout *at)
{
    char text[CELL];
    double sum = 0;
    for (size_t i = shown; i < s->row_count; i++)
        sum += s->rows[i].is_known ? s->rows[i].rate : 0;
    line_blank(l, 1);
    snprintf(text, sizeof text, "+ %zu more", s->row_count - shown);
    line_cell(l, INK_FAINT, text, at->names, false);
    line_blank(l, GAP + (at->direction ? at->direction + GAP : 0));
    line_cell(l, INK_STRONG, units_show_in(sum, s->rows[0].unit, text, sizeof text), RATE_COLUMNS, true);
    line_put(l, INK_FAINT, "  together");
    line_end(l);
}

/* ---- the line of the run ---- */

static void name_phase(const struct screen *s, char *out, size_t size)
{
    double warm = (double)s->step.warmup_ns / 1e9, length = (double)s->step.length_ns / 1e9;
    double at = (double)s->at_ns / 1e9;
    if (s->at_ns < 0)
        snprintf(out, size, "preparing");
    else if (s->at_ns < s->step.warmup_ns)
        snprintf(out, size, "warming up %.1f/%.1f s", at, warm);
    else if (s->at_ns < s->step.warmup_ns + s->step.length_ns)
        snprintf(out, size, "%.1f/%.1f s", at - warm, length);
    else
        snprintf(out, size, "finishing");
}

/* "guest uses 0.98 CPUs": of its host, all guests' virtual machines together. */
static void name_guests(const struct screen *s, char *out, size_t size)
{
    double sum = 0;
    int guests = 0;
    const char *last = "";
    out[0] = '\0';
    for (size_t i = 0; i < s->row_count; i++) {
        const struct screen_row *row = &s->rows[i];
        if (row->host_cpus <= 0 || strcmp(row->node, last) == 0) /* a node's flows stand together */
            continue;
        last = row->node;
        sum += row->host_cpus;
        guests++;
    }
    if (guests == 1)
        print_clean(last, out, size);
    if (guests > 0)
        text_append(out, size, guests == 1 ? " uses %.2f CPUs" : "guests use %.2f CPUs", sum);
}

static void put_run(struct line *l, const struct screen *s)
{
    enum { RUN, SCENARIO, TRIAL, ROUND, STEP, PHASE, GUESTS, LEFT, PARTS };
    static const int FIRST_TO_GO[] = { RUN, ROUND, SCENARIO, GUESTS, PHASE, TRIAL, STEP };
    char parts[PARTS][CELL] = { 0 }, wait[32];
    const char *dot = l->utf8 ? " · " : " | ";
    snprintf(parts[RUN], CELL, "run %" PRId64, s->no);
    print_clean(s->scenario, parts[SCENARIO], CELL);
    snprintf(parts[TRIAL], CELL, "trial %d/%d", s->step.trial + 1, s->step.trials);
    snprintf(parts[ROUND], CELL, "round %d/%d", s->step.round + 1, s->step.rounds);
    print_clean(s->step_name, parts[STEP], CELL);
    if (s->step.attempt > 0)
        text_append(parts[STEP], CELL, ", attempt %d", s->step.attempt + 1);
    name_phase(s, parts[PHASE], CELL);
    name_guests(s, parts[GUESTS], CELL);
    snprintf(parts[LEFT], CELL, "%s left", units_show_wait(screen_left_ns(s), wait, sizeof wait));
    int cells = 1 - line_cells(dot);
    for (int i = 0; i < PARTS; i++)
        cells += *parts[i] ? line_cells(parts[i]) + line_cells(dot) : 0;
    for (size_t i = 0; i < ARRAY_SIZE(FIRST_TO_GO) && cells > l->room; i++) {
        cells -= line_cells(parts[FIRST_TO_GO[i]]) + line_cells(dot);
        parts[FIRST_TO_GO[i]][0] = '\0';
    }
    line_blank(l, 1);
    bool first = true;
    for (int i = 0; i < PARTS; i++) {
        if (!*parts[i])
            continue;
        if (!first)
            line_put(l, INK_FAINT, dot);
        line_put(l, i == STEP || i == LEFT ? INK_STRONG : INK_PLAIN, parts[i]);
        first = false;
    }
    line_end(l);
}

void screen_paint(const struct screen *s, const struct screen_view *v, struct buffer *out)
{
    int room = v->height - 2; /* the cursor's line, the run's */
    if (!s->has_step || room < 0)
        return;
    struct line l = begin_line(v, out);
    bool headed = v->height >= HEADED_HEIGHT && s->row_count > 0, spaced = v->height >= SPACED_HEIGHT;
    room -= headed + spaced;
    size_t shown = s->row_count;
    if (shown > (size_t)room)
        shown = room > 0 ? (size_t)room - 1 : 0; /* the last one says how many more */
    struct layout at = lay_out(s, shown, v, l.room);
    if (spaced)
        line_end(&l);
    if (headed)
        put_head(&l, &at);
    for (size_t i = 0; i < shown; i++)
        put_row(&l, s, &s->rows[i], v, &at);
    if (shown < s->row_count && room > 0)
        put_more(&l, s, shown, &at);
    put_run(&l, s);
}

/* ---- a trial that is over ---- */

static void put_streams(struct line *l, int indent, const struct trial *t, const struct screen_view *v)
{
    char text[WORDS_LINE], name[CELL], rate[32];
    if (*words_many(t, text, sizeof text)) {
        for (char *rest = text, *clause; (clause = strsep(&rest, ","));) {
            snprintf(name, sizeof name, "%s%s", clause + (clause[0] == ' '), rest ? "," : "");
            line_piece(l, indent, INK_PLAIN, name);
            line_blank(l, rest != NULL);
        }
        line_blank(l, GAP);
        return;
    }
    for (size_t i = 0; i < t->stream_count; i++) {
        const struct stream *s = &t->streams[i];
        const struct figure *f = words_rate(s);
        if (!f)
            continue;
        name_stream(s->node, s->peer, strcmp(s->direction, "receive") != 0, v, name);
        text_append(name, sizeof name, " %s%s", strcmp(s->direction, "work") == 0 ? words_what(s) : "",
                    strcmp(s->direction, "work") == 0 ? " " : "");
        units_show_in(f->value, f->unit, rate, sizeof rate);
        line_break(l, indent, line_cells(name) + line_cells(rate));
        line_put(l, INK_PLAIN, name);
        line_put(l, INK_STRONG, rate);
        line_blank(l, GAP);
    }
}

void screen_trial(const struct screen *s, const struct live_step *step, const struct trial *t,
                  const struct screen_view *v, struct buffer *out)
{
    struct line l = begin_line(v, out);
    char text[MODEL_TEXT + 32], clean[MODEL_TEXT + 32], name[MODEL_STEP];
    bool is_good = t->verdict == VERDICT_TOGETHER || t->verdict == VERDICT_SINGLE;
    bool is_sound = is_good && !summary_disturbance(t);
    enum ink ink = t->partial ? INK_BAD : is_sound ? INK_GOOD : INK_WARN;
    const char *mark = t->partial ? (v->utf8 ? "✗" : "x") : is_sound ? (v->utf8 ? "✓" : "+") : "!";
    line_put(&l, ink, mark);
    snprintf(name, sizeof name, "%d", step->trials);
    snprintf(text, sizeof text, " %*d/%d ", (int)strlen(name), step->trial + 1, step->trials);
    line_put(&l, INK_FAINT, text);
    print_clean(step->name, name, sizeof name);
    int fill = s->step_columns - line_cells(name);
    line_put(&l, INK_STRONG, name);
    if (step->attempt > 0) {
        snprintf(text, sizeof text, ", attempt %d", step->attempt + 1);
        line_put(&l, INK_PLAIN, text);
        fill = 0;
    }
    line_blank(&l, GAP + (fill > 0 ? fill : 0));
    int indent = l.used < l.room / 2 ? l.used : 4;
    put_streams(&l, indent, t, v);
    if (t->partial) {
        snprintf(text, sizeof text, "partial: %s", t->why);
        line_words(&l, indent, INK_BAD, print_clean(text, clean, sizeof clean));
    } else {
        words_start(t, text, sizeof text);
        plus_minus(v, text);
        line_break(&l, indent, line_cells(text));
        line_words(&l, indent, is_good ? INK_FAINT : INK_WARN, text);
    }
    line_end(&l);
    for (size_t i = 0; i < t->flag_count; i++) {
        snprintf(text, sizeof text, "%s: %s", t->flags[i].kind, t->flags[i].text);
        line_blank(&l, indent);
        line_words(&l, indent, INK_WARN, print_clean(text, clean, sizeof clean));
        line_end(&l);
    }
}
