#include "string_sort.h"

#include <string.h>

#include "base/random.h"
#include "workloads/cpu/digest.h"
#include "workloads/cpu/kernel.h"

enum { SEED = 2 };

struct string_state {
    struct string_pool pool, unsorted;
    uint64_t digest; /* of the strings in any order */
};

void string_pool_add(struct string_pool *pool, const unsigned char *text, size_t length)
{
    pool->at[pool->count++] = pool->used;
    pool->bytes[pool->used] = (unsigned char)length;
    memcpy(&pool->bytes[pool->used + 1], text, length);
    pool->used += (uint32_t)length + 1;
}

/* Below, at or above 0 like memcmp. */
static int compare(const struct string_pool *pool, uint32_t a, uint32_t b)
{
    const unsigned char *x = &pool->bytes[pool->at[a]], *y = &pool->bytes[pool->at[b]];
    int order = memcmp(x + 1, y + 1, x[0] < y[0] ? x[0] : y[0]);
    return order ? order : x[0] - y[0];
}

/* Put a string, its length in front, in the place of the one that is there: all behind it moves. */
static void put(struct string_pool *pool, uint32_t place, const unsigned char *string)
{
    unsigned char *there = &pool->bytes[pool->at[place]];
    uint32_t grows = (uint32_t)string[0] - there[0]; /* modulo 2^32 */
    uint32_t behind = pool->at[place] + there[0] + 1;
    memmove(there + string[0] + 1, there + there[0] + 1, pool->used - behind);
    memcpy(there, string, (size_t)string[0] + 1);
    for (uint32_t i = place + 1; i < pool->count; i++)
        pool->at[i] += grows;
    pool->used += grows;
}

static void exchange(struct string_pool *pool, uint32_t a, uint32_t b)
{
    unsigned char first[STRING_LONGEST + 1], second[STRING_LONGEST + 1];
    const unsigned char *x = &pool->bytes[pool->at[a]], *y = &pool->bytes[pool->at[b]];
    memcpy(first, x, (size_t)x[0] + 1);
    memcpy(second, y, (size_t)y[0] + 1);
    put(pool, a, second);
    put(pool, b, first);
}

/* Let the string at `at` sink to its place in the heap of the first `end`. */
static void sift(struct string_pool *pool, uint32_t at, uint32_t end)
{
    for (uint32_t child; (child = 2 * at + 1) < end; at = child) {
        if (child + 1 < end && compare(pool, child + 1, child) > 0)
            child++;
        if (compare(pool, child, at) <= 0)
            break;
        exchange(pool, at, child);
    }
}

void string_sort(struct string_pool *pool)
{
    for (uint32_t i = pool->count / 2; i-- > 0;)
        sift(pool, i, pool->count);
    for (uint32_t end = pool->count; end-- > 1;) {
        exchange(pool, 0, end);
        sift(pool, 0, end);
    }
}

/* The last string takes what is left; one byte would be no string, so it goes to the one before. */
static void fill(struct string_pool *pool)
{
    struct random r = { SEED };
    unsigned char text[STRING_LONGEST];
    for (uint32_t left; (left = STRING_POOL_BYTES - pool->used) > 0;) {
        uint32_t length = 1 + (uint32_t)random_below(&r, STRING_LONGEST);
        if (length + 1 >= left - 1)
            length = left - 1 < STRING_LONGEST ? left - 1 : left / 2;
        for (uint32_t i = 0; i < length; i++)
            text[i] = (unsigned char)random_next(&r);
        string_pool_add(pool, text, length);
    }
}

static uint64_t digest_of(const struct string_pool *pool)
{
    uint64_t digest = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        const unsigned char *string = &pool->bytes[pool->at[i]];
        digest += digest_bytes(string + 1, string[0]);
    }
    return digest;
}

static void make(void *state)
{
    struct string_state *s = state;
    fill(&s->unsorted);
    s->digest = digest_of(&s->unsorted);
}

static void load(void *state)
{
    struct string_state *s = state;
    s->pool = s->unsorted;
}

static uint64_t work(void *state)
{
    struct string_state *s = state;
    string_sort(&s->pool);
    return 1;
}

/* One string after the other, and nothing between or behind them. */
static bool is_packed(const struct string_pool *pool)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < pool->count; at += pool->bytes[at] + 1U, i++)
        if (at >= STRING_POOL_BYTES || pool->at[i] != at || pool->bytes[at] == 0 || pool->bytes[at] > STRING_LONGEST)
            return false;
    return at == STRING_POOL_BYTES && pool->used == at;
}

static bool check(const void *state, struct err *e)
{
    const struct string_pool *pool = &((const struct string_state *)state)->pool;
    if (!is_packed(pool))
        return err_set(e, ERR_INTERNAL, "the strings do not lie one after the other");
    for (uint32_t i = 1; i < pool->count; i++)
        if (compare(pool, i - 1, i) > 0)
            return err_set(e, ERR_INTERNAL, "string %u is out of order", i);
    if (digest_of(pool) != ((const struct string_state *)state)->digest)
        return err_set(e, ERR_INTERNAL, "the sorted strings are not those that were there before");
    return true;
}

const struct kernel KERNEL_STRING_SORT = { sizeof(struct string_state), make, load, work, check };
