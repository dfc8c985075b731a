#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_list.h"

struct facts {
    const struct run *run;
    json_t **of; /* owned; one a node of the run, NULL where there is no object */
};

bool facts_of(const struct run *run, struct facts **facts, struct err *e)
{
    struct facts *made = calloc(1, sizeof *made);
    if (made)
        made->of = calloc(run->node_count + 1, sizeof *made->of);
    if (!made || !made->of) {
        free(made);
        return err_set(e, ERR_INTERNAL, "out of memory for the nodes' facts");
    }
    made->run = run;
    for (size_t i = 0; i < run->node_count; i++) {
        made->of[i] = json_loads(run->nodes[i].fingerprint ? run->nodes[i].fingerprint : "{}", 0, NULL);
        if (json_is_object(made->of[i])) /* without memory for it the fact is not known */
            (void)(json_object_set_new(made->of[i], FACT_AGENT, json_string(run->nodes[i].version)) ||
                   json_object_set_new(made->of[i], FACT_COORDINATOR, json_string(run->version)));
    }
    *facts = made;
    return true;
}

void facts_destroy(struct facts **facts)
{
    if (!facts || !*facts)
        return;
    for (size_t i = 0; i < (*facts)->run->node_count; i++)
        json_decref((*facts)->of[i]);
    free((*facts)->of);
    free(*facts);
    *facts = NULL;
}

const json_t *facts_get(const struct facts *facts, const char *node, const char *key)
{
    const struct run_node *row = run_find_node(facts->run, node);
    const json_t *value = row ? json_object_get(facts->of[row - facts->run->nodes], key) : NULL;
    return json_is_null(value) ? NULL : value;
}

const char *facts_text(const struct facts *facts, const char *node, const char *key)
{
    return json_string_value(facts_get(facts, node, key));
}

json_int_t facts_int(const struct facts *facts, const char *node, const char *key, json_int_t otherwise)
{
    const json_t *value = facts_get(facts, node, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

int facts_cpus(const struct facts *facts, const char *node)
{
    const char *list = facts_text(facts, node, "cpus_allowed");
    return list ? cpu_list_count(list) : 0;
}

const char *facts_host_of(const struct run *run, const char *guest)
{
    const struct run_node *row = run_find_node(run, guest), *host = NULL;
    if (!row || strcmp(row->role, "guest") != 0)
        return NULL;
    if (row->on[0])
        return row->on;
    for (size_t i = 0; i < run->node_count; i++) {
        const struct run_node *node = &run->nodes[i];
        if (strcmp(node->role, "host") != 0 || (host && strcmp(host->name, node->name) == 0))
            continue;
        if (host)
            return NULL;
        host = node;
    }
    return host ? host->name : NULL;
}
