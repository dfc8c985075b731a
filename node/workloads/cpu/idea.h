/* idea.h - the block cipher IDEA (X. Lai and J. Massey 1991): blocks of 64 bits, a key of 128. */
#ifndef TARE_IDEA_H
#define TARE_IDEA_H

#include <stddef.h>
#include <stdint.h>

enum { IDEA_BLOCK_WORDS = 4, IDEA_KEY_WORDS = 8, IDEA_ROUNDS = 8, IDEA_SUBKEYS = 6 * IDEA_ROUNDS + 4 };

void idea_encryption_key(const uint16_t key[IDEA_KEY_WORDS], uint16_t subkeys[IDEA_SUBKEYS]);

/* The subkeys that undo what `subkeys` did. */
void idea_decryption_key(const uint16_t subkeys[IDEA_SUBKEYS], uint16_t inverse[IDEA_SUBKEYS]);

/* `from` and `to` may be the same. */
void idea_block(const uint16_t subkeys[IDEA_SUBKEYS], const uint16_t from[IDEA_BLOCK_WORDS],
                uint16_t to[IDEA_BLOCK_WORDS]);

/* Encrypt `plain` to `cipher` and decrypt it back to `plain`, so many times. `words` is a multiple of a block's. */
void idea_to_and_fro(const uint16_t encrypt[IDEA_SUBKEYS], const uint16_t decrypt[IDEA_SUBKEYS], uint16_t *plain,
                     uint16_t *cipher, size_t words, int times);

#endif
