/* bytes.h - big-endian numbers in a buffer: the order of everything that tare sends or keeps. */
#ifndef TARE_BYTES_H
#define TARE_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The lowest `size` (1 to 8) bytes of `value`. */
static inline void bytes_put(unsigned char *at, size_t size, uint64_t value)
{
    uint64_t big = htobe64(value);
    memcpy(at, (const unsigned char *)&big + sizeof big - size, size);
}

static inline uint64_t bytes_get(const unsigned char *at, size_t size)
{
    uint64_t big = 0;
    memcpy((unsigned char *)&big + sizeof big - size, at, size);
    return be64toh(big);
}

#endif
