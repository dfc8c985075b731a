#include "glyph.h"

#include <stdint.h>

#include "base/text.h"

/* Unicode 15, the blocks in which (nearly) every character is as wide, not the full property
 * tables: a caret that is one cell off under a rare sign does no harm. wcwidth(3) would need the
 * user's locale to be UTF-8. */
static const struct {
    uint32_t first, last;
    int cells;
} BLOCKS[] = {
    { 0x0300, 0x036f, 0 }, { 0x1ab0, 0x1aff, 0 },   { 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200f, 0 },
    { 0x202a, 0x202e, 0 }, { 0x20d0, 0x20ff, 0 },   { 0xfe00, 0xfe0f, 0 },   { 0xfe20, 0xfe2f, 0 },
    { 0xfeff, 0xfeff, 0 }, { 0x1100, 0x115f, 2 },   { 0x2e80, 0x303e, 2 },   { 0x3041, 0xa4cf, 2 },
    { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 },   { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },
    { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
};

static uint32_t decode(const unsigned char *at, size_t size)
{
    static const unsigned char FIRST_BITS[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = at[0] & FIRST_BITS[size];
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3f);
    return code;
}

struct glyph glyph_at(const char *at, size_t left)
{
    size_t size = 1;
    while (size <= 4 && size <= left && !text_is_printable(at, size))
        size++;
    if (size > 4 || size > left)
        return (struct glyph){ .size = 1, .cells = 1 };
    uint32_t code = decode((const unsigned char *)at, size);
    for (size_t i = 0; i < ARRAY_SIZE(BLOCKS); i++)
        if (code >= BLOCKS[i].first && code <= BLOCKS[i].last)
            return (struct glyph){ size, BLOCKS[i].cells, true };
    return (struct glyph){ size, 1, true };
}

size_t glyph_count(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t at = 0; at < size; count++)
        at += glyph_at(text + at, size - at).size;
    return count;
}
