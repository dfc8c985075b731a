#include "hub_parts.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "run/prober.h"
#include "wire/channel.h"

void hub_refuse(struct hub *h, const zframe_t *id, const char *reason)
{
    struct message m = { .type = MESSAGE_REFUSED };
    struct err e = { 0 };
    bool gone;
    text_copy(m.refused.reason, sizeof m.refused.reason, reason);
    if (!channel_send(h->router, id, &m, &gone, &e))
        log_debug("%s", e.text);
}

static bool welcome(struct hub *h, struct roster_node *n)
{
    struct message m = { .type = MESSAGE_WELCOME, .welcome = { .probe_port = prober_port(h->prober) } };
    m.welcome.session_size = MESSAGE_SESSION;
    m.welcome.up_key_size = m.welcome.down_key_size = MESSAGE_KEY;
    bytes_put(m.welcome.session, MESSAGE_SESSION, n->session);
    memcpy(m.welcome.up_key, n->up.bytes, MESSAGE_KEY);
    memcpy(m.welcome.down_key, n->down.bytes, MESSAGE_KEY);
    struct err e = { 0 };
    bool ok = hub_send(h, n, &m, &e);
    if (!ok)
        log_debug("%s", e.text);
    sodium_memzero(&m, sizeof m);
    return ok;
}

/* True when a process took the place of one that counted as joined. */
static bool on_hello(struct hub *h, const char *key, const char *key_name, zframe_t *id, const char *address)
{
    struct roster_node *n = NULL;
    struct err e = { 0 };
    const struct roster_node *before = roster_by_name(h->roster, key_name);
    bool was_joined = before && before->is_joined;
    enum roster_answer answer = roster_admit(h->roster, key_name, key, &h->message.hello, zframe_data(id),
                                             zframe_size(id), clock_mono_ns(), &n, &e);
    if (answer == ROSTER_REFUSED) {
        log_warn("refused '%s' from %s: %s", key_name, address, e.text);
        hub_refuse(h, id, e.text);
        return false;
    }
    if (answer == ROSTER_WELCOME) {
        text_copy(n->address, sizeof n->address, address);
        randombytes_buf(&n->session, sizeof n->session);
        /* Without keys of its own no session: a probe that anybody could seal would move the clock. */
        if (!probe_key_make(PROBE_FROM_AGENT, &n->up, &e) || !probe_key_make(PROBE_FROM_COORDINATOR, &n->down, &e)) {
            log_error("%s", e.text);
            hub_refuse(h, id, "the coordinator finds no random numbers for this session's keys");
            roster_drop(n);
            return was_joined;
        }
    }
    (void)welcome(h, n); /* one that was not sent is asked for again by the next HELLO */
    return was_joined && answer == ROSTER_WELCOME;
}

/* The one thing that a token may ask for. */
static void on_enrol(struct hub *h, const char *token_key, const char *token_name, zframe_t *id, const char *address)
{
    char token[KEY_NAME]; /* the keyring's own moves when it takes a key in */
    text_copy(token, sizeof token, token_name);
    const struct message_enrol *m = &h->message.enrol;
    struct err e = { 0 };
    bool gone;
    if (m->major != WIRE_MAJOR)
        err_set(&e, ERR_PARTIAL,
                "the coordinator (tare %s) speaks protocol %d, this program (%s) protocol %u: install the same version",
                TARE_VERSION, WIRE_MAJOR, m->version, m->major);
    else if (keyring_enrol(h->keyring, token_key, m->name, m->public_key, clock_real_ns() / CLOCK_NS_PER_S, &e)) {
        struct message granted = { .type = MESSAGE_GRANTED, .granted = { .major = WIRE_MAJOR, .minor = WIRE_MINOR } };
        text_copy(granted.granted.magic, sizeof granted.granted.magic, GRANTED_MAGIC);
        text_copy(granted.granted.name, sizeof granted.granted.name, m->name);
        log_info("'%s' is enrolled (%s, from %s)", m->name, token, address);
        if (!channel_send(h->router, id, &granted, &gone, &e))
            log_debug("%s", e.text); /* it asks again, and is granted again */
        return;
    }
    log_warn("%s from %s: '%s' is not enrolled: %s", token, address, m->name, e.text);
    hub_refuse(h, id, e.exit == ERR_INTERNAL ? "the coordinator cannot write its keys" : e.text);
}

