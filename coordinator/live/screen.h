/* screen.h - the block that a terminal shows while a run goes on: what is known, and as lines.
 *
 * Pure: no terminal, no clock. Lines never reach the last column, so that nothing wraps; columns go
 * in order of worth where there is no room for all.
 */
#ifndef TARE_SCREEN_H
#define TARE_SCREEN_H

#include "live/buffer.h"
#include "live/live.h"

enum { SCREEN_HISTORY = 64, SCREEN_LEAST_WIDTH = 20 };

struct screen_row {
    char node[MODEL_NAME], peer[MODEL_NAME];
    bool is_outward, is_known;
    char direction[16], unit[16];
    double rate;
    int64_t clock_bound_ns;
    double host_cpus;
    char stamps[16];
    float history[SCREEN_HISTORY]; /* in the unit, a ring; negative where nothing was known */
    unsigned history_count;        /* ever */
};

struct screen {
    char scenario[MODEL_NAME];
    int64_t no;
    int step_columns; /* of the longest name of a step, so that lines of trials stand in columns */
    bool has_step;
    struct live_step step;
    char step_name[MODEL_STEP];
    int64_t at_ns;           /* after T, negative before it */
    struct screen_row *rows; /* owned */
    size_t row_count;
};

struct screen_view {
    int width, height; /* of the terminal */
    bool color, utf8;
};

void screen_clear(struct screen *screen);

void screen_begin(struct screen *screen, const struct live_step *step);

/* As live_rates; a history goes on as long as the flows are the same. */
void screen_rates(struct screen *screen, int64_t at_ns, const struct live_rate *rates, size_t count);

/* What is left of the run. */
int64_t screen_left_ns(const struct screen *screen);

/* Append the block's lines, each ended by a newline, at most height - 1; none before the run's first
 * trial. `out` may hold text already. */
void screen_paint(const struct screen *screen, const struct screen_view *view, struct buffer *out);

/* A line of a trial that is over, for the view's width; may be several, each ended by a newline. */
void screen_trial(const struct screen *screen, const struct live_step *step, const struct trial *trial,
                  const struct screen_view *view, struct buffer *out);

#endif
