#include "hub_parts.h"

#include "base/clock.h"
#include "base/log.h"
#include "run/prober.h"

enum {
    PING_EVERY_MS = HUB_LOOK_MS,
    PING_ARMED_MS = 200,
    UDP_AGAIN = 16, /* where UDP is blocked one probe of so many goes that way all the same */
};

/* When its next duty comes; `n` has joined. */
static void plan(struct hub *h, struct roster_node *n)
{
    bool is_probe = n->probe_every_ns && n->probe_mono < n->ping_mono;
    agenda_set(&h->duties, &n->duty, is_probe ? n->probe_mono : n->ping_mono);
}

bool hub_employ(struct hub *h, struct roster_node *n, struct err *e)
{
    if (!agenda_reserve(&h->duties, h->duties.count + 1, e))
        return false;
    n->is_joined = true;
    n->ping_mono = 0;
    plan(h, n);
    return true;
}

void hub_probe(struct hub *h, struct roster_node *node, int64_t every_ns)
{
    node->probe_every_ns = every_ns;
    node->probe_mono = node->probing_since_mono = clock_mono_ns();
    if (node->is_joined)
        plan(h, node);
}

void hub_set_armed(struct hub *h, struct roster_node *node, bool is_armed)
{
    roster_set_armed(h->roster, node, is_armed, clock_mono_ns());
    if (!is_armed)
        return;
    node->ping_mono = 0;
    if (node->is_joined)
        plan(h, node);
}

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
    if (sequence > 0)
        hub_tell(h, n, &(struct message){ .type = MESSAGE_ASK, .ask = { sequence } });
}

static void do_duty(struct hub *h, struct roster_node *n, int64_t now)
{
    if (!n->is_joined) { /* it has left */
        agenda_remove(&h->duties, &n->duty);
        return;
    }
    if (now >= n->ping_mono) {
        n->ping_sent_mono = now;
        n->ping_mono = now + clock_ms(n->is_armed ? PING_ARMED_MS : PING_EVERY_MS);
        struct message ping; /* most of its 20 KB are for others: not cleared for each beat of each node */
        ping.type = MESSAGE_PING;
        ping.ping.sequence = ++n->ping_sequence;
        hub_tell(h, n, &ping);
    }
    if (n->probe_every_ns && now >= n->probe_mono) {
        probe(h, n, now);
        /* A steady rhythm, without a burst after a time in which we were kept from running. */
        n->probe_mono += n->probe_every_ns;
        if (n->probe_mono < now)
            n->probe_mono = now + n->probe_every_ns;
    }
    plan(h, n);
}

void hub_do_duties(struct hub *h, int64_t now)
{
    const struct agenda_entry *first;
    while ((first = agenda_first(&h->duties)) && first->due_ns <= now)
        do_duty(h, first->who, now);
}
