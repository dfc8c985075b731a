/* delivery.h - source trees to the nodes that build them: each once, before the first trial that needs it.
 *
 * All nodes of a trial are served side by side. One that is lost in between may come back, and it goes on from what
 * it holds.
 */
#ifndef TARE_DELIVERY_H
#define TARE_DELIVERY_H

#include "base/err.h"
#include "live/live.h"
#include "run/hub.h"
#include "scenario/plan.h"

struct delivery;

struct delivery_options {
    const struct scenario *scenario;
    struct hub *hub;
    struct live *live;
    int64_t wait_ns; /* for a node that was lost */
};

enum delivery_end { DELIVERY_DONE, DELIVERY_INTERRUPTED, DELIVERY_FAILED };

/* Find and read every source that a step names; fails with the step and what is wrong with it. The scenario may well
 * have none. */
MUST_CHECK bool delivery_new(const struct delivery_options *options, struct delivery **delivery, struct err *e);
void delivery_destroy(struct delivery **delivery);

/* See to it that the hosts of built-in guests which build have what those are to build: they start with it. */
enum delivery_end delivery_to_hosts(struct delivery *delivery, struct err *e);

/* See to it that the trial's nodes have what they are to build. */
enum delivery_end delivery_prepare(struct delivery *delivery, const struct plan_trial *place, struct err *e);

/* The hash of what `step` builds; NULL where it builds nothing. */
const unsigned char *delivery_hash(const struct delivery *delivery, const struct scenario_step *step);

#endif
