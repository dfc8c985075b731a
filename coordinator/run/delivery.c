#include "delivery.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "run/tree_source.h"

enum { SLACK_MS = 5000, ANSWER_MS = 10 * 1000, FULL_MS = 5, LOOK_MS = 200, NEWS_MS = 2000, WITHIN_MOST_S = 3600 };

/* A source on its way to a node. */
struct parcel {
    size_t source;
    char node[MESSAGE_NAME], instance[40];
    enum { PARCEL_OFFERED, PARCEL_TAKEN, PARCEL_WORKED_ON, PARCEL_THERE, PARCEL_LOST } at;
    int64_t held, next, upto; /* bytes: it has, goes out next, may go out */
    int64_t begun_mono, deadline_mono, news_mono;
};

struct delivery {
    struct delivery_options options;
    struct tree_source *sources; /* owned */
    size_t source_count;
    struct parcel *parcels; /* owned */
    size_t parcel_count, parcel_room;
    struct message message; /* room for a chunk */
};

static const char *text_of(const struct scenario_step *step)
{
    return step->workload && step->workload->source ? step->workload->source(step->options) : NULL;
}

/* source_count where there is none. */
static size_t find_source(const struct delivery *d, const char *text)
{
    size_t i = 0;
    while (i < d->source_count && strcmp(d->sources[i].text, text) != 0)
        i++;
    return i;
}

bool delivery_new(const struct delivery_options *options, struct delivery **delivery, struct err *e)
{
    const struct scenario *s = options->scenario;
    struct delivery *d = calloc(1, sizeof *d);
    if (d)
        d->sources = calloc(s->step_count + 1, sizeof *d->sources);
    if (!d || !d->sources) {
        delivery_destroy(&d);
        return err_set(e, ERR_INTERNAL, "out of memory");
    }
    d->options = *options;
    for (size_t i = 0; i < s->step_count; i++) {
        const char *text = text_of(&s->steps[i]);
        if (!text || find_source(d, text) < d->source_count)
            continue;
        if (!tree_source_open(text, &d->sources[d->source_count], e)) {
            delivery_destroy(&d);
            return err_wrap(e, "step '%s'", s->steps[i].name);
        }
        d->source_count++;
    }
    *delivery = d;
    return true;
}

void delivery_destroy(struct delivery **delivery)
{
    struct delivery *d = *delivery;
    *delivery = NULL;
    if (!d)
        return;
    for (size_t i = 0; i < d->source_count; i++)
        tree_source_close(&d->sources[i]);
    free(d->sources);
    free(d->parcels);
    free(d);
}

const unsigned char *delivery_hash(const struct delivery *d, const struct scenario_step *step)
{
    const char *text = text_of(step);
    size_t source = text ? find_source(d, text) : d->source_count;
    return source < d->source_count ? d->sources[source].hash : NULL;
}

static struct roster_node *node_of(const struct delivery *d, const struct parcel *p)
{
    struct roster_node *node = roster_by_name(hub_roster(d->options.hub), p->node);
    return node && node->is_joined ? node : NULL;
}

/* ---- what is said to a node ---- */

static bool offer(struct delivery *d, struct parcel *p, struct err *e)
{
    const struct tree_source *s = &d->sources[p->source];
    struct roster_node *node = node_of(d, p);
    if (!node)
        return err_set(e, ERR_NODE_MISSING, "%s is not here", p->node);
    d->message = (struct message){ .type = MESSAGE_TREE_OFFER };
    d->message.tree_offer.hash_size = TREE_HASH;
    d->message.tree_offer.size = s->size;
    memcpy(d->message.tree_offer.hash, s->hash, TREE_HASH);
    text_copy(p->instance, sizeof p->instance, node->hello.instance);
    p->at = PARCEL_OFFERED;
    p->held = p->next = p->upto = 0;
    p->begun_mono = clock_mono_ns();
    p->news_mono = p->begun_mono + clock_ms(NEWS_MS);
    p->deadline_mono = p->begun_mono + clock_ms(ANSWER_MS);
    return hub_send(d->options.hub, node, &d->message, e);
}

