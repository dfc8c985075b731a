#include "attempt_parts.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "catalogue/file_options.h"
#include "run/prober.h"

enum { WARM_SHARE = 100 }; /* one page in so many */

/* T on the host's own clock, where it is still ahead and that clock is known; else 0. */
static int64_t start_on(const struct attempt *a, const struct roster_node *host)
{
    struct bounds_interval at;
    bool is_ahead = a->state == TRIAL_ARM && a->raw.at_ns != 0;
    return is_ahead && bounds_node_at(host->bounds, a->raw.at_ns, &at, NULL) ? bounds_mid(at) : 0;
}

static bool takes_part(const struct attempt *a, const struct roster_node *node)
{
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node == node)
            return true;
    return false;
}

void attempt_probe_hosts(struct attempt *a, bool begins)
{
    struct roster_node *host;
    for (size_t i = 0; guests_host(a->context->guests, i, &host); i++) {
        if (!host || takes_part(a, host))
            continue;
        if (begins)
            prober_forget(host, a->context->scenario->start.wander_ppm);
        hub_probe(a->context->hub, host, begins ? clock_ms(PROBE_EVERY_MS) : 0);
    }
}

void attempt_watch(struct attempt *a, bool begins)
{
    struct roster_node *host;
    if (begins && a->watch == 0)
        a->watch = guests_next_watch(a->context->guests);
    a->unwatched = 0;
    for (size_t i = 0; a->watch != 0 && guests_host(a->context->guests, i, &host); i++) {
        struct err e = { 0 };
        const struct message m = {
            .type = MESSAGE_WATCH,
            .watch = { .watch = a->watch, .begin = begins, .at_ns = host && begins ? start_on(a, host) : 0 }
        };
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

/* ---- what is read cold ---- */

static bool is_cold(const struct attempt *a)
{
    return a->step->workload->laps == &FILE_LAPS && ((const struct file_options *)a->step->options)->cache == FILE_COLD;
}

void attempt_cool(struct attempt *a)
{
    struct roster_node *host;
    bool all_ready = true;
    for (size_t j = 0; j < a->job_count; j++)
        all_ready = all_ready && a->jobs[j].is_ready;
    if (!all_ready || a->cool != 0 || !is_cold(a))
        return;
    a->cool = guests_next_watch(a->context->guests);
    for (size_t i = 0; a->cool != 0 && guests_host(a->context->guests, i, &host); i++) {
        struct err e = { 0 };
        const struct message m = { .type = MESSAGE_COOL, .cool = { .cool = a->cool } };
        if (host && hub_send(a->context->hub, host, &m, &e))
            a->uncooled++;
    }
}

static bool reads_once(const struct file_options *o)
{
    return o->method > 0 && o->times.length_ns == 0 && o->cells == FILE_CELLS_ONE;
}

/* Of a guest that is under test pages that stay would be read as if they were cold. A few are, that its kernel has
 * written since. */
static void judge_cold(struct attempt *a, const char *host, const struct message_cooled *m)
{
    if (m->resident < 0 || m->resident > m->pages / WARM_SHARE)
        attempt_blame(a, ATTEMPT_FAILED,
                      "cache: cold: %" PRId64 " of %" PRId64 " pages of %s's disk stay in the memory of %s",
                      m->resident, m->pages, m->guest, host);
    else if (m->cached && !reads_once(a->step->options))
        attempt_blame(a, ATTEMPT_FAILED,
                      "cache: cold: %s opens %s's disk through its memory, so a single pass is cold and further ones "
                      "are not: say `method:` and `length: 0s`, or disk_cache: none",
                      host, m->guest);
}

static void on_cooled(struct attempt *a, const struct roster_node *node, const struct message_cooled *m)
{
    if (m->cool != a->cool || a->state != TRIAL_PREPARE || a->uncooled == 0)
        return; /* of another trial */
    a->uncooled -= !*m->guest;
    for (size_t i = 0; i < a->raw.node_count; i++)
        if (a->players[i].node && strcmp(a->raw.nodes[i].name, m->guest) == 0)
            judge_cold(a, node->name, m);
}

static void on_watching(struct attempt *a, const struct roster_node *node, const struct message_watching *m)
{
    if (m->watch == a->watch && a->watch != 0 && text_is_name(m->guest) && m->cpu_ns >= 0)
        (void)raw_add_domain(&a->raw, node->name, m); /* a series with a gap is one */
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

void attempt_hear_joined(struct attempt *a, const struct roster_node *node)
{
    const int64_t now_ns = clock_raw_ns();
    struct roster_node *host;
    struct bounds_interval at;
    struct err e = { 0 };
    if (!guests_is_lent(a->context->guests, node, &host))
        return;
    if (!host || !bounds_node_at(host->bounds, now_ns, &at, &e) ||
        !guests_joined(a->context->guests, node, bounds_mid(at), &e))
        attempt_blame(a, ATTEMPT_FAILED, "%s has joined, but %s", node->name, host ? e.text : "its host is gone");
}

void attempt_hear_host(struct attempt *a, const struct roster_node *node, const struct message *m)
{
    if (m->type == MESSAGE_COOLED)
        on_cooled(a, node, &m->cooled);
    else if (m->type == MESSAGE_WATCHED)
        on_watched(a, node, &m->watched);
    else if (m->type == MESSAGE_WATCHING)
        on_watching(a, node, &m->watching);
    else if (m->type == MESSAGE_GUEST_STATE)
        on_guest_state(a, &m->guest_state);
}
