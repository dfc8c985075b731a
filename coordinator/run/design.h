/* design.h - how a run's trials are repeated and compared: from its scenario, at its start and whenever
 * the archive is asked.
 */
#ifndef TARE_RUN_DESIGN_H
#define TARE_RUN_DESIGN_H

#include "result/model.h"
#include "scenario/scenario.h"

/* Fill run->design, and for each guest which host it is on. */
MUST_CHECK bool design_of(struct run *run, const struct scenario *scenario, struct err *e);

/* The same for a run of the archive, from the scenario's text that it keeps. A text that this version does
 * not read leaves everything at its default. */
MUST_CHECK bool design_of_archived(struct run *run, struct err *e);

#endif
