#include "label.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "result/summary.h"
#include "result/wire.h"

/* ---- what matters to whom ---- */

enum { NET = 1, FILES = 2, CPU = 4, COMPILE = 8, ALL = 15 };

static const struct {
    const char *prefix;
    unsigned group;
} WORKLOADS[] = {
    { "net_", NET }, { "udp_", NET },          { "file", FILES },
    { "cpu", CPU },  { "micro", CPU | FILES }, { "compile", COMPILE },
};

/* A workload that is in no group may depend on anything. */
static unsigned group_of(const char *workload)
{
    for (size_t i = 0; i < ARRAY_SIZE(WORKLOADS); i++)
        if (strncmp(workload, WORKLOADS[i].prefix, strlen(WORKLOADS[i].prefix)) == 0)
            return WORKLOADS[i].group;
    return ALL;
}

/* ---- the facts ---- */

enum kind {
    PLAIN,       /* text, number or truth */
    BYTES,       /* alike within 5 %: what firmware and kernel keep for themselves is no choice */
    CPUS,        /* the number of CPUs in the list */
    WORDS,       /* a set of words */
    MITIGATIONS, /* an object of texts that begin with Mitigation, Vulnerable or Not affected */
};
enum whose { ANY, ALIKE /* two hosts or two guests */ };

#define FACT_CLASS(name, word) name,
enum fact_class { FACT_CLASSES(FACT_CLASS) };
#define FACT_CLASS_WORD(name, word) word,
static const char *const CLASS_WORDS[] = { FACT_CLASSES(FACT_CLASS_WORD) };

static const double BYTES_ALIKE = 0.05;

/* A fact of the device that leads to the peer begins with LINK. The keys of the last part are those
 * that a host's agent tells of the guests that it starts: a host has none of them. By what the way of a host's bytes
 * and of its guest's differ, the paths of their figures tell (label_path.h). */
