/* string_sort.h - heapsort of strings that lie one after the other without gaps, so that to exchange two of
 * different lengths moves what lies behind them. */
#ifndef TARE_STRING_SORT_H
#define TARE_STRING_SORT_H

#include <stddef.h>
#include <stdint.h>

enum { STRING_POOL_BYTES = 8111, STRING_LONGEST = 76 };

/* A string is a byte with its length, 1 to STRING_LONGEST, and as many bytes. */
struct string_pool {
    uint32_t count, used;                                    /* strings; their bytes */
    uint32_t at[STRING_POOL_BYTES / 2];                      /* of each string's first byte */
    unsigned char bytes[STRING_POOL_BYTES + STRING_LONGEST]; /* room for an exchange half done */
};

/* Append a string. It must fit. */
void string_pool_add(struct string_pool *pool, const unsigned char *text, size_t length);

/* Into ascending order of the bytes, a prefix before what it begins. */
void string_sort(struct string_pool *pool);

#endif
