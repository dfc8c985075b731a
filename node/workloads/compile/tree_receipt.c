#include "tree_receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

static int64_t upto_of(const struct tree_receipt *r)
{
    return r->size - r->held < TREE_WINDOW ? r->size : r->held + TREE_WINDOW;
}

bool tree_receipt_open(struct tree_receipt *r, const char *path, const unsigned char hash[TREE_HASH], int64_t size,
                       struct err *e)
{
    struct stat st;
    *r = (struct tree_receipt){ .fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), .size = size };
    if (r->fd < 0 || fstat(r->fd, &st) != 0) {
        err_errno(e, errno, "cannot write '%s'", path);
        tree_receipt_close(r);
        return false;
    }
    memcpy(r->hash, hash, TREE_HASH);
    /* A last chunk that is cut short is taken again, one that is whole is held. */
    r->held = st.st_size > size ? 0 : st.st_size == size ? size : st.st_size - st.st_size % TREE_CHUNK_BYTES;
    r->upto = upto_of(r);
    return true;
}

void tree_receipt_close(struct tree_receipt *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

enum tree_taken tree_receipt_take(struct tree_receipt *r, int64_t offset, const unsigned char *sum,
                                  const unsigned char *data, size_t data_size, struct err *e)
{
    unsigned char own[TREE_SUM];
    int64_t left = r->size - r->held;
    if (offset != r->held || left == 0)
        return TREE_PASSED;
    tree_hash(data, data_size, own, sizeof own);
    if (data_size != (left < TREE_CHUNK_BYTES ? (size_t)left : TREE_CHUNK_BYTES) ||
        sodium_memcmp(own, sum, sizeof own) != 0)
        return TREE_DAMAGED;
    ssize_t put = pwrite(r->fd, data, data_size, offset);
    if (put != (ssize_t)data_size) {
        err_errno(e, put < 0 ? errno : ENOSPC, "the source cannot be kept");
        return TREE_NO_ROOM;
    }
    r->held += put;
    return TREE_TAKEN;
}

bool tree_receipt_credit(struct tree_receipt *r)
{
    int64_t upto = upto_of(r);
    if (upto - r->upto < TREE_WINDOW / 2 && (upto != r->size || r->upto == r->size))
        return false;
    r->upto = upto;
    return true;
}

bool tree_receipt_is_full(const struct tree_receipt *r) { return r->held == r->size; }

bool tree_receipt_check(struct tree_receipt *r, bool *is_right, struct err *e)
{
    unsigned char own[TREE_HASH];
    if (!tree_hash_file(r->fd, r->size, own, e))
        return err_wrap(e, "the source that was sent");
    *is_right = memcmp(own, r->hash, sizeof own) == 0;
    if (!*is_right) {
        if (ftruncate(r->fd, 0) != 0)
            return err_errno(e, errno, "the source cannot be thrown away");
        r->held = 0;
        r->upto = upto_of(r);
    }
    return true;
}
