#include "live.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "live/sink.h"
#include "report/print.h"

struct live {
    const struct live_sink *sink;
    void *state;
    void *tap; /* a state of live_plain; NULL: nobody reads along */
    struct log_sink log;
};

static const char *const WORDS[] = {
#define WORD(name, word) [name] = word,
    LIVE_KINDS(WORD)
#undef WORD
};

bool live_kind_from(const char *word, enum live_kind *kind, struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++)
        if (strcmp(word, WORDS[i]) == 0) {
            *kind = (enum live_kind)i;
            return true;
        }
    return err_set(e, ERR_USAGE, "'%.40s' is none of auto, tty, plain, jsonl, none", word);
}

enum live_kind live_choose(enum live_kind kind, int fd)
{
    const char *term = getenv("TERM");
    if (kind != LIVE_AUTO)
        return kind;
    return isatty(fd) && term && *term && strcmp(term, "dumb") != 0 ? LIVE_TTY : LIVE_PLAIN;
}

/* Texts of nodes may be in a line, and control characters in them would steer the terminal. */
static void take_line(void *context, enum log_level level, const char *text)
{
    const struct live *live = context;
    char clean[1024];
    print_clean(text, clean, sizeof clean);
    live->sink->note(live->state, level, clean);
    if (live->tap)
        live_plain.note(live->tap, level, clean);
}

bool live_open(enum live_kind kind, int fd, struct live **live, struct err *e)
{
    static const struct live_sink *const SINKS[] = {
        [LIVE_TTY] = &live_tty, [LIVE_PLAIN] = &live_plain, [LIVE_JSONL] = &live_jsonl, [LIVE_NONE] = &live_none
    };
    struct live *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(e, ERR_INTERNAL, "out of memory");
    made->sink = SINKS[live_choose(kind, fd)];
    if (!made->sink->open(fd, &made->state, e)) {
        free(made);
        return false;
    }
    made->log = (struct log_sink){ take_line, made };
    log_divert(&made->log);
    *live = made;
    return true;
}

void live_close(struct live **live)
{
    struct live *l = *live;
    *live = NULL;
    if (!l)
        return;
    log_divert(NULL);
    l->sink->close(l->state);
    live_clear_tap(l);
    free(l);
}

bool live_set_tap(struct live *live, const struct live_tap *tap, struct err *e)
{
    void *made = NULL;
    if (!plain_open_tap(tap, &made, e))
        return false;
    live_clear_tap(live);
    live->tap = made;
    return true;
}

void live_clear_tap(struct live *live)
{
    if (live->tap)
        live_plain.close(live->tap);
    live->tap = NULL;
}

void live_note(struct live *live, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    take_line(live, LOG_INFO, line);
}

void live_node(struct live *live, const struct live_node *node)
{
    if (live->sink->node)
        live->sink->node(live->state, node);
    if (live->tap)
        live_plain.node(live->tap, node);
}

void live_run(struct live *live, const struct run *run, int trials, const struct live_expected *expected)
{
    if (live->sink->run)
        live->sink->run(live->state, run, trials, expected);
    if (live->tap)
        live_plain.run(live->tap, run, trials, expected);
}

void live_begin(struct live *live, const struct live_step *step)
{
    if (live->sink->begin)
        live->sink->begin(live->state, step);
    if (live->tap)
        live_plain.begin(live->tap, step);
}

void live_rates(struct live *live, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    if (live->sink->rates)
        live->sink->rates(live->state, at_ns, rates, count);
    if (live->tap)
        live_plain.rates(live->tap, at_ns, rates, count);
}

void live_trial(struct live *live, const struct live_step *step, const struct trial *trial, int64_t left_ns)
{
    if (live->sink->trial)
        live->sink->trial(live->state, step, trial, left_ns);
    if (live->tap)
        live_plain.trial(live->tap, step, trial, left_ns);
}

void live_end(struct live *live, const char *status, int exit_code, const char *error)
{
    if (live->sink->end)
        live->sink->end(live->state, status, exit_code, error);
    if (live->tap)
        live_plain.end(live->tap, status, exit_code, error);
}