#define LINK "link."
static const struct rule {
    const char *key, *words;
    enum fact_class class;
    unsigned groups;
    enum whose whose;
    enum kind kind;
} RULES[] = {
    /* clang-format off */
    { FACT_AGENT,               "agent",                   FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { FACT_COORDINATOR,         "tare",                    FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { "arch",                   "architecture",            FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { "cpus_allowed",           "CPUs",                    FACT_MUST_MATCH, ALL, ANY, CPUS },
    { "cpu_model",              "CPU model",               FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { "memory_available_bytes", "memory available at its start", FACT_RECORDED, ALL, ANY, BYTES },
    { "memory_bytes",           "memory",                  FACT_MUST_MATCH, ALL, ANY, BYTES },
    { "kernel",                 "kernel",                  FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { "governor",               "frequency governor",      FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "turbo_off",              "turbo off",               FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "boost",                  "boost",                   FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "smt_active",             "SMT",                     FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "tcp_congestion",         "congestion control",      FACT_MUST_MATCH, NET, ANY, PLAIN },
    { LINK "mtu",               "MTU",                     FACT_MUST_MATCH, NET, ANY, PLAIN },
    { LINK "speed_mbit",        "link speed, Mbit/s",      FACT_MUST_MATCH, NET, ALIKE, PLAIN },
    { LINK "duplex",            "duplex",                  FACT_MUST_MATCH, NET, ALIKE, PLAIN },
    { LINK "shaped_bit_s",      "shaped to, bit/s",        FACT_MUST_MATCH, NET, ALIKE, PLAIN },
    { "mitigations",            "mitigations",             FACT_MATTERS, ALL, ANY, MITIGATIONS },
    { "clocksource",            "clock source",            FACT_MATTERS, ALL, ANY, PLAIN },
    { "config_hz",              "HZ",                      FACT_MATTERS, ALL, ANY, PLAIN },
    { "config_preempt",         "preemption",              FACT_MATTERS, ALL, ANY, PLAIN },
    { "config_nohz_full",       "NO_HZ_FULL",              FACT_MATTERS, ALL, ANY, PLAIN },
    { "config_irq_time_accounting", "interrupt accounting", FACT_MATTERS, ALL, ANY, PLAIN },
    { "thp",                    "transparent huge pages",  FACT_MATTERS, ALL, ANY, PLAIN },
    { "ksm",                    "KSM",                     FACT_MATTERS, ALL, ANY, PLAIN },
    { "cpu_flags",              "CPU flags",               FACT_MATTERS, CPU | COMPILE | FILES, ANY, WORDS },
    { "agent_compiler",         "agent's compiler",        FACT_MATTERS, CPU, ANY, PLAIN },
    { "huge_pages",             "huge pages",              FACT_MATTERS, CPU | COMPILE | FILES, ANY, PLAIN },
    { "swap_bytes",             "swap",                    FACT_MATTERS, COMPILE | FILES, ANY, BYTES },
    { "swappiness",             "swappiness",              FACT_MATTERS, COMPILE | FILES, ANY, PLAIN },
    { "tcp_rmem",               "tcp_rmem",                FACT_MATTERS, NET, ANY, PLAIN },
    { "tcp_wmem",               "tcp_wmem",                FACT_MATTERS, NET, ANY, PLAIN },
    { "tcp_timestamps",         "TCP time stamps",         FACT_MATTERS, NET, ANY, PLAIN },
    { "tcp_sack",               "SACK",                    FACT_MATTERS, NET, ANY, PLAIN },
    { "busy_poll",              "busy polling",            FACT_MATTERS, NET, ANY, PLAIN },
    { LINK "offloads",          "offloads",                FACT_MATTERS, NET, ANY, WORDS },
    { LINK "driver",            "NIC driver",              FACT_MATTERS, NET, ALIKE, PLAIN },
    { LINK "master",            "bridge",                  FACT_MATTERS, NET, ALIKE, PLAIN },
    { LINK "qdisc",             "queueing discipline",     FACT_MATTERS, NET, ALIKE, PLAIN },
    { LINK "rx_queues",         "receive queues",          FACT_MATTERS, NET, ALIKE, PLAIN },
    { LINK "tx_queues",         "transmit queues",         FACT_MATTERS, NET, ALIKE, PLAIN },
    { "microcode",              "microcode",               FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "numa_nodes",             "NUMA nodes",              FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "idle_states",            "idle states",             FACT_MATTERS, ALL, ALIKE, WORDS },
    { "halt_poll_ns",           "halt polling, ns",        FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "boot_options",           "boot options",            FACT_MATTERS, ALL, ALIKE, WORDS },
    { "hypervisor",             "is a guest itself",       FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "kvm_ept",                "EPT",                     FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "kvm_npt",                "NPT",                     FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "boot_id",                "boot",                    FACT_RECORDED, ALL, ANY, PLAIN },
    { "product",                "product",                 FACT_RECORDED, ALL, ANY, PLAIN },
    { "container",              "container",               FACT_RECORDED, ALL, ANY, PLAIN },
    { "kernel_version",         "kernel's build",          FACT_RECORDED, ALL, ANY, PLAIN },
    { "kernel_compiler",        "kernel's compiler",       FACT_RECORDED, ALL, ANY, PLAIN },
    { "cpus_online",            "CPUs online",             FACT_RECORDED, ALL, ANY, PLAIN },
    { "cpus_isolated",          "CPUs isolated",           FACT_RECORDED, ALL, ANY, PLAIN },
    { "frequency_driver",       "frequency driver",        FACT_RECORDED, ALL, ANY, PLAIN },
    { "idle_driver",            "idle driver",             FACT_RECORDED, ALL, ANY, PLAIN },
    { "idle_governor",          "idle governor",           FACT_RECORDED, ALL, ANY, PLAIN },
    { "thp_defrag",             "huge pages' defragmentation", FACT_RECORDED, ALL, ANY, PLAIN },
    { "default_qdisc",          "default queueing discipline", FACT_RECORDED, NET, ANY, PLAIN },
    { LINK "errors",            "link errors",             FACT_RECORDED, NET, ANY, PLAIN },
    /* of guests */
    { "accelerator",            "accelerator",             FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "machine_type",           "machine type",            FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "pinning",                "pinning",                 FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "memory_backing",         "memory's pages",          FACT_MUST_MATCH, ALL, ALIKE, PLAIN },
    { "extra_devices",          "extra devices",           FACT_MUST_MATCH, ALL, ANY, PLAIN },
    { "nic_model",              "NIC model",               FACT_MUST_MATCH, NET, ALIKE, PLAIN },
    { "vhost",                  "vhost",                   FACT_MUST_MATCH, NET, ALIKE, PLAIN },
    { "storage_path",           "storage path",            FACT_MUST_MATCH, FILES | COMPILE, ALIKE, PLAIN },
    { "balloon",                "balloon",                 FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "qemu",                   "QEMU",                    FACT_MATTERS, ALL, ALIKE, PLAIN },
    { "libvirt",                "libvirt",                 FACT_RECORDED, ALL, ALIKE, PLAIN },
    /* clang-format on */
};

bool label_fact(size_t n, const char **key, const char **words, const char **class)
{
    if (n >= ARRAY_SIZE(RULES))
        return false;
    *key = RULES[n].key;
    *words = RULES[n].words;
    *class = CLASS_WORDS[RULES[n].class];
    return true;
}

static const json_t *value_of(const struct label_side *side, const char *key)
{
    if (strncmp(key, LINK, strlen(LINK)) != 0)
        return facts_get(side->facts, side->node, key);
    return json_object_get(wire_device(side->run, side->facts, side->node, side->peer), key + strlen(LINK));
}

static void show_plain(const json_t *value, char *text, size_t size)
{
    if (json_is_string(value))
        text_copy(text, size, json_string_value(value));
    else if (json_is_integer(value))
        snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        text_copy(text, size, json_is_true(value) ? "yes" : "no");
    else
        text_copy(text, size, value ? "?" : "not told");
}

/* ---- each kind: whether two values differ, and as what they are shown ---- */

struct pair {
    const json_t *base, *with;
    struct difference *difference; /* to be filled: `base` and `with` */
};

static bool differs_plain(const struct pair *p)
{
    show_plain(p->base, p->difference->base, sizeof p->difference->base);
    show_plain(p->with, p->difference->with, sizeof p->difference->with);
    return !json_equal(p->base, p->with);
}

static void show_bytes(const json_t *value, char *text, size_t size)
{
    double mib = (double)json_integer_value(value) / 0x1p20;
    snprintf(text, size, mib >= 1024 ? "%.1f GiB" : "%.0f MiB", mib >= 1024 ? mib / 1024 : mib);
}

static bool differs_bytes(const struct pair *p)
{
    if (!json_is_integer(p->base) || !json_is_integer(p->with))
        return differs_plain(p);
    double a = (double)json_integer_value(p->base), b = (double)json_integer_value(p->with);
    show_bytes(p->base, p->difference->base, sizeof p->difference->base);
    show_bytes(p->with, p->difference->with, sizeof p->difference->with);
    return fabs(a - b) > BYTES_ALIKE * fmax(a, b);
}

static bool has_word(const char *list, const char *word, size_t length)
{
    for (const char *at = list; (at = strstr(at, word)) && length > 0; at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* The words of `list` that `other` lacks: "avx2 sse4_2 and 5 more". That a guest is a guest is no news. */
static int show_missing(const char *list, const char *other, char *text, size_t size)
{
    enum { SHOWN = 4 };
    int count = 0;
    text[0] = '\0';
    for (const char *at = list; *at; at += strspn(at, " ")) {
        char word[64];
        size_t length = strcspn(at, " ");
        text_copy(word, length < sizeof word ? length + 1 : sizeof word, at);
        at += length;
        if (strcmp(word, "hypervisor") == 0 || has_word(other, word, strlen(word)))
            continue;
        if (count++ < SHOWN)
            text_append(text, size, "%s%s", count > 1 ? " " : "", word);
    }
    if (count > SHOWN)
        text_append(text, size, " and %d more", count - SHOWN);
    else if (count == 0)
        text_copy(text, size, "-");
    return count;
}

static bool differs_words(const struct pair *p)
{
    const char *base = json_string_value(p->base), *with = json_string_value(p->with);
    if (!base || !with)
        return differs_plain(p);
    int only_base = show_missing(base, with, p->difference->base, sizeof p->difference->base);
    int only_with = show_missing(with, base, p->difference->with, sizeof p->difference->with);
    return only_base + only_with > 0;
}

/* "Mitigation: PTI" and "Mitigation: Retpolines; IBPB" are both mitigated. */
static size_t status_length(const char *text) { return strcspn(text, ":;"); }

static bool differs_mitigations(const struct pair *p)
{
    struct difference *d = p->difference;
    const char *name;
    json_t *value;
    d->base[0] = d->with[0] = '\0';
    json_object_foreach((json_t *)p->base, name, value)
    {
        const char *base = json_string_value(value), *with = json_string_value(json_object_get(p->with, name));
        if (!base || !with ||
            (status_length(base) == status_length(with) && strncmp(base, with, status_length(base)) == 0))
            continue;
        const char *comma = *d->base ? ", " : "";
        text_append(d->base, sizeof d->base, "%s%s %.*s", comma, name, (int)status_length(base), base);
        text_append(d->with, sizeof d->with, "%s%s %.*s", comma, name, (int)status_length(with), with);
    }
    return *d->base != '\0';
}

static bool differs(const struct rule *rule, const struct pair *p, const struct label_side *base,
                    const struct label_side *with)
{
    switch (rule->kind) {
    case PLAIN: return differs_plain(p);
    case BYTES: return differs_bytes(p);
    case WORDS: return differs_words(p);
    case MITIGATIONS: return p->base && p->with && differs_mitigations(p);
    case CPUS: break;
    }
    int a = facts_cpus(base->facts, base->node), b = facts_cpus(with->facts, with->node);
    snprintf(p->difference->base, sizeof p->difference->base, a > 0 ? "%d" : "not told", a);
    snprintf(p->difference->with, sizeof p->difference->with, b > 0 ? "%d" : "not told", b);
    return a != b;
}

static const char *role_of(const struct label_side *side)
{
    const struct run_node *node = run_find_node(side->run, side->node);
    return node ? node->role : "";
}

static void add_differences(const struct label_side *base, const struct label_side *with, unsigned group,
                            struct label *label)
{
    bool alike = strcmp(role_of(base), role_of(with)) == 0;
    for (size_t i = 0; i < ARRAY_SIZE(RULES) && label->count < LABEL_DIFFERENCES_MAX; i++) {
        const struct rule *rule = &RULES[i];
        struct difference d = { .fact = rule->key, .words = rule->words, .class = CLASS_WORDS[rule->class] };
        const struct pair pair = { value_of(base, rule->key), value_of(with, rule->key), &d };
        bool is_one_sided = !pair.base != !pair.with;
        if (rule->class == FACT_RECORDED || (rule->groups & group) == 0 || (rule->whose == ALIKE && !alike) ||
            (!pair.base && !pair.with) || (is_one_sided && rule->class != FACT_MUST_MATCH))
            continue;
        if (differs(rule, &pair, base, with))
            label->differences[label->count++] = d;
    }
}

/* ---- the rest of the label ---- */

static bool is_emulated(const struct label_side *side)
{
    const char *accelerator = facts_text(side->facts, side->node, "accelerator");
    const char *model = facts_text(side->facts, side->node, "cpu_model");
    if (accelerator)
        return strcmp(accelerator, "tcg") == 0;
    return model && strstr(model, "TCG"); /* "QEMU TCG CPU version 2.5+" */
}

/* The host of a guest, the node itself else. */
static const char *host_of(const struct label_side *side)
{
    const char *host = facts_host_of(side->run, side->node);
    return host ? host : side->node;
}

static bool is_shared(const struct label_side *side)
{
    const struct run_node *node = run_find_node(side->run, host_of(side));
    return node && summary_shares_machine(side->run, node);
}

static bool is_nested(const struct label_side *side)
{
    const char *host = facts_host_of(side->run, side->node);
    return host && json_is_true(facts_get(side->facts, host, "hypervisor"));
}

/* Whether a guest of several trials was one and the same boot in all of them. */
static bool is_one_boot(const struct label_side *side)
{
    const char *boot = NULL;
    if (strcmp(role_of(side), "guest") != 0)
        return false;
    for (size_t i = 0; i < side->run->node_count; i++) {
        const struct run_node *node = &side->run->nodes[i];
        if (strcmp(node->name, side->node) != 0)
            continue;
        if (boot && strcmp(boot, node->boot_id) != 0)
            return false;
        boot = node->boot_id;
    }
    return true;
}

void label_of(const struct label_side *base, const struct label_side *with, const char *workload, struct label *label)
{
    *label = (struct label){ .emulation = is_emulated(base) || is_emulated(with),
                             .nested = is_nested(base) || is_nested(with),
                             .shared_machine = is_shared(base) || is_shared(with),
                             .one_boot = is_one_boot(base) || is_one_boot(with) };
    add_differences(base, with, group_of(workload), label);
}

/* "length 5s, message 16KiB" and what the other run has instead. */
void label_add_options(struct label *label, const char *base, const char *with)
{
    json_t *a = json_loads(base ? base : "{}", 0, NULL), *b = json_loads(with ? with : "{}", 0, NULL), *value;
    struct difference d = { .fact = "options", .words = "options", .class = CLASS_WORDS[FACT_MUST_MATCH] };
    const char *key;
    json_object_foreach(a, key, value)
    {
        char one[64], two[64];
        const json_t *other = json_object_get(b, key);
        if (json_equal(value, other))
            continue;
        show_plain(value, one, sizeof one);
        show_plain(other, two, sizeof two);
        text_append(d.base, sizeof d.base, "%s%s %s", *d.base ? ", " : "", key, one);
        text_append(d.with, sizeof d.with, "%s%s %s", *d.with ? ", " : "", key, two);
    }
    if (*d.base && label->count < LABEL_DIFFERENCES_MAX)
        label->differences[label->count++] = d;
    json_decref(a);
    json_decref(b);
}

const char *label_word(const struct label *label, char *text, size_t size)
{
    const char *const words[] = { label->emulation ? "emulation" : "", label->nested ? "nested" : "",
                                  label->shared_machine ? "shared machine" : "",
                                  label->contention ? "contention" : "" };
    text[0] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (*words[i])
            text_append(text, size, "%s%s", *text ? ", " : "", words[i]);
    if (label->guest_state[0])
        text_append(text, size, "%sguest %s", *text ? ", " : "", label->guest_state);
    if (label->confined[0])
        text_append(text, size, "%s%s", *text ? ", " : "", label->confined);
    if (label->count == 0)
        text_append(text, size, "%slike for like", *text ? ", " : "");
    else
        text_append(text, size, "%s%zu difference%s", *text ? ", " : "", label->count, label->count == 1 ? "" : "s");
    return text;
}
