#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "base/cpu_list.h"
#include "base/text.h"
#include "base/words.h"
#include "scenario/keys.h"

struct life {
    int while_host_runs, instances, confine;
};

enum { KEPT = 1 };

/* clang-format off */
static const struct field LIFE_FIELDS[] = {
    { .key = "while_host_runs", .kind = FIELD_CHOICE, .offset = offsetof(struct life, while_host_runs),
      .choices = WHILE_HOST_RUNS, .fallback = "off",
      .doc = "what the guest does while a node without it is measured" },
    { .key = "instances", .kind = FIELD_CHOICE, .offset = offsetof(struct life, instances), .choices = "fresh|kept",
      .fallback = "fresh", .doc = "whether it is started anew each round" },
    { .key = "confine", .kind = FIELD_CHOICE, .offset = offsetof(struct life, confine), .choices = CONFINE_CHOICES,
      .fallback = "none",
      .doc = "to what its host's work is kept in the steps that both run in turn: visible: as many CPUs as the guest has "
             "(those of `pin`) and as much memory as it had available when it had booted; envelope: that, and the guest "
             "itself with all that serves it to the same CPUs, in its share of these steps" },
};
/* clang-format on */
const struct schema SCENARIO_LIFE = { "guest", LIFE_FIELDS, ARRAY_SIZE(LIFE_FIELDS), sizeof(struct life) };

static struct guest_options *read_built_in(const struct reader *r, const struct yaml_value *value)
{
    static const struct reader_keys KEYS = { .fields = &GUEST_SCHEMA, .others = "", .later = "" };
    if (!reader_map(r, value, "built_in", "{vcpus: 1, memory: 512MiB}"))
        return NULL;
    struct guest_options *options = calloc(1, sizeof *options);
    if (!options) {
        reader_no_memory(r);
        return NULL;
    }
    reader_check_keys(r, value, &KEYS);
    reader_fields(r, value, &GUEST_SCHEMA, options);
    if (options->compiler && options->disk_bytes == 0)
        READER_SAY(r, value, "compiler: it builds on a disk of its own: say how large, as in disk: 2GiB");
    return options;
}

static void read_domain(const struct reader *r, const struct yaml_value *value, struct scenario_node *node)
{
    if (value->broken)
        return;
    if (value->kind != YAML_TEXT || !*value->text || !text_copy(node->domain, sizeof node->domain, value->text))
        READER_SAY(r, value,
                   "domain must be the name of one of the host's virtual machines, as `tare guests` lists them");
}

/* What an existing machine is not asked for: nobody's machine is stopped behind his back. */
static void check_life(const struct reader *r, const struct yaml_value *map, const struct scenario_node *node)
{
    const struct yaml_value *state = yaml_get(map, "while_host_runs"), *instances = yaml_get(map, "instances");
    if (!node->built_in && state && node->while_host_runs == GUEST_IS_OFF)
        READER_SAY(r, state, "while_host_runs: off: only a built-in guest is ended for that: leave it out");
    if (!node->built_in && state && node->while_host_runs == GUEST_IS_PAUSED)
        READER_SAY(r, state,
                   "while_host_runs: paused: a pause steps a machine's clock, so only a built-in guest is paused: "
                   "leave it out");
    if (!node->built_in && instances && node->is_fresh)
        READER_SAY(r, instances, "instances: fresh: only a built-in guest is started anew: leave it out");
    if (node->built_in && !node->is_fresh && node->while_host_runs == GUEST_IS_OFF)
        READER_SAY(r, instances,
                   "instances: kept: a guest that is off while the host runs is started anew: say "
                   "while_host_runs: running or paused, too");
}

static bool lists(const char *list, int cpu)
{
    int first, last;
    while (cpu_list_next(&list, &first, &last))
        if (first <= cpu && cpu <= last)
            return true;
    return false;
}

