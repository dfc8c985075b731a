#include "idea.h"

#include <string.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"

enum { BYTES = 4000, WORDS = BYTES / 2, LOOPS = 100, SEED = 4 };

struct idea_state {
    uint16_t plain[WORDS], cipher[WORDS], original[WORDS];
    uint16_t encrypt[IDEA_SUBKEYS], decrypt[IDEA_SUBKEYS];
};

/* Modulo 2^16 + 1, where 0 stands for 2^16. With a * b = high * 2^16 + low, and 2^16 = -1, the product is
 * low - high. */
static uint16_t multiply(uint16_t a, uint16_t b)
{
    if (a == 0)
        return (uint16_t)(1 - b);
    if (b == 0)
        return (uint16_t)(1 - a);
    uint32_t product = (uint32_t)a * b;
    uint16_t low = (uint16_t)product, high = (uint16_t)(product >> 16);
    return (uint16_t)(low - high + (low < high));
}

/* x^(2^16 - 1), since 2^16 + 1 is prime (Fermat). */
static uint16_t inverse_of(uint16_t x)
{
    uint16_t inverse = x;
    for (int i = 1; i < 16; i++)
        inverse = multiply(multiply(inverse, inverse), x);
    return inverse;
}

static uint16_t negative_of(uint16_t x) { return (uint16_t)-x; }

/* Eight words of the key, then the key turned left by 25 bits, and so on. */
void idea_encryption_key(const uint16_t key[IDEA_KEY_WORDS], uint16_t subkeys[IDEA_SUBKEYS])
{
    memcpy(subkeys, key, IDEA_KEY_WORDS * sizeof *key);
    for (size_t i = IDEA_KEY_WORDS; i < IDEA_SUBKEYS; i++) {
        const uint16_t *before = subkeys + (i / IDEA_KEY_WORDS - 1) * IDEA_KEY_WORDS;
        uint32_t high = before[(i + 1) % IDEA_KEY_WORDS], low = before[(i + 2) % IDEA_KEY_WORDS];
        subkeys[i] = (uint16_t)(high << 9 | low >> 7);
    }
}

/* The last round first. Its two additions are exchanged but in the outermost rounds, since each round
 * exchanges the two middle words. */
void idea_decryption_key(const uint16_t subkeys[IDEA_SUBKEYS], uint16_t inverse[IDEA_SUBKEYS])
{
    for (size_t round = 0; round <= IDEA_ROUNDS; round++) {
        const uint16_t *from = subkeys + 6 * (IDEA_ROUNDS - round);
        uint16_t *to = inverse + 6 * round;
        const int is_outermost = round == 0 || round == IDEA_ROUNDS;
        to[0] = inverse_of(from[0]);
        to[1] = negative_of(from[is_outermost ? 1 : 2]);
        to[2] = negative_of(from[is_outermost ? 2 : 1]);
        to[3] = inverse_of(from[3]);
        if (round < IDEA_ROUNDS) {
            to[4] = from[-2];
            to[5] = from[-1];
        }
    }
}

void idea_block(const uint16_t subkeys[IDEA_SUBKEYS], const uint16_t from[IDEA_BLOCK_WORDS],
                uint16_t to[IDEA_BLOCK_WORDS])
{
    uint16_t a = from[0], b = from[1], c = from[2], d = from[3];
    for (int round = 0; round < IDEA_ROUNDS; round++, subkeys += 6) {
        a = multiply(a, subkeys[0]);
        b = (uint16_t)(b + subkeys[1]);
        c = (uint16_t)(c + subkeys[2]);
        d = multiply(d, subkeys[3]);
        uint16_t left = multiply(a ^ c, subkeys[4]);
        uint16_t right = multiply((uint16_t)((b ^ d) + left), subkeys[5]);
        left = (uint16_t)(left + right);
        uint16_t middle = b ^ left;
        a ^= right;
        b = c ^ right;
        c = middle;
        d ^= left;
    }
    to[0] = multiply(a, subkeys[0]);
    to[1] = (uint16_t)(c + subkeys[1]);
    to[2] = (uint16_t)(b + subkeys[2]);
    to[3] = multiply(d, subkeys[3]);
}

/* Each time works on what the time before made of it. */
void idea_to_and_fro(const uint16_t encrypt[IDEA_SUBKEYS], const uint16_t decrypt[IDEA_SUBKEYS], uint16_t *plain,
                     uint16_t *cipher, size_t words, int times)
{
    while (times-- > 0) {
        for (size_t i = 0; i < words; i += IDEA_BLOCK_WORDS)
            idea_block(encrypt, &plain[i], &cipher[i]);
        for (size_t i = 0; i < words; i += IDEA_BLOCK_WORDS)
            idea_block(decrypt, &cipher[i], &plain[i]);
    }
}

static void make(void *state)
{
    struct idea_state *s = state;
    struct random r = { SEED };
    uint16_t key[IDEA_KEY_WORDS];
    for (int i = 0; i < IDEA_KEY_WORDS; i++)
        key[i] = (uint16_t)random_next(&r);
    for (int i = 0; i < WORDS; i++)
        s->original[i] = (uint16_t)random_next(&r);
    idea_encryption_key(key, s->encrypt);
    idea_decryption_key(s->encrypt, s->decrypt);
}

static void load(void *state)
{
    struct idea_state *s = state;
    memcpy(s->plain, s->original, sizeof s->plain);
    memcpy(s->cipher, s->original, sizeof s->cipher);
}

static uint64_t work(void *state)
{
    struct idea_state *s = state;
    idea_to_and_fro(s->encrypt, s->decrypt, s->plain, s->cipher, WORDS, LOOPS);
    return LOOPS;
}

static bool check(const void *state, struct err *e)
{
    const struct idea_state *s = state;
    if (memcmp(s->plain, s->original, sizeof s->plain) != 0)
        return err_set(e, ERR_INTERNAL, "what was decrypted is not the plain text");
    if (memcmp(s->cipher, s->original, sizeof s->cipher) == 0)
        return err_set(e, ERR_INTERNAL, "what was encrypted is the plain text");
    return true;
}

const struct kernel KERNEL_IDEA = { sizeof(struct idea_state), make, load, work, check };
