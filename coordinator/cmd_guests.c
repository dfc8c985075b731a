/* cmd_guests.c - `tare guests`: the virtual machines of the hosts. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "commands.h"
#include "control/verbs.h"
#include "json_table.h"
#include "reach.h"
#include "report/print.h"

enum { LOOK_MS = 100 };

enum guests_option { OPT_FORMAT = REACH_OPTION_COUNT };

/* clang-format off */
static const struct command_option OPTIONS[] = {
    REACH_OPTIONS,
    [OPT_FORMAT] = { .name = "format", .kind = ARGUMENT_WORD, .argument = "table|json",
                     .doc = "for people or for programs" },
};
/* clang-format on */

const struct command tare_guests = {
    .name = "tare guests",
    .doc = "the virtual machines of the hosts",
    .text =
        "Every virtual machine that the agents of the hosts see through libvirt, running or not; what is tare's own "
        "is marked. Where a host sees none, why. Without a run it waits for the nodes itself, at most 6 s.",
    .options = OPTIONS,
    .option_count = ARRAY_SIZE(OPTIONS),
    .notes = "JSON: {\"hosts\": [{\"host\", \"uri\", \"product\", \"version\", \"library\", \"why\", \"kvm\", "
             "\"domains\": [{\"name\", \"state\": running|paused|off|crashed|changing, \"vcpus\", \"memory\", "
             "\"accel\": kvm|tcg, \"ours\"}], \"more\"}]}, null for what is not known; \"why\" there are none to see, "
             "\"kvm\" why it is not used there, \"more\" how many did not fit.\n\n"
             "Exit codes: 0, 2 usage or no node has a key.",
    .example = "tare guests",
    .run = cmd_guests,
};

struct arguments {
    struct reach_options reach;
    bool is_json;
};

/* ---- what is shown ---- */

static void show_product(const json_t *domain, const char *key, char *out, size_t size)
{
    char product[40], version[40];
    (void)key;
    json_table_text(domain, "product", product, sizeof product);
    json_table_text(domain, "version", version, sizeof version);
    out[0] = '\0';
    text_append(out, size, "%s %s", product, version);
}

static void show_name(const json_t *domain, const char *key, char *out, size_t size)
{
    json_table_text(domain, key, out, size);
    if (json_is_true(json_object_get(domain, "ours")))
        text_append(out, size, " (tare's)");
}

static const struct json_column COLUMNS[] = {
    { "host", "host", json_table_text },         { "guest", "name", show_name },
    { "state", "state", json_table_text },       { "vcpus", "vcpus", json_table_number },
    { "memory", "memory", json_table_bytes },    { "product", "product", show_product },
    { "accelerator", "accel", json_table_text },
};

/* Each host's domains with what is the host's. */
static json_t *all_domains(const json_t *hosts)
{
    static const char *const OF_HOST[] = { "host", "product", "version" };
    json_t *all = json_array();
    for (size_t i = 0; i < json_array_size(hosts); i++) {
        const json_t *host = json_array_get(hosts, i), *domains = json_object_get(host, "domains");
        for (size_t k = 0; k < json_array_size(domains); k++) {
            json_t *domain = json_array_get(domains, k);
            for (size_t key = 0; json_is_object(domain) && key < ARRAY_SIZE(OF_HOST); key++)
                json_object_set(domain, OF_HOST[key], json_object_get(host, OF_HOST[key]));
            json_array_append(all, domain);
        }
    }
    return all;
}

static void print_notes(const json_t *hosts)
{
    static const struct {
        const char *key, *says;
    } NOTES[] = { { "why", "" }, { "kvm", "KVM is not used: " } };
    for (size_t i = 0; i < json_array_size(hosts); i++)
        for (size_t n = 0; n < ARRAY_SIZE(NOTES); n++) {
            char host[MESSAGE_NAME], text[400];
            const json_t *row = json_array_get(hosts, i);
            if (!json_is_string(json_object_get(row, NOTES[n].key)))
                continue;
            json_table_text(row, "host", host, sizeof host);
            json_table_text(row, NOTES[n].key, text, sizeof text);
            printf("%s: %s%s\n", host, NOTES[n].says, text);
        }
}

static void print(const struct arguments *a, const json_t *hosts)
{
    if (a->is_json) {
        json_t *all = json_pack("{s:O}", "hosts", hosts);
        json_dumpf(all, stdout, JSON_INDENT(2));
        json_decref(all);
        putchar('\n');
        return;
    }
    json_t *domains = all_domains(hosts);
    if (json_array_size(domains) > 0)
        json_table_print(COLUMNS, ARRAY_SIZE(COLUMNS), domains, stdout);
    json_decref(domains);
    print_notes(hosts);
}

/* ---- where it comes from ---- */

static bool ask(const struct arguments *a, struct client *client, struct err *e)
{
    json_t *lines = NULL, *hosts;
    if (!client_ask(client, json_pack("{s:s}", "verb", "guests"), &lines, e))
        return false;
    hosts = json_array();
    for (size_t i = 0; i < json_array_size(lines); i++)
        json_array_append(hosts, json_object_get(json_array_get(lines, i), "host"));
    print(a, hosts);
    json_decref(hosts);
    json_decref(lines);
    return true;
}

/* Everybody who has a key is here and, where it is an agent that can, has told. */
static bool is_complete(const struct hub *hub)
{
    const char *name;
    enum key_right right;
    for (size_t i = 0; (name = keyring_nth(hub_keyring(hub), i, &right)); i++) {
        const struct roster_node *n = right == KEY_NODE ? roster_by_name(hub_roster(hub), name) : NULL;
        if (right == KEY_NODE && (!n || !n->is_joined || (strcmp(n->hello.program, "node") == 0 && !n->domains)))
            return false;
    }
    return true;
}

static bool serve(const struct arguments *a, struct reach *r, struct err *e)
{
    if (!reach_visit(r, e))
        return false;
    const int64_t until = clock_mono_ns() + clock_ms(REACH_ALL_MS);
    struct hub_event event = { .kind = HUB_PROBED };
    while (event.kind != HUB_SIGNAL && clock_mono_ns() < until && !is_complete(r->hub)) /* its list makes no event */
        if (!hub_next(r->hub, clock_mono_ns() + clock_ms(LOOK_MS), &event, e))
            return false;
    if (event.kind == HUB_SIGNAL)
        return !r->gives_way || err_set(e, ERR_INTERRUPTED, "a run begins here: ask again when its nodes are in");
    json_t *hosts = verbs_guests(r->hub, NULL);
    print(a, hosts);
    json_decref(hosts);
    return true;
}

static bool take(void *to, int option, const char *value, struct err *e)
{
    struct arguments *a = to;
    if (option != OPT_FORMAT)
        return reach_take(&a->reach, option, value, e);
    a->is_json = strcmp(value, "json") == 0;
    return true;
}

int cmd_guests(int argc, char **argv)
{
    struct arguments a = { .reach = { .may_find_lab = true } };
    struct reach r = { 0 };
    struct err e = { 0 };
    int code = command_begin(&tare_guests, argc, argv, take, &a);
    if (code >= 0)
        return code;
    bool ok = reach_open(&a.reach, &r, &e) && (r.client ? ask(&a, r.client, &e) : serve(&a, &r, &e));
    reach_close(&r, "`tare guests` has seen enough");
    return ok ? 0 : command_fail(&tare_guests, &e);
}
