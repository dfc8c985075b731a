#include "bitfield.h"

#include <string.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"

enum { WORDS = 16384, WORD_BITS = 32, BITS = WORDS * WORD_BITS, RUNS = 30, SEED = 3 };

struct bitfield_state {
    uint32_t words[WORDS], expected[WORDS];
    uint32_t first[RUNS], count[RUNS];
};

void bitfield_run(uint32_t *words, enum bitfield_operation operation, size_t first, size_t count)
{
    const size_t end = first + count;
    switch (operation) {
    case BITFIELD_SET:
        for (size_t i = first; i < end; i++)
            words[i / WORD_BITS] |= UINT32_C(1) << i % WORD_BITS;
        break;
    case BITFIELD_CLEAR:
        for (size_t i = first; i < end; i++)
            words[i / WORD_BITS] &= ~(UINT32_C(1) << i % WORD_BITS);
        break;
    default:
        for (size_t i = first; i < end; i++)
            words[i / WORD_BITS] ^= UINT32_C(1) << i % WORD_BITS;
    }
}

static void change(uint32_t *word, enum bitfield_operation operation, uint32_t mask)
{
    if (operation != BITFIELD_FLIP)
        *word &= ~mask;
    if (operation != BITFIELD_CLEAR)
        *word ^= mask;
}

void bitfield_run_words(uint32_t *words, enum bitfield_operation operation, size_t first, size_t count)
{
    for (size_t end = first + count; first < end;) {
        size_t from = first % WORD_BITS, n = end - first;
        if (n > WORD_BITS - from)
            n = WORD_BITS - from;
        change(&words[first / WORD_BITS], operation, UINT32_MAX >> (WORD_BITS - n) << from);
        first += n;
    }
}

static enum bitfield_operation operation_of(int run)
{
    return (enum bitfield_operation)(run % BITFIELD_OPERATION_COUNT);
}

static void load(void *state)
{
    struct bitfield_state *s = state;
    memset(s->words, 0x55, sizeof s->words);
}

static void make(void *state)
{
    struct bitfield_state *s = state;
    struct random r = { SEED };
    load(s);
    memcpy(s->expected, s->words, sizeof s->expected);
    for (int i = 0; i < RUNS; i++) {
        s->first[i] = (uint32_t)random_below(&r, BITS);
        s->count[i] = (uint32_t)random_below(&r, BITS - s->first[i]) + 1;
        bitfield_run_words(s->expected, operation_of(i), s->first[i], s->count[i]);
    }
}

static uint64_t work(void *state)
{
    struct bitfield_state *s = state;
    uint64_t bits = 0;
    for (int i = 0; i < RUNS; i++) {
        bitfield_run(s->words, operation_of(i), s->first[i], s->count[i]);
        bits += s->count[i];
    }
    return bits;
}

static bool check(const void *state, struct err *e)
{
    const struct bitfield_state *s = state;
    for (size_t i = 0; i < WORDS; i++)
        if (s->words[i] != s->expected[i])
            return err_set(e, ERR_INTERNAL, "word %zu is %08x instead of %08x", i, s->words[i], s->expected[i]);
    return true;
}

const struct kernel KERNEL_BITFIELD = { sizeof(struct bitfield_state), make, load, work, check };
