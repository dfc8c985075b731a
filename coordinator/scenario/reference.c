#include "reference.h"

#include <string.h>

#include "base/text.h"
#include "catalogue/guest.h"
#include "scenario/keys.h"

/* A key that is read by itself: a part of its own, a name, a list of names. */
struct entry {
    const char *key, *doc;
};

struct part {
    const char *name, *doc;
    const struct entry *entries; /* ended by one without a key; NULL for none */
    const struct schema *fields[2];
    const char *example;
};

static const struct entry SCENARIO_ENTRIES[] = {
    { "tare", "1: the version of what follows; required" },
    { "nodes", "who takes part: see the part nodes; required" },
    { "steps", "what is run, a list: see the part steps; required" },
    { "start", "how exact the starts must be: see the part start" },
    { "limits", "what flags a trial: see the part limits" },
    { "repeats", "how often all steps are run, 1 to 1000, 1 by itself; or until it is known well enough: see repeats" },
    { "compare", "who is compared: see the part compare; by itself the only host with all others" },
    { NULL, NULL },
};

static const struct entry START_ENTRIES[] = {
    { "on_bad", "what happens when a start was not proven within the tolerance: keep (mark it and go on, as by "
                "itself), abort, or {repeat: 2}: again, so many times at most; every attempt is kept" },
    { NULL, NULL },
};

static const struct entry COMPARE_ENTRIES[] = {
    { "base", "the node that the others are compared with" },
    { "with", "the nodes to compare with it, a list" },
    { NULL, NULL },
};

static const struct entry NODE_ENTRIES[] = {
    { "on", "of a guest: the host that it runs on; required where its agent shall start it" },
    { "built_in", "of a guest: made, booted and ended by its host's agent: see the part built_in" },
    { "domain", "of a guest: the name of one of the host's virtual machines, as `tare guests` lists them; started if "
                "it is off, and put back as it was found" },
    { NULL, NULL },
};

static const struct entry STEP_ENTRIES[] = {
    { "run", "the workload; `tare workloads` lists them, and its options are keys of the step; required" },
    { "on", "the nodes under test, a list; required" },
    { "to", "the node of role peer at the other end, or the guest that is started; where the workload needs one" },
    { "matrix", "a step for each combination of options' values, in lists or ranges that double; or the name of the "
                "workload's own, as iozone" },
    { NULL, NULL },
};

static const struct part PARTS[] = {
    { "scenario", "the file itself", SCENARIO_ENTRIES, { &SCENARIO_HEAD, &SCENARIO_ORDER }, "tare: 1\nname: lab" },
    { "nodes",
      "one entry a machine, by the name under which its agent joins; host[1-4] are four",
      NODE_ENTRIES,
      { &SCENARIO_NODE, &SCENARIO_LIFE },
      "nodes:\n  host: {role: host}\n  guest: {role: guest, on: host, built_in: {vcpus: 1}}\n  peer: {role: peer}" },
    { "built_in",
      "a virtual machine that the host's agent makes",
      NULL,
      { &GUEST_SCHEMA },
      "guest: {role: guest, on: host, built_in: {vcpus: 2, memory: 1GiB}}" },
    { "steps",
      "each step is run in every round, in their order; beside these keys it has its workload's options",
      STEP_ENTRIES,
      { &SCENARIO_STEP },
      "steps:\n  - {name: send, run: net_stream, to: peer, length: 5s, on: [host, guest]}\n"
      "  - {name: sizes, run: file_io, on: [host], matrix: {method: [write, read], record: 4KiB..1MiB}}" },
    { "start",
      "all nodes of a trial start at one instant, and tare proves how near to it each was",
      START_ENTRIES,
      { &SCENARIO_START },
      "start: {tolerance: 100us, on_bad: {repeat: 2}}" },
    { "limits", "what flags a trial", NULL, { &SCENARIO_LIMITS }, "limits: {clock_ppm: 500}" },
    { "repeats",
      "until the ratios are known well enough",
      NULL,
      { &SCENARIO_UNTIL },
      "repeats: {min: 5, max: 30, until: 3%}" },
    { "compare",
      "guest against host: the geometric mean of paired ratios, with an interval from three rounds up",
      COMPARE_ENTRIES,
      { NULL },
      "compare: {base: host, with: [guest]}" },
};

static void print_entries(const struct entry *entries, FILE *to)
{
    int width = 0;
    for (const struct entry *each = entries; each->key; each++)
        width = (int)strlen(each->key) > width ? (int)strlen(each->key) : width;
    for (const struct entry *each = entries; each->key; each++)
        fprintf(to, "  %-*s  %s\n", width, each->key, each->doc);
}

static void print_part(const struct part *part, FILE *to)
{
    fprintf(to, "%s - %s\n", part->name, part->doc);
    if (part->entries)
        print_entries(part->entries, to);
    for (size_t i = 0; i < ARRAY_SIZE(part->fields) && part->fields[i]; i++)
        schema_help(part->fields[i], to);
    fputs("  example\n", to);
    for (const char *line = part->example; *line; line += strcspn(line, "\n"), line += *line == '\n')
        fprintf(to, "    %.*s\n", (int)strcspn(line, "\n"), line);
}

void reference_print(const char *name, FILE *to)
{
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
        if (name && strcmp(PARTS[i].name, name) != 0)
            continue;
        print_part(&PARTS[i], to);
        if (!name && i + 1 < ARRAY_SIZE(PARTS))
            fputc('\n', to);
    }
}

static const struct part *find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++)
        if (strcmp(PARTS[i].name, name) == 0)
            return &PARTS[i];
    return NULL;
}

bool reference_has(const char *name, const char *key)
{
    const struct part *part = find(name);
    for (const struct entry *each = part ? part->entries : NULL; each && each->key; each++)
        if (strcmp(each->key, key) == 0)
            return true;
    for (size_t i = 0; part && i < ARRAY_SIZE(part->fields) && part->fields[i]; i++)
        if (schema_field(part->fields[i], key))
            return true;
    return false;
}
