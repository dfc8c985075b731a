#include "attempt_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

void attempt_watch(struct attempt *a, bool begins)
{
    struct roster_node *host;
    if (begins)
        a->watch = guests_next_watch(a->context->guests);
    a->unwatched = 0;
    for (size_t i = 0; a->watch != 0 && guests_host(a->context->guests, i, &host); i++) {
        struct err e = { 0 };
        const struct message m = { .type = MESSAGE_WATCH, .watch = { .watch = a->watch, .begin = begins } };
        if (host && hub_send(a->context->hub, host, &m, &e))
            a->unwatched += !begins;
        else
            log_debug("a host is not watched: %s", e.text);
    }
}

static void on_watched(struct attempt *a, const struct roster_node *node, const struct message_watched *m)
{
    if (m->watch != a->watch || a->state != TRIAL_SETTLE || a->unwatched == 0)
        return; /* of another trial */
    if (*m->guest && !text_is_name(m->guest))
        return;
    if (!*m->guest) /* the machine itself comes last */
        a->unwatched--;
    struct raw_watched *watched = raw_add_watched(&a->raw);
    if (!watched)
        return;
    text_copy(watched->host, sizeof watched->host, node->name);
    watched->use = *m;
    watched->idle_rate = guests_idle_rate(a->context->guests, node->name);
}

static void on_guest_state(struct attempt *a, const struct message_guest_state *m)
{
    const char *name;
    char why[MESSAGE_REASON];
    bool is_ours = false;
    if (!guests_hear(a->context->guests, m, &name, why, sizeof why, &is_ours))
        return;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node && strcmp(a->raw.nodes[i].name, name) == 0)
            attempt_blame(a, is_ours ? ATTEMPT_FAILED : ATTEMPT_LOST, "%s: %s", name, why);
}

void attempt_hear_host(struct attempt *a, const struct roster_node *node, const struct message *m)
{
    if (m->type == MESSAGE_WATCHED)
        on_watched(a, node, &m->watched);
    else if (m->type == MESSAGE_GUEST_STATE)
        on_guest_state(a, &m->guest_state);
}
