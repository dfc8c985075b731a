/* attempt.h - one trial, from the first clock probe to the verdict. */
#ifndef TARE_ATTEMPT_H
#define TARE_ATTEMPT_H

#include <stdio.h>

#include "base/err.h"
#include "live/live.h"
#include "result/model.h"
#include "run/delivery.h"
#include "run/guests.h"
#include "run/hub.h"
#include "scenario/plan.h"

enum attempt_end {
    ATTEMPT_DONE,    /* measured whole */
    ATTEMPT_FAILED,  /* this trial could not be finished; others may */
    ATTEMPT_UNARMED, /* an answer to ARM was missing or late: worth another attempt */
    ATTEMPT_LOST,    /* a node that the run needs is gone */
    ATTEMPT_STOPPED, /* a signal asked for the end */
};

struct attempt_context {
    struct hub *hub;
    const struct scenario *scenario;
    struct live *live;
    struct guests *guests;
    const struct delivery *delivery; /* what its nodes build */
    FILE *probe_log;                 /* probe_log.h; NULL for none */
};

/* Conduct the trial that `place` names under `number` (unique in the run), and fill `trial` with
 * whatever was found out; `trial->why` says what went wrong. Fails only when this machine does. */
MUST_CHECK bool attempt_run(const struct attempt_context *context, const struct plan_trial *place, uint32_t number,
                            struct trial *trial, enum attempt_end *end, struct err *e);

/* What a trial takes beside its own times, for the ETA. */
int64_t attempt_overhead_ns(void);

#endif
