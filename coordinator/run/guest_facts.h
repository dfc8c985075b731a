/* guest_facts.h - what only its host and the scenario know of a guest: no guest can tell it of itself. */
#ifndef TARE_RUN_GUEST_FACTS_H
#define TARE_RUN_GUEST_FACTS_H

#include <jansson.h>

#include "scenario/scenario.h"
#include "wire/message.h"

/* Into the fingerprint `facts` of the guest `declared`, which was started as `state` says. The keys are those of the
 * last part of label.c's table, where they can be compared, and built_in: all its options as they were given. */
void guest_facts_add(json_t *facts, const struct scenario_node *declared, const struct message_guest_state *state);

#endif
