#include "node.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "base/units.h"
#include "base/words.h"
#include "scenario/guest.h"
#include "scenario/keys.h"

#define ROLE_WORD(name, word) "|" word
static const char ROLES[] = NODE_ROLES(ROLE_WORD);

struct head {
    int role;
    int64_t count;
    char address[SCENARIO_ADDRESS];
    char netserver[SCENARIO_ADDRESS + 8];
};

/* clang-format off */
static const struct field HEAD_FIELDS[] = {
    { .key = "role", .kind = FIELD_CHOICE, .offset = offsetof(struct head, role), .choices = ROLES + 1,
      .doc = "host, guest or peer" },
    { .key = "count", .kind = FIELD_INT, .offset = offsetof(struct head, count), .min = 1, .max = SCENARIO_NODES_MAX,
      .fallback = "1", .doc = "so many nodes, host1, host2, ..., which 'host' stands for" },
    { .key = "address", .kind = FIELD_TEXT, .offset = offsetof(struct head, address), .capacity = SCENARIO_ADDRESS,
      .fallback = "", .doc = "its IP address for the measured data" },
    { .key = "netserver", .kind = FIELD_TEXT, .offset = offsetof(struct head, netserver),
      .capacity = SCENARIO_ADDRESS + 8, .fallback = "",
      .doc = "where a stock netserver 2.7 listens, in place of an agent: 10.0.0.7, 10.0.0.7:12865, [fd00::7]:12865" },
};
/* clang-format on */
const struct schema SCENARIO_NODE = { "node", HEAD_FIELDS, ARRAY_SIZE(HEAD_FIELDS), sizeof(struct head) };

/* What one key of `nodes` declares. */
struct declaration {
    const struct yaml_value *value;
    char stem[SCENARIO_NAME]; /* "host" of "host[1-4]" */
    int64_t number, count;    /* of the first node; of how many */
    bool is_group;
    enum node_role role; /* ROLE_COUNT: not known, so that one mistake is not told twice */
    size_t first;        /* of its nodes */
    char address[SCENARIO_ADDRESS], netserver[SCENARIO_ADDRESS];
    uint16_t netserver_port;
};

const char *node_role_name(enum node_role role)
{
#define ROLE_NAME(name, word) [ROLE_##name] = word,
    static const char *const NAMES[] = { NODE_ROLES(ROLE_NAME) };
    return role < ROLE_COUNT ? NAMES[role] : "?";
}

/* A number as people write it, without zeros in front, which would make other names. */
static bool read_number(const char *text, size_t size, int64_t *number)
{
    char copy[8];
    if (size == 0 || size >= sizeof copy || (size > 1 && *text == '0') || strspn(text, "0123456789") < size)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return units_parse_int(copy, number, NULL);
}

/* "host[1-4]" */
static bool read_range(const char *name, struct declaration *d)
{
    const char *open = strchr(name, '['), *close = strchr(open, ']'), *dash = strchr(open, '-');
    int64_t last = 0;
    if (!close || close[1] != '\0' || !dash || dash > close || (size_t)(open - name) >= sizeof d->stem ||
        !read_number(open + 1, (size_t)(dash - open - 1), &d->number) ||
        !read_number(dash + 1, (size_t)(close - dash - 1), &last))
        return false;
    memcpy(d->stem, name, (size_t)(open - name));
    d->stem[open - name] = '\0';
    d->count = last - d->number + 1;
    d->is_group = true;
    return d->count >= 1 && d->count <= SCENARIO_NODES_MAX;
}

/* The name of its `index`th node, from 0. */
static const char *member_name(const struct declaration *d, int64_t index, char *out, size_t size)
{
    text_copy(out, size, d->is_group ? d->stem : d->value->key->text);
    if (d->is_group && !text_append(out, size, "%d", (int)(d->number + index)))
        *out = '\0'; /* which is no name, so it is told */
    return out;
}

static void check_name(const struct reader *r, struct declaration *d)
{
    const struct yaml_value *key = d->value->key;
    char last[SCENARIO_NAME];
    if (!d->is_group && strchr(key->text, '[')) {
        if (read_range(key->text, d)) {
            if (yaml_get(d->value, "count"))
                READER_SAY(r, yaml_get(d->value, "count")->key,
                           "count: '%.64s' says how many nodes it is already: leave one of them out", key->text);
        } else {
            READER_SAY(r, key, "'%.64s' is no group of nodes: write it as in host[1-4], with at most %d nodes",
                       key->text, SCENARIO_NODES_MAX);
            d->is_group = false;
            d->count = 1;
            return;
        }
    }
    if (!text_is_name(member_name(d, d->count - 1, last, sizeof last)) || strlen(key->text) >= SCENARIO_NAME)
        READER_SAY(r, key, "'%.64s' is not a name (letters, digits, '-', '_', '.', at most 63)", key->text);
}

