/* probe.h - the packets of the clock probes, UDP beside the control channel.
 *
 *      agent -> coordinator   DIAL     here I am: what a NAT must see before it lets an ASK in
 *      coordinator -> agent   ASK      sequence k, sent at t1 (which the coordinator remembers)
 *      agent -> coordinator   ANSWER   sequence k, received at t2, answered at t3 (the node's RAW)
 *
 * All have one size, so that nobody is hit harder through us than by himself. The layout, big-endian:
 *
 *       0  4  "tare"            16  8  sequence
 *       4  1  version           24  8  t2
 *       5  1  kind              32  8  t3
 *       6  1  of the clock      40  8  t3 of the earlier answer
 *       7  1  earlier           48 16  tag
 *       8  8  session
 *
 * t2 and t3 are on the side that makes their inequalities true (bounds.h): it had arrived by t2, and
 * had not left before t3. The kernel's own stamp of an answer's departure is known only after it has
 * left, so it travels in a later answer: that of sequence - earlier, 0 for none. Of the clock: bit 0
 * says that t2 is from the kernel's stamp; the others how often the node has seen its wall clock, which
 * those stamps are read from, being moved.
 *
 * The tag is libsodium's keyed generichash (BLAKE2b) over all that stands before it. It is checked,
 * in constant time, before anything is decoded. Each session has two keys, one for a direction, which
 * come over the encrypted control channel; what was sent one way is refused the other way.
 */
#ifndef TARE_PROBE_H
#define TARE_PROBE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PROBE_SIZE = 64, PROBE_KEY_SIZE = 32, PROBE_VERSION = 2, PROBE_MOVES = 128 /* they are counted round */ };

enum probe_kind { PROBE_DIAL = 1, PROBE_ASK, PROBE_ANSWER };

enum probe_sender { PROBE_FROM_COORDINATOR, PROBE_FROM_AGENT };

struct probe_key {
    enum probe_sender sender; /* the only one who seals with it */
    unsigned char bytes[PROBE_KEY_SIZE];
};

/* What is not named for a kind is zero in it. */
struct probe_packet {
    enum probe_kind kind;
    uint64_t session;
    uint64_t sequence;     /* of a DIAL: counts up; of an ANSWER: that of its ASK */
    int64_t t2_ns, t3_ns;  /* ANSWER: the node's RAW clock */
    bool is_t2_kernel;     /* ANSWER: from the kernel's stamp */
    uint8_t moves;         /* ANSWER: of the node's wall clock, below PROBE_MOVES */
    uint8_t earlier;       /* ANSWER: how many sequences back, 0 for none, ... */
    int64_t earlier_t3_ns; /* ... and when that answer really left */
};

/* A random key for packets of `sender`. */
MUST_CHECK bool probe_key_make(enum probe_sender sender, struct probe_key *key, struct err *e);

/* Overwrite the key; not optimised away. */
void probe_key_wipe(struct probe_key *key);

/* Fails only where a fault of ours would send what the other side refuses: a kind that the key's
 * sender does not send, or a field that the kind does not have. */
MUST_CHECK bool probe_seal(const struct probe_packet *packet, const struct probe_key *key,
                           unsigned char out[PROBE_SIZE], struct err *e);

/* Refuses a wrong size, tag, version, kind, a kind that the key's sender does not send, and fields
 * that are not zero where the kind has none. Whether session and sequence are wanted is for the
 * caller: see probe_window.h for the answers. */
MUST_CHECK bool probe_open(const void *bytes, size_t size, const struct probe_key *key, struct probe_packet *packet,
                           struct err *e);

/* The session that an unopened packet claims, to find the key that will tell whether it is true. */
uint64_t probe_session_of(const unsigned char bytes[PROBE_SIZE]);

#endif
