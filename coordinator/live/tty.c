/* tty.c - a terminal: finished lines scroll and stay, below them one block is drawn again and again.
 *
 * The cursor rests on the line below the block, and nothing else of the terminal is changed, so that
 * whatever ends the program leaves a terminal as it was. Drawing is the writer's (outlet.h): a
 * terminal that takes nothing (^S) only gets fewer frames.
 */
#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "live/line.h"
#include "live/outlet.h"
#include "live/screen.h"
#include "live/sink.h"
#include "live/words.h"

enum { COLUMNS_UNKNOWN = 80, ROWS_UNKNOWN = 24, DRAWN_MOST = 512, STEP_COLUMNS_MOST = 16 };

struct tty {
    int fd, continued_fd; /* the latter tells of SIGCONT; -1 where there is none */
    struct outlet *out;
    struct outlet_painter painter;
    bool color, utf8;
    struct screen screen; /* this and what follows: under the outlet's lock */
    int64_t told_mono;    /* when the rates were told last; 0 before */
    struct buffer block;
    int drawn[DRAWN_MOST]; /* cells of each of the block's lines on the terminal */
    size_t drawn_count;
    int drawn_width; /* the terminal's, then */
};

static struct screen_view look(const struct tty *t)
{
    struct winsize size = { 0 };
    struct screen_view v = { COLUMNS_UNKNOWN, ROWS_UNKNOWN, t->color, t->utf8 };
    if (ioctl(t->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        v.width = size.ws_col;
        v.height = size.ws_row;
    }
    return v;
}

/* Not in the foreground the block would be drawn over what others show there. */
static bool may_draw(const struct tty *t)
{
    pid_t group = tcgetpgrp(t->fd);
    return group < 0 || group == getpgrp();
}

/* ---- drawing, by the writer ---- */

static size_t next_line(const struct buffer *text, size_t at, size_t *size)
{
    const char *end = memchr(text->text + at, '\n', text->size - at);
    *size = end ? (size_t)(end - text->text) - at : text->size - at;
    return at + *size + (end != NULL);
}

/* Cells of a line of the block, whose colours take none. */
static int cells_of(const char *text, size_t size)
{
    char plain[4096];
    size_t used = 0;
    for (size_t i = 0; i < size && used + 1 < sizeof plain; i++) {
        if (text[i] == '\033') {
            while (i < size && text[i] != 'm')
                i++;
            continue;
        }
        plain[used++] = text[i];
    }
    plain[used] = '\0';
    return line_cells(plain);
}

/* Rows up to the block's first line. Terminals break lines again when they are made narrower, as
 * most do (those that cut them lose a finished line or two from view here). */
static int rows_drawn(const struct tty *t, const struct screen_view *v)
{
    int rows = 0;
    for (size_t i = 0; i < t->drawn_count; i++)
        rows += t->drawn[i] > v->width ? (t->drawn[i] + v->width - 1) / v->width : 1;
    return rows < v->height ? rows : v->height - 1;
}

/* Row by row: tmux moves what is erased from the top left corner on (ESC [ J) into its history. And
 * wholly: rows that a terminal broke in two it would join again when it is made wider. */
static void erase(int rows, struct buffer *out)
{
    for (int i = 0; i < rows; i++)
        buffer_print(out, "\033[2K\033[B");
    if (rows > 0)
        buffer_print(out, "\033[%dA", rows);
}

/* Time goes on between two tellings. */
static void paint_block(struct tty *t, const struct screen_view *view)
{
    int64_t told_ns = t->screen.at_ns;
    t->block.size = 0;
    if (t->told_mono && told_ns >= 0)
        t->screen.at_ns += clock_mono_ns() - t->told_mono;
    screen_paint(&t->screen, view, &t->block);
    t->screen.at_ns = told_ns;
}

static void paint(void *context, const struct buffer *lines, bool last, struct buffer *out)
{
    struct tty *t = context;
    struct signalfd_siginfo info;
    struct screen_view view = look(t);
    if (t->continued_fd >= 0 && read(t->continued_fd, &info, sizeof info) == (ssize_t)sizeof info)
        t->drawn_count = 0; /* who knows what the terminal shows since: the block is left where it is */
    t->block.size = 0;
    if (!last && may_draw(t))
        paint_block(t, &view);
    int rows = rows_drawn(t, &view);
    bool is_erased = lines->size > 0 || t->block.size == 0 || view.width != t->drawn_width;
    if (rows > 0)
        buffer_print(out, "\r\033[%dA", rows);
    if (is_erased)
        erase(rows, out);
    (void)buffer_put(out, lines->text, lines->size);
    /* Each line over the old one, and then the rest of it: nothing flickers. */
    t->drawn_count = 0;
    t->drawn_width = view.width;
    for (size_t at = 0, size; at < t->block.size && t->drawn_count < DRAWN_MOST;) {
        const char *line = t->block.text + at;
        at = next_line(&t->block, at, &size);
        (void)buffer_put(out, line, size);
        buffer_print(out, "\033[K\r\n");
        t->drawn[t->drawn_count++] = cells_of(line, size);
    }
    if (!is_erased && rows > (int)t->drawn_count)
        buffer_print(out, "\033[J");
}

/* ---- what the conductor tells ---- */

static bool is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = locale && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale)
        freelocale(locale);
    return utf8;
}

