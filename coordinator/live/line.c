#include "line.h"

#include <string.h>

#include "base/text.h"
#include "scenario/glyph.h"

enum { WORD_MOST = 300 };

static const char *const INKS[INK_COUNT] = {
    [INK_PLAIN] = "",        [INK_STRONG] = "\033[1m", [INK_FAINT] = "\033[2m",  [INK_GOOD] = "\033[32m",
    [INK_WARN] = "\033[33m", [INK_BAD] = "\033[31m",   [INK_SHAPE] = "\033[36m",
};

/* Bytes of `text` that take at most `room` cells; those cells in *cells. */
static size_t measure(const char *text, int room, int *cells)
{
    size_t at = 0, size = strlen(text);
    *cells = 0;
    while (at < size) {
        struct glyph glyph = glyph_at(text + at, size - at);
        if (*cells + glyph.cells > room)
            break;
        *cells += glyph.cells;
        at += glyph.size;
    }
    return at;
}

int line_cells(const char *text)
{
    int cells;
    measure(text, 1 << 20, &cells);
    return cells;
}

static void put(struct line *l, enum ink ink, const char *text, size_t size, const char *tail)
{
    bool is_colored = l->color && ink != INK_PLAIN;
    if (size + strlen(tail) == 0)
        return;
    buffer_print(l->out, "%*s", l->blank, "");
    l->blank = 0;
    buffer_print(l->out, "%s%.*s%s%s", is_colored ? INKS[ink] : "", (int)size, text, tail, is_colored ? "\033[0m" : "");
}

/* `text` in at most `columns` cells; the cells it took. */
static int put_within(struct line *l, enum ink ink, const char *text, int columns)
{
    int cells;
    size_t size = measure(text, columns, &cells);
    const char *tail = "";
    if (text[size] && columns > 1) {
        size = measure(text, columns - 1, &cells);
        tail = l->utf8 ? "…" : "~";
        cells++;
    }
    put(l, ink, text, size, tail);
    return cells;
}

void line_put(struct line *l, enum ink ink, const char *text)
{
    l->used += put_within(l, ink, text, l->room - l->used);
}

void line_blank(struct line *l, int count)
{
    if (count > l->room - l->used)
        count = l->room - l->used;
    if (count > 0) {
        l->blank += count;
        l->used += count;
    }
}

void line_cell(struct line *l, enum ink ink, const char *text, int columns, bool right)
{
    int fill = columns - line_cells(text), end = l->used + columns;
    if (right)
        line_blank(l, fill);
    if (columns > l->room - l->used)
        columns = l->room - l->used;
    l->used += put_within(l, ink, text, columns);
    line_blank(l, end - l->used);
}

void line_end(struct line *l)
{
    (void)buffer_put(l->out, "\n", 1);
    l->used = l->blank = 0;
}

void line_break(struct line *l, int indent, int cells)
{
    if (l->used > indent && l->used + cells > l->room) {
        line_end(l);
        line_blank(l, indent);
    }
}

void line_piece(struct line *l, int indent, enum ink ink, const char *text)
{
    line_break(l, indent, line_cells(text));
    line_put(l, ink, text);
}

/* Bytes of the next word; a number takes its unit along: "3.5 s". */
static size_t word_size(const char *text)
{
    enum { UNIT_MOST = 8 };
    size_t size = strcspn(text, " "), unit = text[size] ? strcspn(text + size + 1, " ") : 0;
    bool is_number = size > 0 && text[size - 1] >= '0' && text[size - 1] <= '9';
    const char *next = text + size + 1;
    bool has_unit = unit > 0 && unit <= UNIT_MOST && (*next == '%' || (*next >= 'A' && *next <= 'z'));
    return is_number && has_unit ? size + 1 + unit : size;
}

void line_words(struct line *l, int indent, enum ink ink, const char *text)
{
    for (bool first = true; *text; first = false) {
        char word[WORD_MOST];
        size_t size = word_size(text);
        text_copy(word, size < sizeof word ? size + 1 : sizeof word, text);
        if (!first)
            line_break(l, indent, 1 + line_cells(word));
        if (!first && l->used > indent)
            line_blank(l, 1);
        line_piece(l, indent, ink, word);
        text += size + strspn(text + size, " ");
    }
}
