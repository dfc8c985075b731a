/* comparison.h - one comparison, from the trials of two nodes: for compare.c, which says whom. */
#ifndef TARE_COMPARISON_H
#define TARE_COMPARISON_H

#include "result/compare.h"
#include "result/sheet.h"

/* Two nodes in one step, or in a step of two runs. All borrowed. */
struct subject {
    struct sheet *base_sheet, *with_sheet;
    int base_step, with_step;
    const char *base, *with, *direction;
};

/* Compare a figure over all rounds. *is_any: whether either node has it in any round; else there is
 * nothing in *made. */
MUST_CHECK bool comparison_of(const struct subject *subject, const struct sheet_figure *figure, struct comparison *made,
                              bool *is_any, struct err *e);

#endif
