#include "hub.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "run/hub_parts.h"
#include "run/prober.h"
#include "run/zap.h"
#include "wire/channel.h"

enum {
    PING_EVERY_MS = 1000,
    PING_ARMED_MS = 200,
    GUEST_EVERY_MS = 50,
    UDP_AGAIN = 16,      /* where UDP is blocked one probe of so many goes that way all the same */
    INPUT_A_TURN = 1000, /* packets that are read before timers and signals have their turn again */
    FLOOD = 50 * 1000,   /* so many without an end, and deadlines no longer wait until all is read */
};

bool hub_open(struct keyring *keyring, unsigned port, struct hub **hub, struct err *e)
{
    struct hub *h = calloc(1, sizeof *h);
    if (!h)
        return err_set(e, ERR_INTERNAL, "out of memory");
    char endpoint[64], self[64];
    snprintf(endpoint, sizeof endpoint, "tcp://*:%u", port);
    snprintf(self, sizeof self, "tcp://127.0.0.1:%u", port);
    const sigset_t ends = signals_block();
    signal(SIGPIPE, SIG_IGN);
    h->keyring = keyring;
    h->guest.fd = -1;
    h->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    h->roster = roster_new();
    bool ok = h->signal_fd >= 0 || err_errno(e, errno, "no signal descriptor");
    ok = ok && (h->roster || err_set(e, ERR_INTERNAL, "out of memory"));
    ok = ok && (sodium_init() >= 0 || err_set(e, ERR_INTERNAL, "libsodium does not start"));
    ok = ok && channel_start(e) && zap_open(&h->zap, e) &&
         channel_listen(endpoint, keyring_own(keyring), &h->router, e) && prober_open(port, &h->prober, e) &&
         zap_self_test(h->zap, keyring, self, e);
    if (!ok) {
        hub_close(&h, NULL);
        return false;
    }
    *hub = h;
    return true;
}

bool hub_send(struct hub *h, struct roster_node *node, const struct message *m, struct err *e)
{
    if (!node->is_welcome)
        return err_set(e, ERR_PARTIAL, "%s is not here", node->name);
    zframe_t *id = zframe_new(node->id, node->id_size);
    bool gone = false;
    bool ok = channel_send(h->router, id, m, &gone, e);
    zframe_destroy(&id);
    if (gone)
        node->is_cut = true; /* lost at the next look */
    return ok || err_wrap(e, "%s", node->name);
}

struct keyring *hub_keyring(const struct hub *h) { return h->keyring; }

void hub_stop(struct hub *h) { h->is_stopped = true; }

void hub_attend(struct hub *h, const struct hub_guest *guest)
{
    h->guest = guest ? *guest : (struct hub_guest){ .fd = -1 };
}

void hub_keys_changed(struct hub *h)
{
    struct roster_node *n;
    for (size_t i = 0; (n = roster_at(h->roster, i)); i++) {
        if (!n->is_welcome || keyring_name_of(h->keyring, n->key))
            continue;
        zframe_t *id = zframe_new(n->id, n->id_size);
        hub_refuse(h, id, "the coordinator has revoked this node's key");
        zframe_destroy(&id);
        n->is_cut = n->is_revoked = h->is_revoking = true; /* lost at the next look */
    }
}

/* For what the heartbeat makes up for. */
static void send_or_drop(struct hub *h, struct roster_node *node, const struct message *m)
{
    struct err e = { 0 };
    if (!hub_send(h, node, m, &e))
        log_debug("%s", e.text);
}

