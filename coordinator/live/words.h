/* words.h - how the live view says things; shared by the sinks for people. */
#ifndef TARE_LIVE_WORDS_H
#define TARE_LIVE_WORDS_H

#include <stddef.h>

#include "live/live.h"

enum {
    WORDS_LINE = 400,
    WORDS_STREAMS_NAMED = 4, /* of more streams in a line only what they make together */
};

/* Each fills `out` and returns it. */

/* "host joined from 10.77.0.2 (tare-node 0.1.0)" */
const char *words_node(const struct live_node *node, char *out, size_t size);
/* "run 1, 'quickstart': 3 rounds of 3 steps, 9 trials, about 57 s" */
const char *words_run(const struct run *run, int trials, const struct live_expected *expected, char *out, size_t size);
/* "[2/9] round 1/3 send, attempt 2" */
const char *words_place(const struct live_step *step, char *out, size_t size);
/* "together, skew 1.24 +-2.40 us"; "" for a trial that was never started. */
const char *words_start(const struct trial *trial, char *out, size_t size);

/* "host send 94.11 Mbit/s, host receive 90.89 Mbit/s"; of many "16 streams 94.02 Mbit/s, 5.61..6.12 Mbit/s
 * each"; "" where nothing is known yet. */
const char *words_rates(const struct live_rate *rates, size_t count, char *out, size_t size);
/* Of a trial with many load streams: "16 send 94.02 Mbit/s, 5.61..6.12 Mbit/s each, fairness 0.998"; "" for
 * one with few. */
const char *words_many(const struct trial *trial, char *out, size_t size);

/* What was done a second over the whole window by the load end that `stream` is; NULL for what is none. */
const struct figure *words_rate(const struct stream *stream);

/* What that is of: the stream's direction, or the figure's name where there are several. */
const char *words_what(const struct stream *stream);

#endif