static bool on_facts(struct roster_node *n, const struct message_facts *facts)
{
    char *catalogue = strdup(facts->catalogue), *fingerprint = strdup(facts->fingerprint);
    if (!catalogue || !fingerprint) {
        free(catalogue);
        free(fingerprint);
        return false;
    }
    free(n->catalogue);
    free(n->fingerprint);
    n->catalogue = catalogue;
    n->fingerprint = fingerprint;
    n->cpus = facts->cpus;
    bool is_new = !n->is_joined;
    n->is_joined = true;
    n->ping_mono = 0;
    return is_new;
}

static bool on_answer(struct roster_node *n, const struct message_answer *m, int64_t t4_ns)
{
    return m->sequence > 0 && prober_take(n, (uint64_t)m->sequence, m->t2_ns, m->t3_ns, t4_ns, STAMP_ZEROMQ);
}

static void on_pong(struct roster_node *n, uint32_t sequence)
{
    if (sequence != n->ping_sequence || n->ping_sent_mono == 0)
        return;
    n->rtt_ns = clock_mono_ns() - n->ping_sent_mono;
    n->ping_sent_mono = 0; /* one answer a question */
}

/* An IPv4 address that came through our IPv6 socket, as people write it. */
static const char *plain_address(const char *address)
{
    static const char MAPPED[] = "::ffff:";
    bool is_mapped = strncmp(address, MAPPED, strlen(MAPPED)) == 0 && strchr(address, '.');
    return is_mapped ? address + strlen(MAPPED) : address;
}

/* One frame from the network. True when it makes an event. */
bool hub_frame(struct hub *h, zframe_t *frame, zframe_t *id, struct hub_event *event)
{
    const char *key = zframe_meta(frame, "User-Id"), *address = zframe_meta(frame, "Peer-Address");
    const char *key_name = NULL;
    enum key_right right = key ? keyring_right_of(h->keyring, key, &key_name) : KEY_NONE;
    address = address ? plain_address(address) : "?";
    if (right == KEY_NONE) { /* a key that was taken back, on a connection from before */
        hub_refuse(h, id, "the coordinator does not know this key any more");
        return false;
    }
    struct err e = { 0 };
    int64_t received_ns = clock_raw_ns();
    struct roster_node *n = roster_by_id(h->roster, zframe_data(id), zframe_size(id));
    if (!message_decode(zframe_data(frame), zframe_size(frame), &h->message, &e)) {
        log_warn("from '%s' at %s: %s; dropped", key_name, address, e.text);
        return false;
    }
    if (right == KEY_ENROL || h->message.type == MESSAGE_ENROL) {
        if (right == KEY_ENROL && h->message.type == MESSAGE_ENROL)
            on_enrol(h, key, key_name, id, address);
        else
            log_warn("from '%s' at %s: %s, for which its key has no right; dropped", key_name, address,
                     message_name(h->message.type));
        return false;
    }
    if (h->message.type == MESSAGE_HELLO) {
        bool is_lost = on_hello(h, key, key_name, id, address);
        *event = (struct hub_event){ .kind = HUB_LOST,
                                     .node = roster_by_name(h->roster, key_name),
                                     .why = "another process has taken its place" };
        return is_lost;
    }
    if (!n || strcmp(n->name, key_name) != 0)
        return false; /* not greeted: it will be, since agents repeat their HELLO */
    roster_heard(n, clock_mono_ns());
    switch (h->message.type) {
    case MESSAGE_FACTS:
        *event = (struct hub_event){ .kind = HUB_JOINED, .node = n };
        return on_facts(n, &h->message.facts);
    case MESSAGE_ANSWER:
        *event = (struct hub_event){ .kind = HUB_PROBED, .node = n };
        return on_answer(n, &h->message.answer, received_ns);
    case MESSAGE_PONG: on_pong(n, h->message.pong.sequence); return false;
    default: *event = (struct hub_event){ .kind = HUB_MESSAGE, .node = n, .message = &h->message }; return n->is_joined;
    }
}