void hub_close(struct hub **hub, const char *farewell)
{
    struct hub *h = *hub;
    *hub = NULL;
    if (!h)
        return;
    struct roster_node *n;
    for (size_t i = 0; farewell && (n = roster_at(h->roster, i)); i++) {
        struct message m = { .type = MESSAGE_BYE };
        text_copy(m.bye.reason, sizeof m.bye.reason, farewell);
        if (n->is_welcome)
            send_or_drop(h, n, &m);
    }
    if (h->router)
        zsock_set_linger(h->router, 200);
    zsock_destroy(&h->router);
    zsock_destroy(&h->zap);
    prober_close(&h->prober);
    roster_destroy(&h->roster);
    if (h->signal_fd >= 0)
        close(h->signal_fd);
    free(h);
    zsys_shutdown();
}

const struct roster *hub_roster(const struct hub *h) { return h->roster; }

void hub_probe(struct hub *h, struct roster_node *node, int64_t every_ns)
{
    (void)h;
    node->probe_every_ns = every_ns;
    node->probe_mono = node->probing_since_mono = clock_mono_ns();
}

void hub_set_armed(struct hub *h, struct roster_node *node, bool is_armed)
{
    (void)h;
    /* What was heard before it was armed answers another rhythm. */
    if (is_armed && !node->is_armed)
        node->heard_mono = clock_mono_ns();
    node->is_armed = is_armed;
    if (is_armed)
        node->ping_mono = 0;
}

/* ---- waiting ---- */

/* One probe: by UDP, or where no answer comes that way, over the control channel. */
static void probe(struct hub *h, struct roster_node *n, int64_t now)
{
    if (!n->is_udp_blocked && n->probes == 0 && now - n->probing_since_mono > clock_ms(ROSTER_UDP_MS)) {
        log_warn("%s: no clock probe comes back by UDP (port %u); using the control channel, whose bounds are wider",
                 n->name, prober_port(h->prober));
        n->is_udp_blocked = true;
    }
    /* Where it is blocked UDP is still tried at times: it may have been a cable that was out. */
    if (!n->is_udp_blocked || ++n->blocked_probes % UDP_AGAIN == 0) {
        prober_ask(h->prober, n);
        return;
    }
    int64_t sequence = (int64_t)probe_window_ask(&n->window, clock_raw_ns());
    send_or_drop(h, n, &(struct message){ .type = MESSAGE_ASK, .ask = { sequence } });
}

/* Pings and probes that are due. Returns when the next one is. */
static int64_t run_timers(struct hub *h, int64_t now)
{
    int64_t next = now + clock_ms(PING_EVERY_MS);
    struct roster_node *n;
    for (size_t i = 0; (n = roster_at(h->roster, i)); i++) {
        if (!n->is_joined)
            continue;
        if (now >= n->ping_mono) {
            n->ping_sent_mono = now;
            n->ping_mono = now + clock_ms(n->is_armed ? PING_ARMED_MS : PING_EVERY_MS);
            send_or_drop(h, n, &(struct message){ .type = MESSAGE_PING, .ping = { ++n->ping_sequence } });
        }
        if (n->probe_every_ns && now >= n->probe_mono) {
            probe(h, n, now);
            /* A steady rhythm, without a burst after a time in which we were kept from running. */
            n->probe_mono += n->probe_every_ns;
            if (n->probe_mono < now)
                n->probe_mono = now + n->probe_every_ns;
        }
        next = n->ping_mono < next ? n->ping_mono : next;
        if (n->probe_every_ns && n->probe_mono < next)
            next = n->probe_mono;
    }
    return next;
}

/* Whether its key is still its own: one that was taken back ends on its old connection, too. */
static bool has_right(const struct hub *h, const struct roster_node *n)
{
    const char *name = keyring_name_of(h->keyring, n->key);
    return name && strcmp(name, n->name) == 0;
}

static bool find_dead(struct hub *h, int64_t now, struct hub_event *event)
{
    struct roster_node *n;
    for (size_t i = 0; (n = roster_at(h->roster, i)); i++)
        if (n->is_welcome && (roster_is_dead(n, now) || !has_right(h, n))) {
            bool was_joined = n->is_joined;
            *event = (struct hub_event){ .kind = HUB_LOST, .node = n };
            roster_tell_loss(n, now, has_right(h, n), event->why, sizeof event->why);
            roster_drop(n);
            if (was_joined)
                return true;
        }
    return false;
}

