/* tree_receipt.h - the archive of a tree as it comes, chunk by chunk: what is held, and how much more may come.
 *
 * The file is the state: its whole chunks are held, whoever wrote them; that they are right is known when all are
 * there, by the hash of all. So what a killed process held is not lost, and what a disk has damaged is not built.
 */
#ifndef TARE_TREE_RECEIPT_H
#define TARE_TREE_RECEIPT_H

#include <stddef.h>

#include "base/err.h"
#include "wire/tree.h"

struct tree_receipt {
    int fd;
    unsigned char hash[TREE_HASH];
    int64_t size, held, upto; /* bytes */
};

enum tree_taken {
    TREE_TAKEN,
    TREE_PASSED,  /* not the next one: what follows a refused one, or was sent twice */
    TREE_DAMAGED, /* its sum, or its size, is wrong: to be sent again */
    TREE_NO_ROOM, /* it cannot be written: the error says why */
};

/* Go on with `path`, or begin. */
MUST_CHECK bool tree_receipt_open(struct tree_receipt *receipt, const char *path, const unsigned char hash[TREE_HASH],
                                  int64_t size, struct err *e);
void tree_receipt_close(struct tree_receipt *receipt);

enum tree_taken tree_receipt_take(struct tree_receipt *receipt, int64_t offset, const unsigned char *sum,
                                  const unsigned char *data, size_t data_size, struct err *e);

/* Give more credit once half of it is used; true when there is news to tell. */
bool tree_receipt_credit(struct tree_receipt *receipt);

bool tree_receipt_is_full(const struct tree_receipt *receipt);

/* Whether all that is held is what was offered; where it is not all of it is thrown away. Fails only where it cannot be
 * read. */
MUST_CHECK bool tree_receipt_check(struct tree_receipt *receipt, bool *is_right, struct err *e);

#endif
