/* run.h - the conductor: waits for the nodes, goes through the plan, keeps every trial.
 */
#ifndef TARE_RUN_H
#define TARE_RUN_H

#include <stdio.h>

#include "archive/archive.h"
#include "base/err.h"
#include "live/live.h"
#include "run/hub.h"
#include "scenario/pace.h"

struct run_options {
    const struct scenario *scenario;
    struct hub *hub;
    struct archive *archive;
    struct live *live;
    FILE *probe_log; /* where every clock probe is written (probe_log.h); NULL for nowhere */
    int64_t wait_ns; /* for the nodes, at the start */
    /* The address of the n-th guest that is started; NULL: DHCP gives it one. */
    void (*guest_address)(const void *lab, size_t n, char *text, size_t size);
    /* Have the lab's ports carry what the machine can do, or as they were: for steps that ask for it. Not NULL
     * where the scenario has any. */
    bool (*lift_shaping)(const void *lab, bool lifts, struct err *e);
    const void *lab;       /* of both */
    enum pace_accel accel; /* of guests whose declaration leaves it open, as far as it is known */
    const char *join_hint; /* how a missing node is started, with its name for %s; NULL for none */
};

/* Go through the scenario. True when every trial was measured whole; false with the exit code that
 * the program shall end with, and what there is, is in the archive all the same. *no is the run's
 * number, 0 when it never began. */
MUST_CHECK bool run_conduct(const struct run_options *options, int64_t *no, struct err *e);

#endif
