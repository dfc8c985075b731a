/* guest.h - how a node of role guest comes about, from its tree. */
#ifndef TARE_SCENARIO_GUEST_H
#define TARE_SCENARIO_GUEST_H

#include "scenario/reader.h"

/* The keys of a node that only a guest has: "a|b". */
#define GUEST_KEYS "built_in|domain|while_host_runs|instances|confine"

/* Read them from the node `map` into `node`, whose role is known. */
void guest_read(const struct reader *r, const struct yaml_value *map, struct scenario_node *node);

#endif
