/* verbs.h - what can be asked of a running coordinator. */
#ifndef TARE_CONTROL_VERBS_H
#define TARE_CONTROL_VERBS_H

#include <jansson.h>

#include "control/control.h"
#include "control/peer.h"

/* Do what `request` says for `peer`, and answer it. */
void verbs_answer(const struct control_options *control, struct peer *peer, const json_t *request);

/* Every node that is here or has a key, as objects {name, role, state, product, program, version,
 * address, rtt_ns, clock_bound_ns, clock_stamps, doing}; null for what is not known. The caller's; NULL when memory
 * is out. */
json_t *verbs_nodes(const struct hub *hub, const struct scenario *scenario);

/* The virtual machines of every node that has told of some, or why it sees none, as objects {host, uri,
 * product, version, library, why, kvm, domains: [{name, state, vcpus, memory, accel, ours}], more}. The
 * caller's; NULL when memory is out. */
json_t *verbs_guests(const struct hub *hub, const struct scenario *scenario);

#endif