/* The first CPU of `inner` that `outer` has not; -1 without. */
static int first_outside(const char *inner, const char *outer)
{
    int first, last;
    while (cpu_list_next(&inner, &first, &last))
        for (int cpu = first; cpu <= last; cpu++)
            if (!lists(outer, cpu))
                return cpu;
    return -1;
}

/* What would be outside by the scenario's own words. */
static void check_envelope(const struct reader *r, const struct yaml_value *map, const struct yaml_value *confine,
                           const struct guest_options *options)
{
    const struct yaml_value *built_in = yaml_get(map, "built_in");
    const struct yaml_value *emulator = options ? yaml_get(built_in, "emulator") : NULL;
    const struct yaml_value *cache = options ? yaml_get(built_in, "disk_cache") : NULL;
    const int outside = emulator ? first_outside(options->emulator, options->pin) : -1;
    if (!built_in && !yaml_get(map, "domain") && !yaml_get(map, "netserver"))
        READER_SAY(r, confine,
                   "confine: envelope: which of its host's processes this guest is is not known: say its domain, or "
                   "confine: visible");
    if (emulator && !*options->pin)
        READER_SAY(r, emulator, "emulator: the envelope has the CPUs of `pin`: say that, too");
    else if (emulator && outside >= 0)
        READER_SAY(r, emulator, "emulator: CPU %d is outside of the envelope, whose CPUs are those of pin: %s", outside,
                   options->pin);
    if (cache && options->disk_bytes > 0 && strcmp(guest_disk_io_name(options), "native") != 0)
        READER_SAY(r, cache,
                   "disk_cache: %s keeps the disk in memory of the host's, outside of the envelope: say none or "
                   "directsync",
                   guest_disk_cache_name(options));
}

/* What it has must be known. */
static void check_confine(const struct reader *r, const struct yaml_value *map, const struct scenario_node *node)
{
    const struct yaml_value *confine = yaml_get(map, "confine");
    if (!confine || node->confine == CONFINE_NONE)
        return;
    if (!yaml_get(map, "on"))
        READER_SAY(r, confine->key, "confine: say the host whose work is kept to what this guest has, as in on: host");
    if (yaml_get(map, "netserver"))
        READER_SAY(r, confine, "confine: a stock netserver does not tell what its machine has: leave it out");
    if (node->confine == CONFINE_ENVELOPE)
        check_envelope(r, map, confine, node->built_in);
}

void guest_read(const struct reader *r, const struct yaml_value *map, struct scenario_node *node)
{
    const struct yaml_value *built_in = yaml_get(map, "built_in"), *domain = yaml_get(map, "domain");
    const struct yaml_value *started = built_in ? built_in : domain, *state = yaml_get(map, "while_host_runs");
    if (node->role == ROLE_COUNT)
        return;
    for (const struct yaml_value *each = map->first; node->role != ROLE_GUEST && each; each = each->next)
        if (words_index(GUEST_KEYS, each->key->text) >= 0)
            READER_SAY(r, each->key, "%s: only a guest has it, '%s' is a %s: leave it out", each->key->text,
                       map->key->text, node_role_name(node->role));
    if (node->role != ROLE_GUEST)
        return;
    if (started && !yaml_get(map, "on"))
        READER_SAY(r, started->key, "%s: say the host that starts it, as in on: host", started->key->text);
    if (built_in)
        node->built_in = read_built_in(r, built_in);
    else if (domain)
        read_domain(r, domain, node);
    struct life life = { .while_host_runs = GUEST_RUNS_ON, .instances = KEPT };
    if (built_in || state || yaml_get(map, "instances") || yaml_get(map, "confine"))
        reader_fields(r, map, &SCENARIO_LIFE, &life);
    node->while_host_runs = (enum while_host_runs)life.while_host_runs;
    node->is_fresh = life.instances != KEPT;
    node->confine = (enum confine)life.confine;
    if (!built_in && !state)
        node->while_host_runs = GUEST_RUNS_ON;
    if (!built_in && !yaml_get(map, "instances"))
        node->is_fresh = false;
    check_life(r, map, node);
    check_confine(r, map, node);
}
