#include "guest_facts.h"

#include "base/text.h"

static void set_text(json_t *facts, const char *key, const char *text)
{
    json_object_set_new(facts, key, *text ? json_string(text) : json_null());
}

/* How long each part of its start took, by the clock of its host. */
static void add_times(json_t *facts, const struct message_guest_state *state)
{
    const struct {
        const char *key;
        int64_t from_ns, to_ns;
    } TIMES[] = { { "guest_prepare_ns", state->asked_ns, state->defined_ns },
                  { "guest_start_ns", state->defined_ns, state->running_ns },
                  { "guest_boot_ns", state->running_ns, state->booted_ns } };
    for (size_t i = 0; i < ARRAY_SIZE(TIMES); i++)
        if (TIMES[i].from_ns > 0 && TIMES[i].to_ns >= TIMES[i].from_ns)
            json_object_set_new(facts, TIMES[i].key, json_integer(TIMES[i].to_ns - TIMES[i].from_ns));
}

/* What its domain is made with: domain_xml.c of the agent writes the same. */
static void add_options(json_t *facts, const struct guest_options *o)
{
    char text[GUEST_OPTIONS] = "";
    if (*o->pin)
        text_append(text, sizeof text, "vCPUs on %s", o->pin);
    if (*o->emulator)
        text_append(text, sizeof text, "%semulator on %s", *text ? ", " : "", o->emulator);
    json_object_set_new(facts, "pinning", json_string(*text ? text : "none"));
    json_object_set_new(facts, "memory_backing", json_string(o->huge_pages ? "huge pages" : "plain"));
    json_object_set_new(facts, "nic_model", json_string(guest_nic_name(o)));
    text[0] = '\0';
    text_append(text, sizeof text, "raw, preallocated, cache=%s", guest_disk_cache_name(o));
    json_object_set_new(facts, "storage_path", json_string(o->disk_bytes > 0 ? text : "no disk"));
    json_object_set_new(facts, "machine_type", json_string("q35"));
    json_object_set_new(facts, "balloon", json_string("none"));
    if (*o->extra_xml)
        json_object_set_new(facts, "extra_devices", json_string(o->extra_xml));
    if (schema_pack(&GUEST_SCHEMA, o, text, sizeof text, NULL))
        json_object_set_new(facts, "built_in", json_string(text));
}

void guest_facts_add(json_t *facts, const struct scenario_node *declared, const struct message_guest_state *state)
{
    set_text(facts, "accelerator", state->accel);
    set_text(facts, "hypervisor_product", state->product);
    if (*state->product)
        set_text(facts, "qemu", state->product);
    if (*state->accel && *state->text)
        set_text(facts, "accelerator_why", state->text);
    if (*declared->domain)
        set_text(facts, "domain", declared->domain);
    add_times(facts, state);
    if (declared->built_in)
        add_options(facts, declared->built_in);
}
