#include "page.h"

#include <string.h>

#include "base/text.h"
#include "report/print.h"

static const char *const TONES[TONE_COUNT] = {
    [TONE_PLAIN] = "",        [TONE_HEAD] = "\033[1m", [TONE_GOOD] = "\033[32m",
    [TONE_WARN] = "\033[33m", [TONE_BAD] = "\033[31m", [TONE_FAINT] = "\033[2m",
};

void page_put(const struct page *page, enum tone tone, const char *text)
{
    if (page->color && tone != TONE_PLAIN && *text)
        fprintf(page->out, "%s%s\033[0m", TONES[tone], text);
    else
        fputs(text, page->out);
}

void page_cell(const struct page *page, enum tone tone, const char *text, int columns, bool left, bool last)
{
    char cut[256];
    text_copy(cut, sizeof cut, text);
    if (print_width(cut) > columns) {
        for (size_t end = strlen(cut); end > 0 && print_width(cut) >= columns;)
            cut[--end] = '\0';
        text_append(cut, sizeof cut, "~");
    }
    int fill = columns - print_width(cut);
    if (!left)
        fprintf(page->out, "%*s", fill, "");
    page_put(page, tone, cut);
    if (left && !last)
        fprintf(page->out, "%*s", fill, "");
}

enum tone page_status_tone(enum run_status status)
{
    return status == RUN_COMPLETE ? TONE_GOOD : status == RUN_ABORTED ? TONE_BAD : TONE_WARN;
}
