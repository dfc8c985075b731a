/* lab_nodes.h - the machines that a scenario asks a lab for. */
#ifndef TARE_LAB_NODES_H
#define TARE_LAB_NODES_H

#include "lab/lab.h"
#include "scenario/scenario.h"

struct lab_nodes {
    size_t count;
    struct lab_node list[LAB_NODES_MOST];
};

/* Its hosts and peers, in their order; guests are started by their hosts. Fails where there are more
 * than a lab has room for. */
MUST_CHECK bool lab_nodes_of(const struct scenario *scenario, struct lab_nodes *nodes, struct err *e);

/* Every one of them is a machine of `lab`; else `e` names those that are not, and what makes them. */
MUST_CHECK bool lab_nodes_are_in(const struct lab_nodes *nodes, const struct lab *lab, struct err *e);

#endif
