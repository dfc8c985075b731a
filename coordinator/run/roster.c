#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

struct roster {
    struct roster_node **nodes;
    size_t count, room;
};

struct roster *roster_new(void) { return calloc(1, sizeof(struct roster)); }

static void node_free(struct roster_node *n)
{
    bounds_destroy(&n->bounds);
    free(n->catalogue);
    free(n->fingerprint);
    probe_key_wipe(&n->up);
    probe_key_wipe(&n->down);
    free(n);
}

void roster_destroy(struct roster **roster)
{
    struct roster *r = *roster;
    *roster = NULL;
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        node_free(r->nodes[i]);
    free(r->nodes);
    free(r);
}

struct roster_node *roster_at(const struct roster *r, size_t index)
{
    return index < r->count ? r->nodes[index] : NULL;
}

struct roster_node *roster_by_name(const struct roster *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->nodes[i]->name, name) == 0)
            return r->nodes[i];
    return NULL;
}

struct roster_node *roster_by_id(const struct roster *r, const void *id, size_t size)
{
    for (size_t i = 0; i < r->count; i++)
        if (size > 0 && r->nodes[i]->id_size == size && memcmp(r->nodes[i]->id, id, size) == 0)
            return r->nodes[i];
    return NULL;
}

struct roster_node *roster_by_session(const struct roster *r, uint64_t session)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->nodes[i]->is_welcome && r->nodes[i]->session == session)
            return r->nodes[i];
    return NULL;
}

static struct roster_node *add(struct roster *r, const char *name)
{
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 8;
        struct roster_node **more = reallocarray(r->nodes, room, sizeof *more);
        if (!more)
            return NULL;
        r->nodes = more;
        r->room = room;
    }
    struct roster_node *n = calloc(1, sizeof *n);
    if (!n || !(n->bounds = bounds_new(BOUNDS_WANDER_PPM))) {
        free(n);
        return NULL;
    }
    text_copy(n->name, sizeof n->name, name);
    r->nodes[r->count++] = n;
    return n;
}

static bool check_hello(const char *key_name, const struct message_hello *hello, size_t id_size, struct err *reason)
{
    if (hello->major != WIRE_MAJOR)
        return err_set(
            reason, ERR_PARTIAL,
            "the coordinator (tare %s) speaks protocol %d, this program (%s) protocol %u: install the same version",
            TARE_VERSION, WIRE_MAJOR, hello->version, hello->major);
    if (strcmp(hello->name, key_name) != 0)
        return err_set(reason, ERR_PARTIAL, "this key was made for '%s', not for '%s'", key_name, hello->name);
    if (!*hello->instance)
        return err_set(reason, ERR_PARTIAL, "HELLO without an instance");
    return id_size <= ROSTER_ID_MAX || err_set(reason, ERR_INTERNAL, "a connection id of %zu bytes", id_size);
}

static void bind_to(struct roster_node *n, const void *id, size_t id_size, int64_t now_mono)
{
    memcpy(n->id, id, id_size);
    n->id_size = id_size;
    n->heard_mono = now_mono;
    n->is_welcome = true;
    n->is_cut = n->is_revoked = false;
}

/* The connection speaks with the key of `n` now: nothing for another node may be sent over it. */
static void unbind_others(struct roster *r, const struct roster_node *n, const void *id, size_t id_size)
{
    struct roster_node *other;
    while ((other = roster_by_id(r, id, id_size)) && other != n) {
        other->id_size = 0;
        other->is_cut = true;
    }
}

enum roster_answer roster_admit(struct roster *r, const char *key_name, const char *key,
                                const struct message_hello *hello, const void *id, size_t id_size, int64_t now_mono,
                                struct roster_node **node, struct err *reason)
{
    if (!check_hello(key_name, hello, id_size, reason))
        return ROSTER_REFUSED;
    struct roster_node *n = roster_by_name(r, key_name);
    bool is_same = n && n->is_welcome && strcmp(n->hello.instance, hello->instance) == 0 && strcmp(n->key, key) == 0;
    if (is_same) {
        unbind_others(r, n, id, id_size);
        roster_heard(n, now_mono); /* the silence until now was one, whatever the connection */
        bind_to(n, id, id_size, now_mono);
        *node = n;
        return ROSTER_AGAIN;
    }
    if (n && n->is_welcome && !n->is_cut && now_mono - n->heard_mono < clock_ms(ROSTER_REPLACE_MS)) {
        err_set(reason, ERR_PARTIAL, "'%s' is here already, from %s", n->name, n->address);
        return ROSTER_REFUSED;
    }
    if (!n && !(n = add(r, key_name))) {
        err_set(reason, ERR_INTERNAL, "the coordinator is out of memory");
        return ROSTER_REFUSED;
    }
    roster_drop(n);
    unbind_others(r, n, id, id_size);
    text_copy(n->key, sizeof n->key, key);
    n->hello = *hello;
    n->rtt_ns = n->ping_mono = 0;
    n->dials = 0;
    n->udp_size = 0;
    n->is_udp_blocked = n->knows_moves = false;
    n->probe_every_ns = 0;
    n->window = (struct probe_window){ 0 };
    bounds_reset(n->bounds);
    bind_to(n, id, id_size, now_mono);
    n->worst_gap_ns = 0;
    *node = n;
    return ROSTER_WELCOME;
}

void roster_heard(struct roster_node *n, int64_t now_mono)
{
    int64_t gap = now_mono - n->heard_mono;
    if (gap > n->worst_gap_ns)
        n->worst_gap_ns = gap;
    n->heard_mono = now_mono;
}

bool roster_is_dead(const struct roster_node *n, int64_t now_mono)
{
    int64_t limit = clock_ms(n->is_armed ? ROSTER_ARMED_DEAD_MS : ROSTER_DEAD_MS);
    return n->is_welcome && (n->is_cut || now_mono - n->heard_mono > limit);
}

void roster_tell_loss(const struct roster_node *n, int64_t now_mono, bool has_right, char *why, size_t size)
{
    if (!has_right)
        text_copy(why, size, "its key was revoked");
    else if (n->is_cut)
        text_copy(why, size, "its connection was closed");
    else
        snprintf(why, size, "not heard for %.1f s", (double)(now_mono - n->heard_mono) / 1e9);
}

void roster_drop(struct roster_node *n)
{
    n->is_welcome = n->is_joined = n->is_armed = n->is_cut = false;
    n->id_size = 0;
    n->probe_every_ns = 0;
}
