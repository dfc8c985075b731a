/* earlier.h - how long a run took that was the same. */
#ifndef TARE_RUN_EARLIER_H
#define TARE_RUN_EARLIER_H

#include "archive/archive.h"

/* The newest run of the archive that was complete and had the scenario, the overrides and the left-out steps of `run`:
 * its number, 0 where there is none, and what it took. */
MUST_CHECK bool earlier_run(struct archive *archive, const struct run *run, int64_t *no, int64_t *took_ns,
                            struct err *e);

#endif