/* As much as its credit and the way there take. True: that was all for now. */
static bool pump(struct delivery *d, struct parcel *p, bool *is_full, struct err *e)
{
    const struct tree_source *s = &d->sources[p->source];
    struct roster_node *node = node_of(d, p);
    struct message_tree_chunk *m = &d->message.tree_chunk;
    while (node && p->at == PARCEL_TAKEN && p->next < p->upto) {
        size_t size = s->size - p->next < TREE_CHUNK_BYTES ? (size_t)(s->size - p->next) : TREE_CHUNK_BYTES;
        d->message.type = MESSAGE_TREE_CHUNK;
        m->hash_size = TREE_HASH;
        m->sum_size = TREE_SUM;
        m->offset = p->next;
        m->data_size = size;
        memcpy(m->hash, s->hash, TREE_HASH);
        if (!tree_source_read(s, p->next, m->data, size, e))
            return false;
        tree_hash(m->data, size, m->sum, TREE_SUM);
        if (!hub_send(d->options.hub, node, &d->message, NULL)) { /* the way is full, or it is lost: soon to be told */
            *is_full = true;
            return true;
        }
        p->next += (int64_t)size;
    }
    return true;
}

/* ---- what a node says ---- */

static void tell_progress(struct delivery *d, struct parcel *p)
{
    const struct tree_source *s = &d->sources[p->source];
    if (clock_mono_ns() < p->news_mono)
        return;
    p->news_mono = clock_mono_ns() + clock_ms(NEWS_MS);
    live_note(d->options.live, "%s: %s is on its way, %.1f of %.1f MB", p->node, s->text, (double)p->held / 1e6,
              (double)s->size / 1e6);
}

static bool hear_state(struct delivery *d, struct parcel *p, const struct message_tree_state *m, struct err *e)
{
    const struct tree_source *s = &d->sources[p->source];
    const int64_t now = clock_mono_ns(), most = (int64_t)WITHIN_MOST_S * CLOCK_NS_PER_S;
    char text[MESSAGE_REASON];
    bool is_sane = m->held >= 0 && m->held <= s->size && m->upto >= m->held && m->upto <= s->size &&
                   m->upto - m->held <= TREE_WINDOW && m->within_ns >= 0 && m->within_ns <= most;
    if (!is_sane || m->state >= TREE_STATES)
        return err_set(e, ERR_PARTIAL, "%s: what it says of its source makes no sense", p->node);
    text_copy(text, sizeof text, m->text);
    text_disarm(text);
    p->deadline_mono = now + m->within_ns + clock_ms(SLACK_MS);
    switch ((enum tree_state)m->state) {
    case TREE_IS_TAKING:
        if (m->again || p->at == PARCEL_OFFERED) {
            p->next = m->held;
            if (m->held > 0)
                live_note(d->options.live, "%s: goes on with %s from %.1f MB", p->node, s->text, (double)m->held / 1e6);
            if (*text)
                live_note(d->options.live, "%s: %s: %s; sending it again", p->node, s->text, text);
        }
        p->at = PARCEL_TAKEN;
        p->held = m->held;
        p->upto = m->upto;
        tell_progress(d, p);
        return true;
    case TREE_IS_WAITING:
    case TREE_IS_CHECKING:
    case TREE_IS_UNPACKING:
        p->at = PARCEL_WORKED_ON;
        live_note(d->options.live, "%s: %s: %s", p->node, s->text,
                  *text                           ? text
                  : m->state == TREE_IS_UNPACKING ? "unpacking it"
                                                  : "checking it");
        return true;
    case TREE_IS_READY:
        if (p->at != PARCEL_OFFERED)
            live_note(d->options.live, "%s has %s, %.1f MB, after %.1f s", p->node, s->text, (double)s->size / 1e6,
                      (double)(now - p->begun_mono) / 1e9);
        p->at = PARCEL_THERE;
        return true;
    case TREE_IS_REFUSED: return err_set(e, ERR_PARTIAL, "%s: source %.100s: %s", p->node, s->text, text);
    case TREE_STATES: break;
    }
    return true;
}

static bool hear(struct delivery *d, const struct hub_event *h, struct err *e)
{
    for (size_t i = 0; i < d->parcel_count; i++) {
        struct parcel *p = &d->parcels[i];
        if (!h->node || strcmp(p->node, h->node->name) != 0)
            continue;
        if (h->kind == HUB_LOST) {
            live_note(d->options.live, "%s is gone (%s); waiting for it, up to %.0f s", p->node, h->why,
                      (double)d->options.wait_ns / 1e9);
            p->at = PARCEL_LOST;
            p->deadline_mono = clock_mono_ns() + d->options.wait_ns;
        } else if (h->kind == HUB_JOINED && p->at == PARCEL_LOST) {
            if (!offer(d, p, e))
                return false;
        } else if (h->kind == HUB_MESSAGE && h->message->type == MESSAGE_TREE_STATE && p->at != PARCEL_LOST &&
                   h->message->tree_state.hash_size == TREE_HASH &&
                   memcmp(h->message->tree_state.hash, d->sources[p->source].hash, TREE_HASH) == 0 &&
                   !hear_state(d, p, &h->message->tree_state, e)) {
            return false;
        }
    }
    return true;
}

