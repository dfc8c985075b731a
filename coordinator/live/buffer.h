/* buffer.h - a text that grows. What does not fit into memory is left out, whole pieces at a time. */
#ifndef TARE_BUFFER_H
#define TARE_BUFFER_H

#include <stddef.h>

#include "base/err.h"

struct buffer {
    char *text; /* owned; no NUL at its end */
    size_t size, room;
};

/* Append; false, and nothing changed, when memory is out. */
bool buffer_put(struct buffer *buffer, const char *text, size_t size);

/* Append as printf; pieces of at most 4 KiB, of which the rest is cut. */
void buffer_print(struct buffer *buffer, const char *fmt, ...) PRINTF_LIKE(2, 3);

void buffer_clear(struct buffer *buffer);

#endif
