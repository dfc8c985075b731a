/* tree.h - how a source tree goes to a node, once: as one archive, in chunks, each and all of it with a hash.
 *
 *   TREE_OFFER   the coordinator has the archive with this hash, of so many bytes
 *   TREE_STATE   the node has `held` of them, and takes those up to `upto` unasked; or how far it is with them
 *   TREE_CHUNK   TREE_CHUNK bytes from `offset` on, fewer at the end
 *
 * Credit bounds what is on its way, and so the memory of both sides. What a node holds it keeps, also when it is
 * killed: the next offer goes on from there.
 */
#ifndef TARE_TREE_H
#define TARE_TREE_H

#include <stdint.h>

#include "base/err.h"

enum {
    TREE_HASH = 32,
    TREE_HASH_TEXT = 2 * TREE_HASH + 1,
    TREE_SUM = 16,
    TREE_CHUNK_BYTES = 16 * 1024,
    TREE_WINDOW = 64 * TREE_CHUNK_BYTES,
};

/* WAITING: another process has it in hand. TAKING: chunks are wanted. READY: it can be built. */
#define TREE_STATE_LIST(T)    \
    T(WAITING, "waiting")     \
    T(TAKING, "taking")       \
    T(CHECKING, "checking")   \
    T(UNPACKING, "unpacking") \
    T(READY, "ready")         \
    T(REFUSED, "refused")
#define TREE_STATE_ENUM(name, word) TREE_IS_##name,
enum tree_state { TREE_STATE_LIST(TREE_STATE_ENUM) TREE_STATES };

/* Libsodium's generichash: of TREE_HASH bytes over a whole archive, of TREE_SUM over a chunk. */
void tree_hash(const void *bytes, uint64_t size, unsigned char *sum, uint64_t sum_size);

/* The same, TREE_HASH bytes, of the first `size` bytes of an open file, which is read from its start whatever its
 * offset is. Fails with EIO where it is shorter. */
MUST_CHECK bool tree_hash_file(int fd, int64_t size, unsigned char hash[TREE_HASH], struct err *e);

/* Hexadecimal. */
const char *tree_hash_text(const unsigned char hash[TREE_HASH], char text[TREE_HASH_TEXT]);

#endif
