/* digest.h - a number for what was there before and must be there after, in whatever order: the sum of a
 * mixed number for each element. */
#ifndef TARE_DIGEST_H
#define TARE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

static inline uint64_t digest_word(uint64_t word) { return random_next(&(struct random){ word }); }

static inline uint64_t digest_bytes(const unsigned char *bytes, size_t count)
{
    uint64_t digest = count;
    for (size_t i = 0; i < count; i++)
        digest = digest_word(digest ^ bytes[i]);
    return digest;
}

#endif
