#include "huffman.h"

#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "workloads/cpu/kernel.h"

enum { BYTES = 5000, LOOPS = 100, LINE = 60, SEED = 7 };

struct huffman_state {
    unsigned char text[BYTES], original[BYTES], bits[BYTES + 1];
    struct huffman code;
    size_t bit_count;
};

/* The two of the trees without a parent that are least frequent, by looking through all; HUFFMAN_NONE for
 * the second where there is only one. */
static void find_two_least(const struct huffman *code, int16_t count, int16_t least[2])
{
    least[0] = least[1] = HUFFMAN_NONE;
    for (int16_t i = 0; i < count; i++) {
        uint32_t frequency = code->nodes[i].frequency;
        if (frequency == 0 || code->nodes[i].parent != HUFFMAN_NONE)
            continue;
        if (least[0] == HUFFMAN_NONE || frequency < code->nodes[least[0]].frequency) {
            least[1] = least[0];
            least[0] = i;
        } else if (least[1] == HUFFMAN_NONE || frequency < code->nodes[least[1]].frequency) {
            least[1] = i;
        }
    }
}

static void join(struct huffman *code, int16_t at, int16_t left, int16_t right)
{
    code->nodes[at].frequency =
        code->nodes[left].frequency + (right == HUFFMAN_NONE ? 0 : code->nodes[right].frequency);
    code->nodes[at].left = left;
    code->nodes[at].right = right;
    code->nodes[left].parent = at;
    if (right != HUFFMAN_NONE)
        code->nodes[right].parent = at;
}

void huffman_build(struct huffman *code, const unsigned char *text, size_t size)
{
    for (int i = 0; i < HUFFMAN_NODES; i++) {
        code->nodes[i].frequency = 0;
        code->nodes[i].parent = code->nodes[i].left = code->nodes[i].right = HUFFMAN_NONE;
    }
    for (size_t i = 0; i < size; i++)
        code->nodes[text[i]].frequency++;
    int16_t count = HUFFMAN_BYTES, least[2];
    for (;;) {
        find_two_least(code, count, least);
        if (least[1] == HUFFMAN_NONE && count > HUFFMAN_BYTES)
            break;
        join(code, count++, least[0], least[1]);
    }
    code->root = least[0];
}

size_t huffman_encode(const struct huffman *code, const unsigned char *text, size_t size, unsigned char *bits)
{
    size_t bit_count = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char way[HUFFMAN_BYTES]; /* from the leaf up */
        int length = 0;
        for (int16_t at = text[i], parent; (parent = code->nodes[at].parent) != HUFFMAN_NONE; at = parent)
            way[length++] = code->nodes[parent].right == at;
        while (length-- > 0) {
            unsigned char mask = (unsigned char)(1U << bit_count % 8);
            if (way[length])
                bits[bit_count / 8] |= mask;
            else
                bits[bit_count / 8] &= (unsigned char)~mask;
            bit_count++;
        }
    }
    return bit_count;
}

size_t huffman_decode(const struct huffman *code, const unsigned char *bits, size_t bit_count, unsigned char *text,
                      size_t size)
{
    int16_t at = code->root;
    size_t done = 0;
    for (size_t bit = 0; bit < bit_count && done < size; bit++) {
        at = bits[bit / 8] >> bit % 8 & 1 ? code->nodes[at].right : code->nodes[at].left;
        if (at == HUFFMAN_NONE)
            break;
        if (code->nodes[at].left == HUFFMAN_NONE) {
            text[done++] = (unsigned char)at;
            at = code->root;
        }
    }
    return done;
}

/* Each time works on what the time before made of it. */
size_t huffman_to_and_fro(struct huffman *code, unsigned char *text, size_t size, unsigned char *bits, int times)
{
    size_t bit_count = 0;
    while (times-- > 0) {
        huffman_build(code, text, size);
        bit_count = huffman_encode(code, text, size, bits);
        huffman_decode(code, bits, bit_count, text, size);
    }
    return bit_count;
}

/* Words of no meaning, each with the blank in front of it. */
static void compose(unsigned char *text, size_t size)
{
    static const char *const WORDS[] = {
        " scale",  " weigh",  " pan",     " beam",    " grain",  " ounce",  " load",   " empty",  " vessel", " balance",
        " the",    " of",     ", and",    " a",       " to",     " in",     " is",     ", that",  ", with",  " against",
        " clock",  " second", " instant", " machine", " guest",  " host",   " wire",   " packet", " disk",   " page",
        " Before", " After",  " Nobody",  " Each",    " counts", " begins", " stands", " tells",  " keeps",  " fills",
    };
    struct random r = { SEED };
    size_t line = 0;
    for (const char *from = ""; size > 0; size--, line++) {
        if (*from == '\0') { /* a word's end is the next one's beginning or an end of the line */
            from = line > LINE ? ".\n" : WORDS[random_below(&r, ARRAY_SIZE(WORDS))];
            line = line > LINE ? 0 : line;
        }
        *text++ = (unsigned char)*from++;
    }
}

static void make(void *state)
{
    struct huffman_state *s = state;
    compose(s->original, sizeof s->original);
}

static void load(void *state)
{
    struct huffman_state *s = state;
    memcpy(s->text, s->original, sizeof s->text);
    s->bit_count = 0;
}

static uint64_t work(void *state)
{
    struct huffman_state *s = state;
    s->bit_count = huffman_to_and_fro(&s->code, s->text, sizeof s->text, s->bits, LOOPS);
    return LOOPS;
}

static bool check(const void *state, struct err *e)
{
    const struct huffman_state *s = state;
    if (memcmp(s->text, s->original, sizeof s->text) != 0)
        return err_set(e, ERR_INTERNAL, "what was expanded is not the text");
    if (s->bit_count == 0 || s->bit_count >= (size_t)BYTES * 8)
        return err_set(e, ERR_INTERNAL, "%d bytes were compressed to %zu bits", BYTES, s->bit_count);
    return true;
}

const struct kernel KERNEL_HUFFMAN = { sizeof(struct huffman_state), make, load, work, check };
