/* leave.h - steps that are left out because they cannot be run here: those for a lab alone where there is none, and
 * those that say `optional: true` where what they need is not to be had. Each is said, and archived, with its reason.
 *
 * Before a run steps are taken out of the scenario, here; while it goes on they stay in it, and are ended in the plan
 * (run/leaving.h).
 */
#ifndef TARE_SCENARIO_LEAVE_H
#define TARE_SCENARIO_LEAVE_H

#include "scenario/scenario.h"

/* A line "step: why" more in `*lines`, which is owned. False when memory is out. */
MUST_CHECK bool left_out_add(char **lines, const char *step, const char *why);

/* Take out the steps that only a lab can run (is_unshaped), for real machines; one line says it. Fails when no step is
 * left. */
MUST_CHECK bool scenario_leave_out_lab_steps(struct scenario *scenario, struct err *e);

/* Take out the steps that build `source`, or anything where it is NULL, because of `why`; one line says it. Guests that
 * nothing is built in any more need no compiler then. Fails, with `why`, where such a step is not optional or none is
 * left. */
MUST_CHECK bool scenario_leave_out_builds(struct scenario *scenario, const char *source, const char *why,
                                          struct err *e);

#endif
