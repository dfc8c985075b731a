/* sink.h - what a sink of the live view is: functions with the meaning that live.h gives to their
 * names. NULL for what it does not show.
 */
#ifndef TARE_LIVE_SINK_H
#define TARE_LIVE_SINK_H

#include "base/log.h"
#include "live/live.h"

struct live_sink {
    bool (*open)(int fd, void **state, struct err *e);
    void (*close)(void *state);
    void (*note)(void *state, enum log_level level, const char *text); /* also the lines of log.h */
    void (*node)(void *state, const struct live_node *node);
    void (*run)(void *state, const struct run *run, int trials, const struct live_expected *expected);
    void (*begin)(void *state, const struct live_step *step);
    void (*rates)(void *state, int64_t at_ns, const struct live_rate *rates, size_t count);
    void (*trial)(void *state, const struct live_step *step, const struct trial *trial, int64_t left_ns);
    void (*end)(void *state, const char *status, int exit_code, const char *error);
};

/* A state of live_plain whose lines go to `tap`, without the program's name. */
MUST_CHECK bool plain_open_tap(const struct live_tap *tap, void **state, struct err *e);

extern const struct live_sink live_tty, live_plain, live_jsonl, live_none;

#endif
