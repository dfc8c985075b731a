/* page.h - where a report for people goes: how wide it is, and colours by what they tell. */
#ifndef TARE_PAGE_H
#define TARE_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "result/model.h"

enum { PAGE_LEAST_WIDTH = 40, PAGE_MARGIN = 1, PAGE_GAP = 2 };

enum tone { TONE_PLAIN, TONE_HEAD, TONE_GOOD, TONE_WARN, TONE_BAD, TONE_FAINT, TONE_COUNT };

struct page {
    FILE *out;
    int width;
    bool color;
};

/* A text in its tone; takes the columns of the text. */
void page_put(const struct page *page, enum tone tone, const char *text);

/* `text` in exactly `columns` columns: filled up on its left or right, or cut with a '~' at its
 * end. `last` in a line: not filled up on the right. */
void page_cell(const struct page *page, enum tone tone, const char *text, int columns, bool left, bool last);

enum tone page_status_tone(enum run_status status);

#endif
