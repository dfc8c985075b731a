#include "roster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lookup.h"
#include "base/text.h"

struct roster {
    struct roster_node **nodes; /* owned */
    size_t count, room;
    struct lookup by_name, by_id, by_session;
    struct agenda deaths; /* of those who are welcome; an entry may be early, never late */
};

static struct lookup_key name_of(const void *thing)
{
    const struct roster_node *n = thing;
    return (struct lookup_key){ n->name, strlen(n->name) };
}

static struct lookup_key id_of(const void *thing)
{
    const struct roster_node *n = thing;
    return (struct lookup_key){ n->id, n->id_size };
}

static struct lookup_key session_of(const void *thing)
{
    const struct roster_node *n = thing;
    return (struct lookup_key){ &n->session, sizeof n->session };
}

struct roster *roster_new(void)
{
    struct roster *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    lookup_init(&r->by_name, name_of);
    lookup_init(&r->by_id, id_of);
    lookup_init(&r->by_session, session_of);
    return r;
}

static void node_free(struct roster_node *n)
{
    bounds_destroy(&n->bounds);
    probe_window_clear(&n->window);
    free(n->catalogue);
    free(n->fingerprint);
    free(n->domains);
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
    lookup_clear(&r->by_name);
    lookup_clear(&r->by_id);
    lookup_clear(&r->by_session);
    agenda_clear(&r->deaths);
    free(r->nodes);
    free(r);
}

struct roster_node *roster_at(const struct roster *r, size_t index)
{
    return index < r->count ? r->nodes[index] : NULL;
}

struct roster_node *roster_by_name(const struct roster *r, const char *name)
{
    return lookup_find(&r->by_name, name, strlen(name));
}

struct roster_node *roster_by_id(const struct roster *r, const void *id, size_t size)
{
    return lookup_find(&r->by_id, id, size);
}

struct roster_node *roster_by_session(const struct roster *r, uint64_t session)
{
    return lookup_find(&r->by_session, &session, sizeof session);
}

/* For one more node, wherever it may come to stand: from then on nothing about it can fail. */
static bool make_room(struct roster *r)
{
    struct err e;
    size_t count = r->count + 1;
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 8;
        struct roster_node **more = reallocarray(r->nodes, room, sizeof(struct roster_node *));
        if (!more)
            return false;
        r->nodes = more;
        r->room = room;
    }
    return lookup_reserve(&r->by_name, count, &e) && lookup_reserve(&r->by_id, count, &e) &&
           lookup_reserve(&r->by_session, count, &e) && agenda_reserve(&r->deaths, count, &e);
}

static struct roster_node *add(struct roster *r, const char *name)
{
    struct roster_node *n = make_room(r) ? calloc(1, sizeof *n) : NULL;
    if (!n || !(n->bounds = bounds_new(BOUNDS_WANDER_PPM))) {
        free(n);
        return NULL;
    }
    text_copy(n->name, sizeof n->name, name);
    n->death.who = n->duty.who = n;
    r->nodes[r->count++] = n;
    lookup_put(&r->by_name, n);
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

static void unbind(struct roster *r, struct roster_node *n)
{
    lookup_remove(&r->by_id, n);
    n->id_size = 0;
}

static int64_t silence_most_ns(const struct roster_node *n)
{
    return clock_ms(n->is_armed ? ROSTER_ARMED_DEAD_MS : ROSTER_DEAD_MS);
}

/* The connection speaks with the key of `n` now: nothing for another node may be sent over it. */
static void bind_to(struct roster *r, struct roster_node *n, const void *id, size_t id_size, int64_t now_mono)
{
    struct roster_node *other = roster_by_id(r, id, id_size);
    if (other && other != n) {
        unbind(r, other);
        roster_cut(r, other);
    }
    unbind(r, n);
    memcpy(n->id, id, id_size);
    n->id_size = id_size;
    if (id_size > 0)
        lookup_put(&r->by_id, n);
    n->heard_mono = now_mono;
    n->is_welcome = true;
    n->is_cut = n->is_revoked = false;
    agenda_set(&r->deaths, &n->death, now_mono + silence_most_ns(n));
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
        roster_heard(n, now_mono); /* the silence until now was one, whatever the connection */
        bind_to(r, n, id, id_size, now_mono);
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
    roster_drop(r, n);
    text_copy(n->key, sizeof n->key, key);
    n->hello = *hello;
    n->rtt_ns = n->ping_mono = 0;
    n->dials = 0;
    n->udp_size = 0;
    n->is_udp_blocked = n->knows_moves = false;
    n->probe_every_ns = 0;
    probe_window_clear(&n->window);
    bounds_reset(n->bounds, BOUNDS_WANDER_PPM);
    bind_to(r, n, id, id_size, now_mono);
    n->worst_gap_ns = 0;
    *node = n;
    return ROSTER_WELCOME;
}

bool roster_open_session(struct roster *r, struct roster_node *n, uint64_t session)
{
    if (session == 0 || roster_by_session(r, session))
        return false;
    lookup_remove(&r->by_session, n);
    n->session = session;
    lookup_put(&r->by_session, n);
    return true;
}

void roster_heard(struct roster_node *n, int64_t now_mono)
{
    int64_t gap = now_mono - n->heard_mono;
    if (gap > n->worst_gap_ns)
        n->worst_gap_ns = gap;
    n->heard_mono = now_mono;
}

void roster_cut(struct roster *r, struct roster_node *n)
{
    n->is_cut = true;
    if (n->is_welcome)
        agenda_set(&r->deaths, &n->death, INT64_MIN);
}

void roster_set_armed(struct roster *r, struct roster_node *n, bool is_armed, int64_t now_mono)
{
    /* What was heard before it was armed answers another rhythm. */
    if (is_armed && !n->is_armed)
        n->heard_mono = now_mono;
    n->is_armed = is_armed;
    if (n->is_welcome && !n->is_cut)
        agenda_set(&r->deaths, &n->death, n->heard_mono + silence_most_ns(n));
}

bool roster_is_dead(const struct roster_node *n, int64_t now_mono)
{
    return n->is_welcome && (n->is_cut || now_mono - n->heard_mono > silence_most_ns(n));
}

struct roster_node *roster_next_dead(struct roster *r, int64_t now_mono)
{
    struct agenda_entry *first;
    while ((first = agenda_first(&r->deaths)) && first->due_ns < now_mono) {
        struct roster_node *n = first->who;
        if (roster_is_dead(n, now_mono))
            return n;
        agenda_set(&r->deaths, first, n->heard_mono + silence_most_ns(n)); /* it was heard meanwhile */
    }
    return NULL;
}

void roster_tell_loss(const struct roster_node *n, int64_t now_mono, char *why, size_t size)
{
    if (n->is_revoked)
        text_copy(why, size, "its key was revoked");
    else if (n->is_cut)
        text_copy(why, size, "its connection was closed");
    else
        snprintf(why, size, "not heard for %.1f s", (double)(now_mono - n->heard_mono) / 1e9);
}

void roster_drop(struct roster *r, struct roster_node *n)
{
    unbind(r, n);
    lookup_remove(&r->by_session, n);
    n->session = 0;
    agenda_remove(&r->deaths, &n->death);
    n->is_welcome = n->is_joined = n->is_armed = n->is_cut = false;
    n->probe_every_ns = 0;
}
