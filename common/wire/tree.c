#include "tree.h"

#include <errno.h>
#include <unistd.h>

#include <sodium.h>

enum { BLOCK = 64 * 1024 };

void tree_hash(const void *bytes, uint64_t size, unsigned char *sum, uint64_t sum_size)
{
    crypto_generichash(sum, sum_size, bytes, size, NULL, 0);
}

bool tree_hash_file(int fd, int64_t size, unsigned char hash[TREE_HASH], struct err *e)
{
    unsigned char block[BLOCK];
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, TREE_HASH);
    for (int64_t at = 0; at < size;) {
        int64_t left = size - at;
        ssize_t got = pread(fd, block, left < BLOCK ? (size_t)left : BLOCK, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_errno(e, got < 0 ? errno : EIO, "cannot be read");
        crypto_generichash_update(&state, block, (unsigned long long)got);
        at += got;
    }
    crypto_generichash_final(&state, hash, TREE_HASH);
    return true;
}

const char *tree_hash_text(const unsigned char hash[TREE_HASH], char text[TREE_HASH_TEXT])
{
    return sodium_bin2hex(text, TREE_HASH_TEXT, hash, TREE_HASH);
}
