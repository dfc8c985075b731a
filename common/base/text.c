#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool text_copy(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size);
    bool whole = length < size;
    if (!whole)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
    return whole;
}

bool text_append(char *to, size_t size, const char *fmt, ...)
{
    size_t used = strnlen(to, size);
    if (used >= size)
        return false;
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(to + used, size - used, fmt, args);
    va_end(args);
    return wanted >= 0 && (size_t)wanted < size - used;
}

static bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool text_is_name(const char *text)
{
    size_t length = strnlen(text, 64);
    if (length == 0 || length > 63 || !is_alnum(text[0]))
        return false;
    for (size_t i = 1; i < length; i++)
        if (!is_alnum(text[i]) && text[i] != '-' && text[i] != '_' && text[i] != '.')
            return false;
    return true;
}

/* Bytes of the UTF-8 sequence that begins at `at`, 0 when it is not well-formed (Unicode 15, table 3-7). */
static size_t sequence_size(const unsigned char *at, size_t left)
{
    if (at[0] < 0x80)
        return 1;
    size_t size = at[0] >= 0xc2 && at[0] <= 0xdf   ? 2
                  : at[0] >= 0xe0 && at[0] <= 0xef ? 3
                  : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                   : 0;
    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool beyond = at[0] == 0xf4 && at[1] > 0x8f;
    bool c1_control = at[0] == 0xc2 && at[1] < 0xa0;
    return overlong || surrogate || beyond || c1_control ? 0 : size;
}

bool text_is_printable(const char *text, size_t size)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        if ((at[i] < 0x20 && at[i] != '\t') || at[i] == 0x7f)
            return false;
        size_t step = sequence_size(at + i, size - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

void text_disarm(char *text)
{
    size_t left = strlen(text);
    for (unsigned char *at = (unsigned char *)text; left > 0;) {
        size_t step = *at < 0x20 || *at == 0x7f ? 0 : sequence_size(at, left);
        if (step == 0)
            *at = '?';
        step += step == 0;
        at += step;
        left -= step;
    }
}

static int least(int a, int b) { return a < b ? a : b; }

int text_distance(const char *a, const char *b)
{
    enum { MOST = 63 };
    size_t rows = strnlen(a, MOST + 1), columns = strnlen(b, MOST + 1);
    if (rows > MOST || columns > MOST)
        return 99;
    int d[MOST + 1][MOST + 1];
    for (size_t i = 0; i <= rows; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= columns; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= rows; i++)
        for (size_t j = 1; j <= columns; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[rows][columns];
}
