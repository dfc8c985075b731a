#include "probe.h"

#include <string.h>

#include <sodium.h>

#include "base/bytes.h"

/* The layout that probe.h shows. */
enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_KIND = 5,
    AT_CLOCK = 6,
    AT_EARLIER = 7,
    AT_SESSION = 8,
    AT_SEQUENCE = 16,
    AT_T2 = 24,
    AT_T3 = 32,
    AT_EARLIER_T3 = 40,
    AT_TAG = 48,
    TAG_SIZE = PROBE_SIZE - AT_TAG,
};

_Static_assert(TAG_SIZE == crypto_generichash_BYTES_MIN, "the tag is the shortest that generichash gives");
_Static_assert(PROBE_KEY_SIZE == crypto_generichash_KEYBYTES, "the key is of the usual size");

static const unsigned char MAGIC[4] = { 't', 'a', 'r', 'e' };

bool probe_key_make(enum probe_sender sender, struct probe_key *key, struct err *e)
{
    if (sodium_init() < 0)
        return err_set(e, ERR_INTERNAL, "libsodium found no source of random numbers");
    key->sender = sender;
    randombytes_buf(key->bytes, sizeof key->bytes);
    return true;
}

void probe_key_wipe(struct probe_key *key) { sodium_memzero(key->bytes, sizeof key->bytes); }

static void make_tag(const unsigned char *bytes, const struct probe_key *key, unsigned char tag[TAG_SIZE])
{
    crypto_generichash(tag, TAG_SIZE, bytes, AT_TAG, key->bytes, sizeof key->bytes);
}

/* Both sides keep to the same rules, so that what is sealed can be opened. */
static bool check_packet(const struct probe_packet *p, enum probe_sender sender, struct err *e)
{
    if (p->kind != PROBE_DIAL && p->kind != PROBE_ASK && p->kind != PROBE_ANSWER)
        return err_set(e, ERR_PARTIAL, "clock probe: unknown kind %d", (int)p->kind);
    if ((p->kind == PROBE_ASK) != (sender == PROBE_FROM_COORDINATOR))
        return err_set(e, ERR_PARTIAL, "clock probe: kind %d goes the other way", (int)p->kind);
    bool has_stamps = p->t2_ns != 0 || p->t3_ns != 0 || p->earlier != 0 || p->is_t2_kernel || p->moves != 0;
    if (p->kind != PROBE_ANSWER && has_stamps)
        return err_set(e, ERR_PARTIAL, "clock probe: only an answer has stamps");
    if (p->moves >= PROBE_MOVES)
        return err_set(e, ERR_PARTIAL, "clock probe: %d moves of the wall clock", p->moves);
    if (p->earlier == 0 && p->earlier_t3_ns != 0)
        return err_set(e, ERR_PARTIAL, "clock probe: a stamp of no earlier answer");
    return true;
}

bool probe_seal(const struct probe_packet *p, const struct probe_key *key, unsigned char out[PROBE_SIZE], struct err *e)
{
    if (!check_packet(p, key->sender, e))
        return false;
    memcpy(out + AT_MAGIC, MAGIC, sizeof MAGIC);
    out[AT_VERSION] = PROBE_VERSION;
    out[AT_KIND] = (unsigned char)p->kind;
    out[AT_CLOCK] = (unsigned char)(p->moves << 1 | p->is_t2_kernel);
    out[AT_EARLIER] = p->earlier;
    bytes_put(out + AT_SESSION, 8, p->session);
    bytes_put(out + AT_SEQUENCE, 8, p->sequence);
    bytes_put(out + AT_T2, 8, (uint64_t)p->t2_ns);
    bytes_put(out + AT_T3, 8, (uint64_t)p->t3_ns);
    bytes_put(out + AT_EARLIER_T3, 8, (uint64_t)p->earlier_t3_ns);
    make_tag(out, key, out + AT_TAG);
    return true;
}

bool probe_open(const void *bytes, size_t size, const struct probe_key *key, struct probe_packet *packet, struct err *e)
{
    const unsigned char *in = bytes;
    if (size != PROBE_SIZE)
        return err_set(e, ERR_PARTIAL, "clock probe: %zu bytes instead of %d", size, PROBE_SIZE);
    unsigned char tag[TAG_SIZE];
    make_tag(in, key, tag);
    if (sodium_memcmp(tag, in + AT_TAG, sizeof tag) != 0)
        return err_set(e, ERR_PARTIAL, "clock probe: sealed with another key, or damaged");
    if (memcmp(in + AT_MAGIC, MAGIC, sizeof MAGIC) != 0)
        return err_set(e, ERR_PARTIAL, "clock probe: not one of tare's");
    if (in[AT_VERSION] != PROBE_VERSION)
        return err_set(e, ERR_PARTIAL, "clock probe: version %d, expected %d", in[AT_VERSION], PROBE_VERSION);
    struct probe_packet p = {
        .kind = (enum probe_kind)in[AT_KIND],
        .session = bytes_get(in + AT_SESSION, 8),
        .sequence = bytes_get(in + AT_SEQUENCE, 8),
        .t2_ns = (int64_t)bytes_get(in + AT_T2, 8),
        .t3_ns = (int64_t)bytes_get(in + AT_T3, 8),
        .is_t2_kernel = in[AT_CLOCK] & 1,
        .moves = in[AT_CLOCK] >> 1,
        .earlier = in[AT_EARLIER],
        .earlier_t3_ns = (int64_t)bytes_get(in + AT_EARLIER_T3, 8),
    };
    if (!check_packet(&p, key->sender, e))
        return false;
    *packet = p;
    return true;
}

uint64_t probe_session_of(const unsigned char bytes[PROBE_SIZE]) { return bytes_get(bytes + AT_SESSION, 8); }
