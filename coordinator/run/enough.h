/* enough.h - when a step is known well enough, as `repeats: {min, max, until}` asks: after each block from
 * the least number on, once the intervals of all its ratios are as narrow as that. Never undone, and
 * nothing is repeated because it did not please.
 */
#ifndef TARE_RUN_ENOUGH_H
#define TARE_RUN_ENOUGH_H

#include "live/live.h"
#include "result/model.h"
#include "scenario/plan.h"

struct enough {
    const struct scenario *scenario;
    struct plan *plan;
    struct run *run; /* its trials are kept here, without their samples */
    struct live *live;
};

/* Keep a finished trial, where it will be needed; takes it then. */
MUST_CHECK bool enough_keep(const struct enough *enough, struct trial *trial, struct err *e);

/* After a trial at `place`: end its step in the plan, and say so, when enough is known. */
MUST_CHECK bool enough_judge(const struct enough *enough, const struct plan_trial *place, struct err *e);

/* At the end: say loudly of which steps too little is known. */
MUST_CHECK bool enough_tell(const struct enough *enough, struct err *e);

#endif