/* ---- a trial's nodes ---- */

static struct parcel *parcel_of(struct delivery *d, size_t source, const char *node)
{
    for (size_t i = 0; i < d->parcel_count; i++)
        if (d->parcels[i].source == source && strcmp(d->parcels[i].node, node) == 0)
            return &d->parcels[i];
    if (d->parcel_count == d->parcel_room) {
        size_t room = d->parcel_room ? 2 * d->parcel_room : 16;
        struct parcel *more = realloc(d->parcels, room * sizeof *more);
        if (!more)
            return NULL;
        d->parcels = more;
        d->parcel_room = room;
    }
    struct parcel *p = &d->parcels[d->parcel_count++];
    *p = (struct parcel){ .source = source, .at = PARCEL_LOST };
    text_copy(p->node, sizeof p->node, node);
    return p;
}

/* Unless it has it. */
static bool offer_to(struct delivery *d, size_t source, int node_index, struct err *e)
{
    struct parcel *p = parcel_of(d, source, d->options.scenario->nodes[node_index].name);
    const struct roster_node *node = p ? node_of(d, p) : NULL;
    if (!p)
        return err_set(e, ERR_INTERNAL, "out of memory");
    return (p->at == PARCEL_THERE && node && strcmp(p->instance, node->hello.instance) == 0) || offer(d, p, e);
}

/* One look at all: what can be sent is sent, and whoever is late is told of. *wake: when to look again. */
static bool look(struct delivery *d, int64_t *wake, bool *is_done, struct err *e)
{
    const int64_t now = clock_mono_ns();
    bool is_full = false;
    *is_done = true;
    for (size_t i = 0; i < d->parcel_count; i++) {
        struct parcel *p = &d->parcels[i];
        if (p->at == PARCEL_THERE)
            continue;
        *is_done = false;
        if (now >= p->deadline_mono)
            return err_set(e, p->at == PARCEL_LOST ? ERR_NODE_MISSING : ERR_PARTIAL, "%s: %s", p->node,
                           p->at == PARCEL_LOST ? "it has not come back" : "no word of its source in time");
        if (!pump(d, p, &is_full, e))
            return false;
    }
    *wake = now + clock_ms(is_full ? FULL_MS : LOOK_MS);
    return true;
}

/* Until all that were offered something have it. */
static enum delivery_end see_through(struct delivery *d, struct err *e)
{
    for (;;) {
        struct hub_event h;
        int64_t wake = 0;
        bool is_done = false;
        if (!look(d, &wake, &is_done, e))
            return DELIVERY_FAILED;
        if (is_done)
            return DELIVERY_DONE;
        if (!hub_next(d->options.hub, wake, &h, e))
            return DELIVERY_FAILED;
        if (h.kind == HUB_SIGNAL)
            return DELIVERY_INTERRUPTED;
        if (!hear(d, &h, e))
            return DELIVERY_FAILED;
    }
}

enum delivery_end delivery_prepare(struct delivery *d, const struct plan_trial *place, struct err *e)
{
    const char *text = text_of(&d->options.scenario->steps[place->step]);
    for (size_t i = 0; text && i < place->load_count; i++)
        if (!offer_to(d, find_source(d, text), place->loads[i], e))
            return DELIVERY_FAILED;
    return text ? see_through(d, e) : DELIVERY_DONE;
}

/* The first step that has node `index` build something. */
static const struct scenario_step *step_of(const struct delivery *d, int index)
{
    const struct scenario *s = d->options.scenario;
    for (size_t i = 0; i < s->step_count; i++)
        for (size_t n = 0; text_of(&s->steps[i]) && n < s->steps[i].on_count; n++)
            if (s->steps[i].on[n] == index)
                return &s->steps[i];
    return NULL;
}

enum delivery_end delivery_to_hosts(struct delivery *d, struct err *e)
{
    const struct scenario *s = d->options.scenario;
    for (size_t i = 0; i < s->node_count; i++) {
        const struct scenario_step *step = s->nodes[i].built_in ? step_of(d, (int)i) : NULL;
        if (step && !offer_to(d, find_source(d, text_of(step)), s->nodes[i].on, e))
            return DELIVERY_FAILED;
    }
    return see_through(d, e);
}