static void check_address(const struct reader *r, struct declaration *d, const char *address)
{
    const struct yaml_value *given = yaml_get(d->value, "address");
    struct err e = { 0 };
    struct ip ip;
    if (!given || !*address)
        return;
    if (d->is_group)
        READER_SAY(r, given->key,
                   "address: '%s' is several nodes, which cannot be at one address: declare them one by one",
                   d->value->key->text);
    else if (!ip_check_reachable(address, &ip, &e))
        READER_SAY(r, given, "address: %s", e.text);
    else
        text_copy(d->address, sizeof d->address, address);
}

/* A stock netserver in place of an agent: one, at the other end of what is measured. */
static void read_netserver(const struct reader *r, struct declaration *d, const char *text)
{
    const struct yaml_value *value = yaml_get(d->value, "netserver");
    if (!value || value->broken || value->kind != YAML_TEXT || d->role == ROLE_COUNT)
        return;
    if (d->role == ROLE_HOST)
        READER_SAY(r, value->key,
                   "netserver: '%s' is a host, which needs an agent: only a peer or a guest may do without",
                   d->value->key->text);
    else if (d->is_group)
        READER_SAY(r, value->key, "netserver: '%s' is several nodes and this one address: declare each on its own",
                   d->value->key->text);
    else if (!ip_split(text, d->netserver, sizeof d->netserver, &d->netserver_port))
        READER_SAY(r, value,
                   "netserver: '%.64s' is no address of IP, as in 10.0.0.7, 10.0.0.7:12865 or [fd00::7]:12865", text);
}

/* Name, role and how many; `on` waits until all names are known. */
static void read_head(const struct reader *r, struct declaration *d)
{
    static const struct reader_keys KEYS = { .fields = &SCENARIO_NODE, .others = "on|" GUEST_KEYS, .later = "" };
    const struct yaml_value *value = d->value;
    if (!reader_map(r, value, "a node", "host: {role: host}")) {
        check_name(r, d);
        return;
    }
    const struct yaml_value *means = NULL;
    char told[64] = "";
    for (const struct yaml_value *each = value->first; each; each = each->next) {
        if (words_index("built_in|domain|netserver", each->key->text) < 0)
            continue;
        if (means) {
            READER_SAY(r, each->key, "'%s' beside '%s': a node is one of built_in, domain and netserver: leave one out",
                       each->key->text, means->key->text);
            words_add(told, sizeof told, each->key->text);
        } else {
            means = each;
        }
    }
    struct reader_keys keys = KEYS;
    keys.told = told;
    struct head head;
    reader_check_keys(r, value, &keys);
    if (reader_fields(r, value, &SCENARIO_NODE, &head))
        d->role = (enum node_role)head.role;
    if (yaml_get(value, "count") && head.count >= 1 && !strchr(value->key->text, '[')) {
        d->is_group = true;
        d->count = head.count;
        text_copy(d->stem, sizeof d->stem, value->key->text);
    }
    check_name(r, d);
    check_address(r, d, head.address);
    read_netserver(r, d, head.netserver);
}

/* The group that holds node `index`, or NULL. */
static const struct scenario_group *group_of(const struct scenario *s, size_t index)
{
    for (size_t i = 0; i < s->group_count; i++)
        if (index >= s->groups[i].first && index - s->groups[i].first < s->groups[i].count)
            return &s->groups[i];
    return NULL;
}

/* Whether the names of `d` are its own; told when not. */
static bool is_apart(const struct reader *r, const struct declaration *d)
{
    const struct scenario *s = r->scenario;
    const struct yaml_value *key = d->value->key;
    size_t first = 0, count = 0;
    if (reader_find(r, key->text, &first, &count)) {
        const struct scenario_group *group = group_of(s, first);
        READER_SAY(r, key, "'%s' is a node of '%s' already: rename one of them", key->text,
                   group ? group->name : s->nodes[first].name);
        return false;
    }
    for (int64_t i = 0; d->is_group && i < d->count; i++) {
        char name[SCENARIO_NAME];
        if (!reader_find(r, member_name(d, i, name, sizeof name), &first, &count))
            continue;
        READER_SAY(r, key, "'%s' declares a node '%s', which there is already: rename one of them", key->text, name);
        return false;
    }
    return true;
}

/* A node like `model`, which it owns nothing of. */
static bool copy_guest(const struct scenario_node *model, struct scenario_node *node)
{
    char name[SCENARIO_NAME];
    memcpy(name, node->name, sizeof name);
    *node = *model;
    memcpy(node->name, name, sizeof name);
    if (!model->built_in)
        return true;
    node->built_in = malloc(sizeof *node->built_in);
    if (node->built_in)
        *node->built_in = *model->built_in;
    return node->built_in != NULL;
}

