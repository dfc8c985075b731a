#include "listing.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "base/text.h"

enum { TAIL = 32 }; /* what closes it, with the number of those left out */

#define STATE_WORD(name, word) word,
static const char *const STATES[] = { DOMAIN_STATES(STATE_WORD) };

const char *domain_state_word(enum domain_state state)
{
    return (size_t)state < ARRAY_SIZE(STATES) ? STATES[state] : "?";
}

/* "key": "value" or null, with what stands in front of it. */
static bool put(char *json, size_t size, const char *before, const char *value)
{
    if (!value || !*value)
        return text_append(json, size, "%snull", before);
    return text_append(json, size, "%s\"", before) && json_text_append(json, size, value) &&
           text_append(json, size, "\"");
}

static bool put_domain(char *json, size_t size, const struct domain *d, bool is_first)
{
    return put(json, size, is_first ? "{\"name\": " : ", {\"name\": ", d->name) &&
           text_append(json, size, ", \"state\": \"%s\", \"vcpus\": %d, \"memory\": %" PRId64,
                       domain_state_word(d->state), d->vcpus, d->memory_bytes) &&
           put(json, size, ", \"accel\": ", d->accel) &&
           text_append(json, size, ", \"ours\": %s}", d->is_ours ? "true" : "false");
}

bool listing_write(const struct listing *l, char *json, size_t size, struct err *e)
{
    const struct provider_facts none = { .uri = "" }, *facts = l->facts ? l->facts : &none;
    json[0] = '\0';
    bool ok = size > TAIL && put(json, size, "{\"provider\": ", l->provider) &&
              put(json, size, ", \"uri\": ", facts->uri) && put(json, size, ", \"product\": ", facts->product) &&
              put(json, size, ", \"version\": ", facts->version) &&
              put(json, size, ", \"library\": ", facts->library) && put(json, size, ", \"why\": ", l->why) &&
              put(json, size, ", \"kvm\": ", l->kvm) && text_append(json, size, ", \"domains\": [");
    if (!ok || strlen(json) + TAIL > size)
        return err_set(e, ERR_INTERNAL, "the list of virtual machines does not fit into %zu bytes", size);
    size_t written = 0;
    for (; written < l->count; written++) {
        size_t length = strlen(json);
        if (put_domain(json, size - TAIL, &l->domains[written], written == 0))
            continue;
        json[length] = '\0';
        break;
    }
    return text_append(json, size, "], \"more\": %zu}", l->count - written);
}
