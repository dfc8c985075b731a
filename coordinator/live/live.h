/* live.h - what a person or program sees while a run goes on. One header; the sinks are chosen once.
 *
 * Everything goes to stderr; the result of a run goes to stdout when it is over. A reader that is
 * slow or gone never slows the run down.
 */
#ifndef TARE_LIVE_H
#define TARE_LIVE_H

#include <stdint.h>

#include "base/err.h"
#include "live/tap.h"
#include "result/model.h"

/* What a flow does at the moment. */
struct live_rate {
    const char *node, *peer, *direction;
    double bits_per_s;
};

struct live_step {
    const char *name;
    int round, rounds; /* from 0 */
    int trial, trials; /* from 0; of the whole run */
    int attempt;
};

struct live;

/* Plain lines, for a pipe or a file as well as a terminal. NULL when memory is out. */
struct live *live_plain(void);
void live_destroy(struct live **live);

/* Somebody reads along from now on; NULL for nobody. */
void live_set_tap(struct live *live, const struct live_tap *tap);

/* One line of news. */
void live_note(struct live *live, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A trial was started: `verdict` of its start comes with live_trial. */
void live_begin(struct live *live, const struct live_step *step);

/* The rates over the last second, `at_ns` after T. */
void live_rates(struct live *live, int64_t at_ns, const struct live_rate *rates, size_t count);

/* A trial is over and in the archive. */
void live_trial(struct live *live, const struct live_step *step, const struct trial *trial, int64_t left_ns);

#endif
