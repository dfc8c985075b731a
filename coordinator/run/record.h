/* record.h - how scenario and nodes are written down at the start of a run. */
#ifndef TARE_RUN_RECORD_H
#define TARE_RUN_RECORD_H

#include <jansson.h>

#include "base/err.h"
#include "result/model.h"
#include "run/roster.h"
#include "scenario/scenario.h"

/* A fresh UUID, the scenario's text, and its steps with every option resolved. */
MUST_CHECK bool record_begin(struct run *run, const struct scenario *scenario, struct err *e);

/* The node as it joined; its product is what its fingerprint calls it. Of a guest that was started,
 * `state` is its host's word, which goes into product and fingerprint; else NULL. */
MUST_CHECK bool record_node(struct run_node *row, const struct scenario_node *declared, const struct roster_node *node,
                            const struct message_guest_state *state, struct err *e);

/* What a machine is called by its fingerprint (NULL: unknown). Lives as long as `facts`. */
const char *record_product(const json_t *facts);

#endif
