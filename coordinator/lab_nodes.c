#include "lab_nodes.h"

#include "base/text.h"

bool lab_nodes_of(const struct scenario *scenario, struct lab_nodes *nodes, struct err *e)
{
    static const enum lab_kind KINDS[ROLE_COUNT] = { [ROLE_HOST] = LAB_IS_HOST, [ROLE_PEER] = LAB_IS_PEER };
    struct lab_nodes found = { 0 };
    for (size_t i = 0; i < scenario->node_count; i++) {
        const struct scenario_node *node = &scenario->nodes[i];
        if (node->role == ROLE_GUEST || !node_has_agent(node))
            continue;
        if (found.count == LAB_NODES_MOST)
            return err_set(e, ERR_USAGE, "a lab has room for %d hosts and peers, which '%s' has more than",
                           LAB_NODES_MOST, scenario->name);
        struct lab_node *added = &found.list[found.count++];
        added->kind = KINDS[node->role];
        text_copy(added->name, sizeof added->name, node->name);
    }
    *nodes = found;
    return true;
}

bool lab_nodes_are_in(const struct lab_nodes *nodes, const struct lab *lab, struct err *e)
{
    char missing[256] = "";
    int machine;
    for (size_t i = 0; i < nodes->count; i++)
        if (!lab_machine_find(lab, nodes->list[i].name, &machine, NULL))
            text_append(missing, sizeof missing, "%s%s", *missing ? ", " : "", nodes->list[i].name);
    return !*missing || err_set(e, ERR_NODE_MISSING,
                                "lab '%s' has no machine for %s: `tare lab up NAME --scenario FILE` makes one that has",
                                lab_name(lab), missing);
}
