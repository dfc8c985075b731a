#include "order.h"

#include <string.h>

static uint64_t *word_of(struct order *o, uint64_t number) { return &o->seen[number / 64 % ORDER_WORDS]; }
static uint64_t bit_of(uint64_t number) { return UINT64_C(1) << number % 64; }

/* Forget what stood, a window ago, where the words from `next` to `number` are now. */
static void move_on(struct order *o, uint64_t number)
{
    if (number - o->next >= ORDER_WINDOW) {
        memset(o->seen, 0, sizeof o->seen);
        return;
    }
    for (uint64_t first = (o->next + 63) / 64; first <= number / 64; first++)
        o->seen[first % ORDER_WORDS] = 0;
}

bool order_add(struct order *o, uint64_t number)
{
    if (number >= o->next) {
        if (number - o->next >= ORDER_JUMP_MOST)
            return false;
        move_on(o, number);
        *word_of(o, number) |= bit_of(number);
        o->next = number + 1;
        return true;
    }
    /* The oldest word of the window is partly the newest one's: it is left out. */
    if (o->next - number > ORDER_WINDOW - 64) {
        o->late++;
    } else if (*word_of(o, number) & bit_of(number)) {
        o->duplicates++;
    } else {
        *word_of(o, number) |= bit_of(number);
        o->late++;
    }
    return true;
}
