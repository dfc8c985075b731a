#include "verbs.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "run/prober.h"
#include "run/record.h"

/* ---- the nodes ---- */

/* Of the fingerprint, which comes from another machine. */
static json_t *product_of(const struct roster_node *n)
{
    json_t *facts = n->fingerprint ? json_loads(n->fingerprint, 0, NULL) : NULL;
    json_t *copy = facts ? json_string(record_product(facts)) : json_null();
    json_decref(facts);
    return copy;
}

static json_t *role_of(const char *name, const struct scenario *scenario)
{
    for (size_t i = 0; scenario && i < scenario->node_count; i++)
        if (strcmp(scenario->nodes[i].name, name) == 0)
            return json_string(node_role_name(scenario->nodes[i].role));
    return json_null();
}

/* How well its clock is known at this moment. */
static json_t *clock_bound_of(const struct roster_node *n)
{
    struct bounds_interval now;
    struct err e = { 0 };
    return n->is_joined && bounds_node_at(n->bounds, clock_raw_ns(), &now, &e) ? json_integer(bounds_half(now))
                                                                               : json_null();
}

static json_t *text_or_null(const char *text)
{
    json_t *string = *text ? json_string(text) : NULL; /* none where a node sent what is not UTF-8 */
    return string ? string : json_null();
}

static const char *state_of(const struct roster_node *n)
{
    return n->is_joined ? "joined" : n->is_welcome ? "greeted" : n->is_revoked ? "revoked" : "lost";
}

static json_t *node_json(const struct roster_node *n, const struct scenario *scenario)
{
    return json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name", n->name, "role", role_of(n->name, scenario),
        "state", state_of(n), "product", product_of(n), "program", text_or_null(n->hello.program), "version",
        text_or_null(n->hello.version), "address", text_or_null(n->address), "rtt_ns",
        n->is_joined && n->rtt_ns > 0 ? json_integer(n->rtt_ns) : json_null(), "clock_bound_ns", clock_bound_of(n),
        "clock_stamps", n->probes > 0 ? json_string(stamp_kind_word(prober_kind(n))) : json_null(), "doing",
        text_or_null(n->is_joined ? n->doing : ""));
}

static json_t *missing_json(const char *name, const struct scenario *scenario)
{
    return json_pack("{s:s, s:o, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:n, s:n}", "name", name, "role",
                     role_of(name, scenario), "state", "missing", "product", "program", "version", "address", "rtt_ns",
                     "clock_bound_ns", "clock_stamps", "doing");
}

json_t *verbs_nodes(const struct hub *hub, const struct scenario *scenario)
{
    const struct roster *roster = hub_roster(hub);
    const struct roster_node *n;
    const char *name;
    enum key_right right;
    json_t *nodes = json_array();
    for (size_t i = 0; (n = roster_at(roster, i)); i++)
        json_array_append_new(nodes, node_json(n, scenario));
    for (size_t i = 0; (name = keyring_nth(hub_keyring(hub), i, &right)); i++)
        if (right == KEY_NODE && !roster_by_name(roster, name))
            json_array_append_new(nodes, missing_json(name, scenario));
    return nodes;
}

static bool do_nodes(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)request;
    (void)e;
    json_t *nodes = verbs_nodes(c->hub, c->scenario);
    for (size_t i = 0; i < json_array_size(nodes); i++)
        peer_put(peer, json_pack("{s:O}", "node", json_array_get(nodes, i)));
    json_decref(nodes);
    return true;
}

/* ---- the virtual machines ---- */

static bool is_guest(const char *name, const struct scenario *scenario)
{
    for (size_t i = 0; scenario && i < scenario->node_count; i++)
        if (strcmp(scenario->nodes[i].name, name) == 0)
            return scenario->nodes[i].role == ROLE_GUEST;
    return false;
}

json_t *verbs_guests(const struct hub *hub, const struct scenario *scenario)
{
    const struct roster_node *n;
    json_t *hosts = json_array();
    for (size_t i = 0; (n = roster_at(hub_roster(hub), i)); i++) {
        json_t *told =
            n->domains && n->is_joined && !is_guest(n->name, scenario) ? json_loads(n->domains, 0, NULL) : NULL;
        if (json_is_object(told) && json_object_set_new(told, "host", json_string(n->name)) == 0)
            json_array_append(hosts, told);
        json_decref(told);
    }
    return hosts;
}