static bool has_color(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM"); /* https://no-color.org */
    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

static void tty_close(void *state)
{
    struct tty *t = state;
    if (t->out)
        (void)outlet_close(&t->out);
    if (t->continued_fd >= 0) {
        sigset_t continued;
        sigemptyset(&continued);
        sigaddset(&continued, SIGCONT);
        close(t->continued_fd);
        pthread_sigmask(SIG_UNBLOCK, &continued, NULL);
    }
    screen_clear(&t->screen);
    buffer_clear(&t->block);
    free(t);
}

static bool tty_open(int fd, void **state, struct err *e)
{
    struct tty *t = calloc(1, sizeof *t);
    if (!t)
        return err_set(e, ERR_INTERNAL, "out of memory");
    t->fd = fd;
    t->color = has_color();
    t->utf8 = is_utf8();
    t->painter = (struct outlet_painter){ paint, t };
    sigset_t continued;
    sigemptyset(&continued);
    sigaddset(&continued, SIGCONT); /* goes on all the same when it is blocked */
    pthread_sigmask(SIG_BLOCK, &continued, NULL);
    t->continued_fd = signalfd(-1, &continued, SFD_CLOEXEC | SFD_NONBLOCK);
    if (!outlet_open(fd, &t->painter, &t->out, e)) {
        tty_close(t);
        return false;
    }
    *state = t;
    return true;
}

static void say(struct tty *t, enum outlet_worth worth, const struct buffer *lines)
{
    uint64_t dropped = outlet_dropped(t->out, worth == OUTLET_RESULT);
    if (dropped > 0) {
        char text[80];
        int size = snprintf(text, sizeof text, "%" PRIu64 " lines were left out: the terminal was slow\n", dropped);
        (void)outlet_put(t->out, OUTLET_RESULT, text, (size_t)size);
    }
    (void)outlet_put(t->out, worth, lines->text, lines->size);
}

static void say_words(struct tty *t, enum outlet_worth worth, enum ink ink, const char *head, const char *text)
{
    struct screen_view view = look(t);
    struct buffer lines = { 0 };
    struct line line = { .out = &lines, .room = view.width - 1, .color = t->color, .utf8 = t->utf8 };
    if (*head) {
        line_put(&line, ink, head);
        line_put(&line, ink, ": ");
    }
    line_words(&line, 2, *head ? INK_PLAIN : ink, text);
    line_end(&line);
    say(t, worth, &lines);
    buffer_clear(&lines);
}

static void tty_note(void *state, enum log_level level, const char *text)
{
    static const enum ink INKS[LOG_LEVEL_COUNT] = { INK_BAD, INK_WARN, INK_PLAIN, INK_FAINT };
    say_words(state, OUTLET_NEWS, INKS[level], log_word(level), text);
}

static void tty_node(void *state, const struct live_node *node)
{
    char text[WORDS_LINE];
    say_words(state, OUTLET_NEWS, INK_PLAIN, "", words_node(node, text, sizeof text));
}

static void tty_run(void *state, const struct run *run, int trials, const struct live_expected *expected)
{
    struct tty *t = state;
    char text[WORDS_LINE];
    say_words(t, OUTLET_RESULT, INK_STRONG, "", words_run(run, trials, expected, text, sizeof text));
    outlet_lock(t->out);
    text_copy(t->screen.scenario, sizeof t->screen.scenario, run->scenario);
    t->screen.no = run->no;
    for (size_t i = 0; i < run->step_count; i++) {
        int cells = line_cells(run->steps[i].name);
        if (cells > t->screen.step_columns && cells <= STEP_COLUMNS_MOST)
            t->screen.step_columns = cells;
    }
    outlet_unlock(t->out);
}

static void tty_begin(void *state, const struct live_step *step)
{
    struct tty *t = state;
    outlet_lock(t->out);
    screen_begin(&t->screen, step);
    t->told_mono = 0;
    outlet_unlock(t->out);
    outlet_touch(t->out);
}

static void tty_rates(void *state, int64_t at_ns, const struct live_rate *rates, size_t count)
{
    struct tty *t = state;
    outlet_lock(t->out);
    screen_rates(&t->screen, at_ns, rates, count);
    t->told_mono = clock_mono_ns();
    outlet_unlock(t->out);
    outlet_touch(t->out);
}

static void tty_trial(void *state, const struct live_step *step, const struct trial *trial, int64_t left_ns)
{
    struct tty *t = state;
    struct screen_view view = look(t);
    struct buffer lines = { 0 };
    (void)left_ns;
    screen_trial(&t->screen, step, trial, &view, &lines);
    say(t, OUTLET_RESULT, &lines);
    buffer_clear(&lines);
}

static void tty_end(void *state, const char *status, int exit_code, const char *error)
{
    struct tty *t = state;
    (void)status;
    (void)exit_code;
    (void)error; /* the program's last line */
    outlet_lock(t->out);
    t->screen.has_step = false;
    outlet_unlock(t->out);
    outlet_touch(t->out);
}

const struct live_sink live_tty = { .open = tty_open,
                                    .close = tty_close,
                                    .note = tty_note,
                                    .node = tty_node,
                                    .run = tty_run,
                                    .begin = tty_begin,
                                    .rates = tty_rates,
                                    .trial = tty_trial,
                                    .end = tty_end };
