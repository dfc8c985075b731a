#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/guest_facts.h"

/* A random UUID, RFC 4122 version 4. */
static void make_uuid(char *out, size_t size)
{
    unsigned char b[16];
    randombytes_buf(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(out, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
             b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

static char *options_as_json(const struct scenario_step *step)
{
    json_t *object = json_object();
    const struct schema *schema = step->workload->options;
    for (size_t i = 0; i < schema->count; i++) {
        char value[512];
        json_object_set_new(object, schema->fields[i].key,
                            json_string(field_print(&schema->fields[i], step->options, value, sizeof value)));
    }
    if (step->is_unshaped) /* of a lab's ports; it bears on what limits its figures, and on what they compare with */
        json_object_set_new(object, "wire", json_string("unshaped"));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static bool record_step(struct run_step *row, const struct scenario *scenario, const struct scenario_step *step)
{
    text_copy(row->name, sizeof row->name, step->name);
    text_copy(row->workload, sizeof row->workload, step->workload->name);
    text_copy(row->when, sizeof row->when, step->when == WHEN_TOGETHER ? "together" : "paired");
    if (step->to >= 0)
        text_copy(row->to, sizeof row->to, scenario->nodes[step->to].name);
    row->options = options_as_json(step);
    return row->options != NULL;
}

bool record_begin(struct run *run, const struct scenario *scenario, struct err *e)
{
    make_uuid(run->uuid, sizeof run->uuid);
    text_copy(run->scenario, sizeof run->scenario, scenario->name);
    text_copy(run->version, sizeof run->version, TARE_VERSION);
    run->schema = 1;
    run->status = RUN_RUNNING;
    run->started_real_ns = clock_real_ns();
    run->rounds = scenario->repeats;
    run->tolerance_ns = scenario->start.tolerance_ns;
    run->scenario_text = strdup(scenario->text);
    run->overrides = strdup(scenario->overrides);
    run->left_out = strdup(scenario->left_out);
    bool ok = run->scenario_text && run->overrides && run->left_out;
    for (size_t i = 0; ok && i < scenario->step_count; i++) {
        struct run_step *row = run_add_step(run);
        ok = row && record_step(row, scenario, &scenario->steps[i]);
    }
    return ok || err_set(e, ERR_INTERNAL, "out of memory");
}

const char *record_product(const json_t *facts)
{
    const char *product = json_string_value(json_object_get(facts, "product"));
    bool is_virtual = json_is_true(json_object_get(facts, "hypervisor"));
    return product ? product : is_virtual ? "a virtual machine" : "a machine";
}

bool record_node(struct run_node *row, const struct scenario_node *declared, const struct roster_node *node,
                 const struct message_guest_state *state, struct err *e)
{
    text_copy(row->name, sizeof row->name, declared->name);
    text_copy(row->role, sizeof row->role, node_role_name(declared->role));
    if (!node_has_agent(declared)) {
        text_copy(row->product, sizeof row->product, "a stock netserver");
        text_copy(row->address, sizeof row->address, declared->netserver.address);
        return true;
    }
    if (!node)
        return true;
    text_copy(row->instance, sizeof row->instance, node->hello.instance);
    text_copy(row->boot_id, sizeof row->boot_id, node->hello.boot_id);
    text_copy(row->version, sizeof row->version, node->hello.version);
    text_copy(row->address, sizeof row->address, node->address);
    /* From another machine: believed to be JSON only once it has been read as such. */
    json_error_t why;
    json_t *facts = json_loads(node->fingerprint, 0, &why);
    text_copy(row->product, sizeof row->product, record_product(facts));
    if (facts && state) {
        guest_facts_add(facts, declared, state);
        row->product[0] = '\0';
        text_append(row->product, sizeof row->product, "%s%s%s", *state->product ? state->product : "a virtual machine",
                    *state->accel ? ", " : "", state->accel);
        text_disarm(row->product);
    }
    row->fingerprint = facts ? json_dumps(facts, JSON_COMPACT) : strdup("{}");
    json_decref(facts);
    return row->fingerprint || err_set(e, ERR_INTERNAL, "out of memory");
}
