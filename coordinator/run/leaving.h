/* leaving.h - steps that turn out in mid-run to be impossible here, and say `optional: true`: no more of them is run.
 * What is known before a run is left out of its scenario (scenario/leave.h).
 */
#ifndef TARE_RUN_LEAVING_H
#define TARE_RUN_LEAVING_H

#include "live/live.h"
#include "result/model.h"
#include "scenario/plan.h"

struct leaving {
    const struct scenario *scenario;
    struct plan *plan;
    struct run *run; /* its left_out grows */
    struct live *live;
};

/* The trial at `place` could not be made ready, because of `why`: *left where its step is left out for that. So is one
 * that is optional, within the first round: later on something has broken. */
MUST_CHECK bool leaving_unready(const struct leaving *leaving, const struct plan_trial *place, const char *why,
                                bool *left, struct err *e);

/* What is to be built cannot be had, because of `why`: *left where all steps that build are left out for that; none is
 * where one of them is not optional. */
MUST_CHECK bool leaving_builds(const struct leaving *leaving, const char *why, bool *left, struct err *e);

#endif
