#include "tree.h"

#include <sodium.h>

void tree_hash(const void *bytes, uint64_t size, unsigned char *sum, uint64_t sum_size)
{
    crypto_generichash(sum, sum_size, bytes, size, NULL, 0);
}

const char *tree_hash_text(const unsigned char hash[TREE_HASH], char text[TREE_HASH_TEXT])
{
    return sodium_bin2hex(text, TREE_HASH_TEXT, hash, TREE_HASH);
}
