/* node.h - the nodes of a scenario, from its tree. */
#ifndef TARE_NODE_H
#define TARE_NODE_H

#include "scenario/reader.h"

/* Read the mapping `value` into the scenario: its nodes, and groups of them in their place. */
void nodes_read(const struct reader *r, const struct yaml_value *value);

#endif
