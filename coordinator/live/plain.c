/* plain.c - lines, as log.h writes them; and none, which keeps warnings and errors only. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "live/outlet.h"
#include "live/sink.h"
#include "live/words.h"
#include "report/print.h"

enum { RATES_EVERY_MS = 1000 };

struct plain {
    struct outlet *out; /* NULL where a tap reads along instead */
    struct live_tap tap;
    char place[WORDS_LINE]; /* "[2/9] round 1/3 send" */
    int64_t next_ns;        /* the rates at this time after T are the next to be shown */
};

static void say(struct plain *p, enum outlet_worth worth, enum log_level level, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void say(struct plain *p, enum outlet_worth worth, enum log_level level, const char *fmt, ...)
{
    char line[1200];
    uint64_t dropped = p->out ? outlet_dropped(p->out, worth == OUTLET_RESULT) : 0;
    if (dropped > 0)
        say(p, OUTLET_RESULT, LOG_INFO, "%" PRIu64 " lines were left out: the reader was slow", dropped);
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    struct buffer whole = { 0 };
    const char *word = log_word(level);
    if (p->out)
        buffer_print(&whole, "%s: ", program_invocation_short_name);
    buffer_print(&whole, "%s%s%s", word, *word ? ": " : "", line);
    if (!p->out) {
        if (buffer_put(&whole, "", 1))
            p->tap.line(p->tap.context, whole.text);
        buffer_clear(&whole);
        return;
    }
    buffer_print(&whole, "\n");
    (void)outlet_put(p->out, worth, whole.text, whole.size);
    buffer_clear(&whole);
}

static bool plain_open(int fd, void **state, struct err *e)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (!outlet_open(fd, NULL, &p->out, e)) {
        free(p);
        return false;
    }
    *state = p;
    return true;
}

bool plain_open_tap(const struct live_tap *tap, void **state, struct err *e)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(e, ERR_INTERNAL, "out of memory");
    p->tap = *tap;
    *state = p;
    return true;
}

static void plain_close(void *state)
{
    struct plain *p = state;
    if (p->out)
        (void)outlet_close(&p->out);
    free(p);
}

static void plain_note(void *state, enum log_level level, const char *text)
{
    say(state, OUTLET_NEWS, level, "%s", text);
}

static void plain_node(void *state, const struct live_node *node)
{
    char text[WORDS_LINE];
    say(state, OUTLET_NEWS, LOG_INFO, "%s", words_node(node, text, sizeof text));
}

static void plain_run(void *state, const struct run *run, int trials, const struct live_expected *expected)
{
    char text[WORDS_LINE];
    say(state, OUTLET_RESULT, LOG_INFO, "%s", words_run(run, trials, expected, text, sizeof text));
}

static void plain_begin(void *state, const struct live_step *step)
{
    struct plain *p = state;
    words_place(step, p->place, sizeof p->place);
    p->next_ns = clock_ms(RATES_EVERY_MS);
}

static void plain_rates(void *state, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    struct plain *p = state;
    char text[WORDS_LINE];
    if (at_ns < p->next_ns)
        return;
    p->next_ns = at_ns - at_ns % clock_ms(RATES_EVERY_MS) + clock_ms(RATES_EVERY_MS);
    if (*words_rates(rates, count, text, sizeof text))
        say(p, OUTLET_RATE, LOG_INFO, "%s  %4.1f s  %s", p->place, (double)at_ns / 1e9, text);
}

static void plain_trial(void *state, const struct live_step *step, const struct trial *t, int64_t left_ns)
{
    struct plain *p = state;
    struct buffer line = { 0 };
    char text[WORDS_LINE];
    (void)step;
    (void)left_ns;
    bool is_many = *words_many(t, text, sizeof text);
    if (is_many)
        buffer_print(&line, "%s; ", text);
    for (size_t i = 0; i < t->stream_count && !is_many; i++) {
        const struct stream *s = &t->streams[i];
        const struct figure *f = words_rate(s);
        if (f)
            buffer_print(&line, "%s %s %s; ", s->node, words_what(s),
                         units_show_in(f->value, f->unit, text, sizeof text));
    }
    if (t->partial)
        buffer_print(&line, "partial: %s", print_clean(t->why, text, sizeof text));
    else
        buffer_print(&line, "start %s", words_start(t, text, sizeof text));
    say(p, OUTLET_RESULT, t->partial ? LOG_WARN : LOG_INFO, "%s  %.*s", p->place, (int)line.size, line.text);
    buffer_clear(&line);
    for (size_t i = 0; i < t->flag_count; i++)
        say(p, OUTLET_RESULT, LOG_WARN, "%s  %s: %s", p->place, t->flags[i].kind,
            print_clean(t->flags[i].text, text, sizeof text));
}

static void plain_end(void *state, const char *status, int exit_code, const char *error)
{
    struct plain *p = state;
    (void)status;
    (void)exit_code;
    if (!p->out && *error) /* where there is an outlet, it is the program's last line */
        say(p, OUTLET_RESULT, LOG_ERROR, "%s", error);
    uint64_t dropped = p->out ? outlet_dropped(p->out, true) : 0;
    if (dropped > 0)
        say(p, OUTLET_RESULT, LOG_INFO, "%" PRIu64 " lines were left out: the reader was slow", dropped);
}

const struct live_sink live_plain = { .open = plain_open,
                                      .close = plain_close,
                                      .note = plain_note,
                                      .node = plain_node,
                                      .run = plain_run,
                                      .begin = plain_begin,
                                      .rates = plain_rates,
                                      .trial = plain_trial,
                                      .end = plain_end };

static void none_note(void *state, enum log_level level, const char *text)
{
    if (level == LOG_ERROR || level == LOG_WARN)
        plain_note(state, level, text);
}

const struct live_sink live_none = { .open = plain_open, .close = plain_close, .note = none_note };
