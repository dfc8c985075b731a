#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buffer_put(struct buffer *b, const char *text, size_t size)
{
    if (size > b->room - b->size) {
        size_t room = b->room ? b->room : 1024;
        while (room - b->size < size)
            room *= 2;
        char *grown = realloc(b->text, room);
        if (!grown)
            return false;
        b->text = grown;
        b->room = room;
    }
    if (size > 0)
        memcpy(b->text + b->size, text, size);
    b->size += size;
    return true;
}

void buffer_print(struct buffer *b, const char *fmt, ...)
{
    char piece[4096];
    va_list args;
    va_start(args, fmt);
    int size = vsnprintf(piece, sizeof piece, fmt, args);
    va_end(args);
    if (size > 0)
        (void)buffer_put(b, piece, (size_t)size < sizeof piece ? (size_t)size : sizeof piece - 1);
}

void buffer_clear(struct buffer *b)
{
    free(b->text);
    *b = (struct buffer){ 0 };
}
