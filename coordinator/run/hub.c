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
#include "base/descriptors.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/text.h"
#include "run/complaints.h"
#include "run/hub_parts.h"
#include "run/prober.h"
#include "run/zap.h"
#include "wire/channel.h"

bool hub_open(struct keyring *keyring, unsigned port, struct hub **hub, struct err *e)
{
    struct hub *h = calloc(1, sizeof *h);
    if (!h)
        return err_set(e, ERR_INTERNAL, "out of memory");
    char endpoint[64], self[64];
    snprintf(endpoint, sizeof endpoint, "tcp://*:%u", port);
    snprintf(self, sizeof self, "tcp://127.0.0.1:%u", port);
    (void)descriptors_raise(); /* each node takes one */
    const sigset_t ends = signals_block();
    signal(SIGPIPE, SIG_IGN);
    h->keyring = keyring;
    h->guest.fd = -1;
    h->signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    h->roster = roster_new();
    h->complaints = complaints_new();
    bool ok = h->signal_fd >= 0 || err_errno(e, errno, "no signal descriptor");
    ok = ok && ((h->roster && h->complaints) || err_set(e, ERR_INTERNAL, "out of memory"));
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
    const struct channel_id id = { node->id, node->id_size };
    bool gone = false;
    bool ok = channel_send(h->router, &id, m, &gone, e);
    if (gone)
        roster_cut(h->roster, node); /* lost at the next look */
    return ok || err_wrap(e, "%s", node->name);
}

struct keyring *hub_keyring(const struct hub *h) { return h->keyring; }

void hub_stop(struct hub *h) { h->is_stopped = true; }

void hub_attend(struct hub *h, const struct hub_guest *guest)
{
    h->guest = guest ? *guest : (struct hub_guest){ .fd = -1 };
}

void hub_tell(struct hub *h, struct roster_node *node, const struct message *m)
{
    struct err e = { 0 };
    if (!hub_send(h, node, m, &e))
        log_debug("%s", e.text);
}

static void say_farewell(struct hub *h, struct roster_node *node, const char *farewell)
{
    struct message m = { .type = MESSAGE_BYE };
    text_copy(m.bye.reason, sizeof m.bye.reason, farewell);
    if (node->is_welcome)
        hub_tell(h, node, &m);
}

void hub_dismiss(struct hub *h, struct roster_node *node, const char *farewell)
{
    say_farewell(h, node, farewell);
    roster_drop(h->roster, node);
}

void hub_close(struct hub **hub, const char *farewell)
{
    struct hub *h = *hub;
    *hub = NULL;
    if (!h)
        return;
    struct roster_node *n;
    for (size_t i = 0; farewell && (n = roster_at(h->roster, i)); i++)
        say_farewell(h, n, farewell);
    if (h->router)
        zsock_set_linger(h->router, 200);
    zsock_destroy(&h->router);
    zsock_destroy(&h->zap);
    prober_close(&h->prober);
    roster_destroy(&h->roster);
    complaints_destroy(&h->complaints);
    agenda_clear(&h->duties);
    if (h->signal_fd >= 0)
        close(h->signal_fd);
    free(h);
    zsys_shutdown();
}

const struct roster *hub_roster(const struct hub *h) { return h->roster; }