/* The nodes that `d` declares. False when there is no room for them. */
static bool add_nodes(const struct reader *r, struct declaration *d)
{
    struct scenario *s = r->scenario;
    d->first = s->node_count;
    if (s->node_count + (size_t)d->count > SCENARIO_NODES_MAX) {
        READER_SAY(r, d->value->key, "more than %d nodes: tare serves no more in one run", SCENARIO_NODES_MAX);
        d->count = 0;
        return false;
    }
    if (!is_apart(r, d)) {
        d->count = 0;
        return true;
    }
    for (int64_t i = 0; i < d->count; i++) {
        struct scenario_node *node = &s->nodes[s->node_count++];
        *node = (struct scenario_node){ .role = d->role, .on = -1, .netserver.port = d->netserver_port };
        text_copy(node->netserver.address, sizeof node->netserver.address, d->netserver);
        member_name(d, i, node->name, sizeof node->name);
        if (i == 0 && d->value->kind == YAML_MAP)
            guest_read(r, d->value, node);
        else if (i > 0 && !copy_guest(&s->nodes[d->first], node))
            reader_no_memory(r);
        text_copy(node->address, sizeof node->address, d->address);
    }
    const struct guest_options *options = s->nodes[d->first].built_in;
    if (d->count > 1 && options && *options->address && strcmp(options->address, "dhcp") != 0)
        READER_SAY(r, yaml_get(yaml_get(d->value, "built_in"), "address"),
                   "address: %d guests cannot have one address: leave it out, or declare each by itself",
                   (int)d->count);
    if (d->count > 1 && s->nodes[d->first].domain[0])
        READER_SAY(r, yaml_get(d->value, "domain"), "domain: one virtual machine cannot be %d guests", (int)d->count);
    if (d->is_group) {
        struct scenario_group *group = &s->groups[s->group_count++];
        *group = (struct scenario_group){ .first = d->first, .count = (size_t)d->count };
        text_copy(group->name, sizeof group->name, d->value->key->text);
    }
    return true;
}

/* The host of a guest; of a group of guests one for all, or a group of hosts with one for each. */
static void read_host_of(const struct reader *r, const struct declaration *d)
{
    struct scenario *s = r->scenario;
    const struct yaml_value *on = yaml_get(d->value, "on");
    if (!on || d->role == ROLE_COUNT || d->count == 0)
        return;
    if (d->role != ROLE_GUEST) {
        READER_SAY(r, on->key, "on: only a guest says the host that it runs on, '%s' is a %s: leave it out",
                   d->value->key->text, node_role_name(d->role));
        return;
    }
    size_t first = 0, count = 0;
    bool each = on->kind == YAML_TEXT && reader_find(r, on->text, &first, &count) && count > 1;
    if (each && count != (size_t)d->count) {
        READER_SAY(r, on, "on: '%s' is %zu hosts and '%s' is %d: name one host, or as many as there are guests",
                   on->text, count, d->value->key->text, (int)d->count);
        return;
    }
    int host = each ? (int)first : reader_node(r, on, "on");
    if (host < 0)
        return;
    const struct scenario_node *named = &s->nodes[host];
    if (named->role != ROLE_HOST && named->role != ROLE_COUNT)
        READER_SAY(r, on, "on: '%s' is a %s: a guest runs on a node of role host", on->text,
                   node_role_name(named->role));
    for (size_t i = 0; named->role == ROLE_HOST && i < (size_t)d->count; i++)
        s->nodes[d->first + i].on = host + (each ? (int)i : 0);
}

/* Two nodes cannot be the same virtual machine. */
static void check_domain(const struct reader *r, const struct declaration *d)
{
    const struct scenario *s = r->scenario;
    const struct scenario_node *node = &s->nodes[d->first];
    for (size_t i = 0; d->count > 0 && *node->domain && i < d->first; i++)
        if (s->nodes[i].on == node->on && strcmp(s->nodes[i].domain, node->domain) == 0)
            READER_SAY(r, yaml_get(d->value, "domain"), "domain: '%s' is '%s' already", node->domain, s->nodes[i].name);
}

void nodes_read(const struct reader *r, const struct yaml_value *value)
{
    struct scenario *s = r->scenario;
    if (!reader_map(r, value, "nodes", "{host: {role: host}, peer: {role: peer}}"))
        return;
    if (value->count == 0)
        READER_SAY(r, value, "nodes must declare at least one node, as in host: {role: host}");
    s->nodes = calloc(SCENARIO_NODES_MAX, sizeof *s->nodes);
    s->groups = calloc(SCENARIO_NODES_MAX, sizeof *s->groups);
    struct declaration *declared = calloc(value->count + 1, sizeof *declared);
    size_t count = 0;
    bool has_room = s->nodes && s->groups && declared;
    if (!has_room)
        reader_no_memory(r);
    for (const struct yaml_value *node = value->first; node && has_room; node = node->next) {
        struct declaration *d = &declared[count++];
        *d = (struct declaration){ .value = node, .number = 1, .count = 1, .role = ROLE_COUNT };
        read_head(r, d);
        has_room = add_nodes(r, d);
    }
    for (size_t i = 0; i < count; i++) {
        read_host_of(r, &declared[i]);
        check_domain(r, &declared[i]);
    }
    free(declared);
}
