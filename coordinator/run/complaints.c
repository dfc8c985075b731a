#include "complaints.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lookup.h"
#include "base/text.h"
#include "wire/keys.h"

struct sender {
    char key[KEY_TEXT];
    int64_t spent_until_mono; /* each line puts it off by COMPLAINTS_EVERY_S, from now at the earliest */
    uint64_t untold;
    struct sender *next;
};

struct complaints {
    struct lookup senders;
    struct sender *all; /* owned */
};

static struct lookup_key key_of(const void *thing)
{
    const struct sender *s = thing;
    return (struct lookup_key){ s->key, strlen(s->key) };
}

struct complaints *complaints_new(void)
{
    struct complaints *c = calloc(1, sizeof *c);
    if (c)
        lookup_init(&c->senders, key_of);
    return c;
}

void complaints_destroy(struct complaints **complaints)
{
    struct complaints *c = *complaints;
    *complaints = NULL;
    if (!c)
        return;
    for (struct sender *s = c->all, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    lookup_clear(&c->senders);
    free(c);
}

static struct sender *sender_of(struct complaints *c, const char *key)
{
    struct sender *s = lookup_find(&c->senders, key, strlen(key));
    if (s || !lookup_reserve(&c->senders, c->senders.count + 1, NULL) || !(s = calloc(1, sizeof *s)))
        return s;
    text_copy(s->key, sizeof s->key, key);
    s->next = c->all;
    c->all = s;
    lookup_put(&c->senders, s);
    return s;
}

bool complaints_may_tell(struct complaints *c, const char *key, int64_t now_mono, char *note, size_t size)
{
    const int64_t every_ns = COMPLAINTS_EVERY_S * (int64_t)CLOCK_NS_PER_S;
    struct sender *s = sender_of(c, key);
    note[0] = '\0';
    if (!s) /* out of memory: rather a line too many */
        return true;
    int64_t until = (s->spent_until_mono > now_mono ? s->spent_until_mono : now_mono) + every_ns;
    if (until - now_mono > COMPLAINTS_AT_ONCE * every_ns) {
        s->untold++;
        return false;
    }
    if (s->untold > 0)
        text_append(note, size, " (%" PRIu64 " before it were not told)", s->untold);
    else if (until - now_mono > (COMPLAINTS_AT_ONCE - 1) * every_ns)
        text_append(note, size, " (its next ones are told every %d s at most)", COMPLAINTS_EVERY_S);
    s->spent_until_mono = until;
    s->untold = 0;
    return true;
}