/* What has come, up to the first event. `rest`: there may be more, but the others have their turn. */
static bool take_input(struct hub *h, struct hub_event *event, bool *rest)
{
    int left = INPUT_A_TURN;
    zap_answer(h->zap, h->keyring);
    for (bool more = true; more && left > 0; left--) {
        struct roster_node *n = prober_read(h->prober, h->roster, &more);
        h->read_in_a_row += more;
        if (n) {
            roster_heard(n, clock_mono_ns());
            *event = (struct hub_event){ .kind = HUB_PROBED, .node = n };
            return true;
        }
    }
    *rest = left == 0;
    zframe_t *id = NULL, *frame;
    for (left = INPUT_A_TURN; left > 0 && (frame = channel_receive(h->router, &id)); left--) {
        bool is_event = hub_frame(h, frame, id, event);
        h->read_in_a_row++;
        zframe_destroy(&frame);
        zframe_destroy(&id);
        if (is_event)
            return true;
    }
    *rest = *rest || left == 0;
    return false;
}

/* A node that is dead, or the caller's deadline. */
static bool take_lateness(struct hub *h, int64_t deadline_mono_ns, int64_t now, struct hub_event *event)
{
    h->read_in_a_row = 0;
    if (find_dead(h, now, event))
        return true;
    *event = (struct hub_event){ .kind = HUB_DEADLINE };
    return now >= deadline_mono_ns;
}

/* When it has something to read; and where input never ends, every now and then all the same. */
static void serve_guest(struct hub *h, int64_t now)
{
    if (h->guest.fd < 0 || now < h->guest_mono)
        return;
    h->guest_mono = now + clock_ms(GUEST_EVERY_MS);
    h->guest.serve(h->guest.context);
}

bool hub_next(struct hub *h, int64_t deadline_mono_ns, struct hub_event *event, struct err *e)
{
    for (;;) {
        struct signalfd_siginfo info;
        int64_t now = clock_mono_ns();
        serve_guest(h, now);
        if (read(h->signal_fd, &info, sizeof info) == (ssize_t)sizeof info || h->is_stopped) {
            *event = (struct hub_event){ .kind = HUB_SIGNAL };
            return true;
        }
        /* Before what others say of it: that their connections to it broke is a consequence. */
        if (h->is_revoking && find_dead(h, now, event))
            return true;
        h->is_revoking = false;
        int64_t wake = run_timers(h, now);
        bool rest = false;
        /* Lateness is told when all that was sent in time has been read: we may have been kept from
         * running. But nobody shall put it off for ever by sending on and on. */
        if (h->read_in_a_row > FLOOD && take_lateness(h, deadline_mono_ns, now, event))
            return true;
        if (take_input(h, event, &rest))
            return true;
        if (rest)
            continue;
        if (take_lateness(h, deadline_mono_ns, now, event))
            return true;
        zmq_pollitem_t items[] = { { .fd = h->signal_fd, .events = ZMQ_POLLIN },
                                   { .fd = prober_fd(h->prober), .events = ZMQ_POLLIN },
                                   { .socket = zsock_resolve(h->zap), .events = ZMQ_POLLIN },
                                   { .socket = zsock_resolve(h->router), .events = ZMQ_POLLIN },
                                   { .fd = h->guest.fd, .events = ZMQ_POLLIN } };
        if (zmq_poll(items, h->guest.fd >= 0 ? 5 : 4,
                     clock_ms_until(wake < deadline_mono_ns ? wake : deadline_mono_ns)) < 0 &&
            errno != EINTR)
            return err_errno(e, errno, "waiting for the nodes");
        if (h->guest.fd >= 0 && items[4].revents)
            h->guest_mono = 0;
    }
}
