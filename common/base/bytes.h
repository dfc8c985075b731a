/* bytes.h - big-endian numbers in a buffer: the order of everything that tare sends or keeps. */
#ifndef TARE_BYTES_H
#define TARE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* The lowest `size` (1 to 8) bytes of `value`. */
static inline void bytes_put(unsigned char *at, size_t size, uint64_t value)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        at[i] = (unsigned char)value;
}

static inline uint64_t bytes_get(const unsigned char *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

#endif
