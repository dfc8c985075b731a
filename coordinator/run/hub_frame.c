#include "hub_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "run/complaints.h"
#include "run/prober.h"
#include "wire/channel.h"

/* Who sent a frame. */
struct sender {
    const struct channel_frame *frame;
    struct channel_id id;
    const char *key, *name; /* a key, and whose it is */
    enum key_right right;
};

/* As the coordinator sees it; an IPv4 address that came through our IPv6 socket as people write it. */
static const char *address_of(const struct sender *s)
{
    static const char MAPPED[] = "::ffff:";
    const char *address = channel_frame_property(s->frame, "Peer-Address");
    if (!address)
        return "?";
    bool is_mapped = strncmp(address, MAPPED, strlen(MAPPED)) == 0 && strchr(address, '.');
    return is_mapped ? address + strlen(MAPPED) : address;
}

/* A warning about what it sent, unless there were too many. */
static void complain(struct hub *h, const struct sender *s, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void complain(struct hub *h, const struct sender *s, const char *fmt, ...)
{
    char note[96], text[768];
    if (!complaints_may_tell(h->complaints, s->key, clock_mono_ns(), note, sizeof note))
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log_warn("%s%s", text, note);
}

void hub_refuse(struct hub *h, const struct channel_id *id, const char *reason)
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
static bool on_hello(struct hub *h, const struct sender *s)
{
    struct roster_node *n = NULL;
    struct err e = { 0 };
    const struct roster_node *before = roster_by_name(h->roster, s->name);
    bool was_joined = before && before->is_joined;
    enum roster_answer answer =
        roster_admit(h->roster, s->name, s->key, &h->message.hello, s->id.bytes, s->id.size, clock_mono_ns(), &n, &e);
    if (answer == ROSTER_REFUSED) {
        complain(h, s, "refused '%s' from %s: %s", s->name, address_of(s), e.text);
        hub_refuse(h, &s->id, e.text);
        return false;
    }
    if (answer == ROSTER_WELCOME) {
        text_copy(n->address, sizeof n->address, address_of(s));
        uint64_t session;
        do
            randombytes_buf(&session, sizeof session);
        while (!roster_open_session(h->roster, n, session));
        /* Without keys of its own no session: a probe that anybody could seal would move the clock. */
        if (!probe_key_make(PROBE_FROM_AGENT, &n->up, &e) || !probe_key_make(PROBE_FROM_COORDINATOR, &n->down, &e)) {
            log_error("%s", e.text);
            hub_refuse(h, &s->id, "the coordinator finds no random numbers for this session's keys");
            roster_drop(h->roster, n);
            return was_joined;
        }
    }
    (void)welcome(h, n); /* one that was not sent is asked for again by the next HELLO */
    return was_joined && answer == ROSTER_WELCOME;
}

/* The one thing that a token may ask for. */
static void on_enrol(struct hub *h, const struct sender *s)
{
    const struct message_enrol *m = &h->message.enrol;
    struct err e = { 0 };
    bool gone;
    if (m->major != WIRE_MAJOR)
        err_set(&e, ERR_PARTIAL,
                "the coordinator (tare %s) speaks protocol %d, this program (%s) protocol %u: install the same version",
                TARE_VERSION, WIRE_MAJOR, m->version, m->major);
    else if (keyring_enrol(h->keyring, s->key, m->name, m->public_key, clock_real_ns() / CLOCK_NS_PER_S, &e)) {
        struct message granted = { .type = MESSAGE_GRANTED, .granted = { .major = WIRE_MAJOR, .minor = WIRE_MINOR } };
        text_copy(granted.granted.magic, sizeof granted.granted.magic, GRANTED_MAGIC);
        text_copy(granted.granted.name, sizeof granted.granted.name, m->name);
        log_info("'%s' is enrolled (%s, from %s)", m->name, s->name, address_of(s));
        if (!channel_send(h->router, &s->id, &granted, &gone, &e))
            log_debug("%s", e.text); /* it asks again, and is granted again */
        return;
    }
    complain(h, s, "%s from %s: '%s' is not enrolled: %s", s->name, address_of(s), m->name, e.text);
    hub_refuse(h, &s->id, e.exit == ERR_INTERNAL ? "the coordinator cannot write its keys" : e.text);
}

static bool on_facts(struct hub *h, struct roster_node *n)
{
    const struct message_facts *facts = &h->message.facts;
    struct err e = { 0 };
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
    if (n->is_joined)
        return false;
    if (hub_employ(h, n, &e))
        return true;
    log_error("%s: %s", n->name, e.text);
    return false;
}

static void on_domains(struct roster_node *n, const struct message_domains *m)
{
    char *json = strdup(m->json);
    if (!json)
        return;
    free(n->domains);
    n->domains = json;
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

/* From a node that has been greeted. True when it makes an event. */
static bool on_message(struct hub *h, struct roster_node *n, int64_t received_ns, struct hub_event *event)
{
    roster_heard(n, clock_mono_ns());
    switch (h->message.type) {
    case MESSAGE_FACTS: *event = (struct hub_event){ .kind = HUB_JOINED, .node = n }; return on_facts(h, n);
    case MESSAGE_ANSWER:
        *event = (struct hub_event){ .kind = HUB_PROBED, .node = n };
        return on_answer(n, &h->message.answer, received_ns);
    case MESSAGE_DOMAINS: on_domains(n, &h->message.domains); return false;
    case MESSAGE_PONG: on_pong(n, h->message.pong.sequence); return false;
    default: *event = (struct hub_event){ .kind = HUB_MESSAGE, .node = n, .message = &h->message }; return n->is_joined;
    }
}

/* Whose key it is that a frame came with. Where `n` was greeted with it on this connection, and no key
 * has ended since all were looked at, that is known without the keyring. */
static enum key_right right_of(const struct hub *h, const struct roster_node *n, const char *key, const char **name)
{
    if (!key)
        return KEY_NONE;
    bool is_greeted = n && n->is_welcome && !n->is_cut && strcmp(n->key, key) == 0;
    if (!is_greeted || h->endings != keyring_endings(h->keyring))
        return keyring_right_of(h->keyring, key, name);
    *name = n->name;
    return KEY_NODE;
}

bool hub_frame(struct hub *h, struct channel_frame *frame, struct hub_event *event)
{
    struct sender s = { .frame = frame,
                        .id = channel_frame_sender(frame),
                        .key = channel_frame_property(frame, "User-Id") };
    struct err e = { 0 };
    int64_t received_ns = clock_raw_ns();
    struct roster_node *n = roster_by_id(h->roster, s.id.bytes, s.id.size);
    s.right = right_of(h, n, s.key, &s.name);
    if (s.right == KEY_NONE) { /* a key that was taken back, on a connection from before */
        hub_refuse(h, &s.id, "the coordinator does not know this key any more");
        return false;
    }
    if (!channel_frame_decode(frame, &h->message, &e)) {
        complain(h, &s, "from '%s' at %s: %s; dropped", s.name, address_of(&s), e.text);
        return false;
    }
    if (s.right == KEY_ENROL || h->message.type == MESSAGE_ENROL) {
        if (s.right == KEY_ENROL && h->message.type == MESSAGE_ENROL)
            on_enrol(h, &s);
        else
            complain(h, &s, "from '%s' at %s: %s, for which its key has no right; dropped", s.name, address_of(&s),
                     message_name(h->message.type));
        return false;
    }
    if (h->message.type == MESSAGE_HELLO) {
        bool is_lost = on_hello(h, &s);
        *event = (struct hub_event){ .kind = HUB_LOST,
                                     .node = roster_by_name(h->roster, s.name),
                                     .why = "another process has taken its place" };
        return is_lost;
    }
    if (!n || strcmp(n->name, s.name) != 0)
        return false; /* not greeted: it will be, since agents repeat their HELLO */
    return on_message(h, n, received_ns, event);
}
