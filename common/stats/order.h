/* order.h - in what order numbered messages came: which twice, which after a later one.
 *
 * Numbers count from 0. The last ORDER_WINDOW of them are remembered one by one; an older one counts as
 * late, for whether it came before can't be told. One thread adds.
 */
#ifndef TARE_ORDER_H
#define TARE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

enum { ORDER_WINDOW = 64 * 1024, ORDER_WORDS = ORDER_WINDOW / 64 };
/* A number that is this much ahead of all before is a stranger's. */
#define ORDER_JUMP_MOST (UINT64_C(1) << 32)

struct order {
    uint64_t next;       /* the number after the greatest that came */
    uint64_t late;       /* came after a greater one, for the first time */
    uint64_t duplicates; /* came again */
    uint64_t seen[ORDER_WORDS];
};

/* A message came. False for one that is none of the series: then nothing has changed. */
bool order_add(struct order *order, uint64_t number);

#endif
