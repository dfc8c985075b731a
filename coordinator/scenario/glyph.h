/* glyph.h - what one character of a line is: its bytes, and the cells it takes on a terminal. */
#ifndef TARE_GLYPH_H
#define TARE_GLYPH_H

#include <stdbool.h>
#include <stddef.h>

struct glyph {
    size_t size; /* bytes; 1 where no well-formed character stands */
    int cells;   /* 0 for a mark on the character before, 2 for a wide one, else 1 */
    bool good;   /* well-formed UTF-8 and no control character but tab */
};

/* The character at `at`, where `left` (> 0) bytes are left. */
struct glyph glyph_at(const char *at, size_t left);

/* Characters in `size` bytes, each ill-formed byte counted as one. */
size_t glyph_count(const char *text, size_t size);

#endif