static bool do_guests(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)request;
    (void)e;
    json_t *hosts = verbs_guests(c->hub, c->scenario);
    for (size_t i = 0; i < json_array_size(hosts); i++)
        peer_put(peer, json_pack("{s:O}", "host", json_array_get(hosts, i)));
    json_decref(hosts);
    return true;
}

/* ---- the keys ---- */

static bool want_text(const json_t *request, const char *key, const char **text, struct err *e)
{
    *text = json_string_value(json_object_get(request, key));
    return *text || err_set(e, ERR_USAGE, "the request lacks '%s'", key);
}

static json_t *own_key(const struct hub *hub) { return json_string(keyring_own(hub_keyring(hub))->public_key); }

static bool do_invite(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    const char *name, *key;
    if (!want_text(request, "name", &name, e) || !want_text(request, "public_key", &key, e) ||
        !keyring_record(hub_keyring(c->hub), name, key, e))
        return false;
    peer_put(peer, json_pack("{s:o}", "server_key", own_key(c->hub)));
    return true;
}

static bool do_token(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    const char *key;
    char name[KEY_NAME];
    const struct keyring_token token = { .uses = json_integer_value(json_object_get(request, "uses")),
                                         .expires_s = json_integer_value(json_object_get(request, "expires_s")) };
    if (!want_text(request, "public_key", &key, e) || !keyring_record_token(hub_keyring(c->hub), key, &token, name, e))
        return false;
    peer_put(peer, json_pack("{s:o, s:s}", "server_key", own_key(c->hub), "name", name));
    return true;
}

static bool do_revoke(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)peer;
    const char *name;
    if (!want_text(request, "name", &name, e) || !keyring_revoke(hub_keyring(c->hub), name, e))
        return false;
    log_info("the key of '%s' is revoked", name);
    return true;
}

static bool do_reload(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)peer;
    (void)request;
    return keyring_reload(hub_keyring(c->hub), e);
}

/* ---- the run ---- */

static bool do_stop(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)peer;
    (void)request;
    (void)e;
    log_info("asked to stop by `tare stop`");
    hub_stop(c->hub);
    return true;
}

static bool do_yield(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)peer;
    (void)request;
    if (!c->gives_way)
        return err_set(e, ERR_USAGE, "a run goes on here; `tare stop` ends it");
    *c->gives_way = true;
    hub_stop(c->hub);
    return true;
}

static bool do_watch(const struct control_options *c, struct peer *peer, const json_t *request, struct err *e)
{
    (void)c;
    (void)request;
    (void)e;
    peer->is_watching = true;
    return true;
}

static const struct {
    const char *word;
    bool (*run)(const struct control_options *control, struct peer *peer, const json_t *request, struct err *e);
} VERBS[] = {
    { "nodes", do_nodes }, { "guests", do_guests }, { "invite", do_invite },
    { "token", do_token }, { "revoke", do_revoke }, { "reload", do_reload },
    { "stop", do_stop },   { "yield", do_yield },   { "watch", do_watch },
};

void verbs_answer(const struct control_options *control, struct peer *peer, const json_t *request)
{
    const char *word = json_string_value(json_object_get(request, "verb"));
    struct err e = { 0 };
    size_t i = 0;
    while (i < ARRAY_SIZE(VERBS) && (!word || strcmp(word, VERBS[i].word) != 0))
        i++;
    bool ok = i < ARRAY_SIZE(VERBS)
                  ? VERBS[i].run(control, peer, request, &e)
                  : err_set(&e, ERR_USAGE, "this tare (%s) has no such request; is the command of another version?",
                            TARE_VERSION);
    text_disarm(e.text); /* what was asked may be quoted in it, cut anywhere: JSON takes only whole characters */
    peer_put(peer, ok ? json_pack("{s:b}", "ok", 1)
                      : json_pack("{s:b, s:i, s:s}", "ok", 0, "exit", (int)e.exit, "error", e.text));
}
