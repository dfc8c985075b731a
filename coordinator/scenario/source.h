/* source.h - a text and its lines: which place a byte has. */
#ifndef TARE_SOURCE_H
#define TARE_SOURCE_H

#include <stddef.h>

#include "scenario/diag.h"

struct source {
    const char *text; /* borrowed */
    size_t size;
    size_t *lines; /* owned; where each begins */
    size_t line_count;
    size_t at_byte, at_char; /* two names of one place */
};

struct source_place {
    int line, column, width; /* as diags_add takes them */
};

/* Find the lines. False, with the reason in `diags`, for a text that is not UTF-8, holds control
 * characters, or line ends that YAML counts and an editor does not. */
bool source_init(struct source *source, const char *text, size_t size, struct diags *diags);
void source_finish(struct source *source);

/* The byte at which the `index`th character (from 0) begins; `size` past the last one. Quick for
 * an index near the one asked for before. */
size_t source_byte(struct source *source, size_t index);

/* From byte `start` to `end`. What goes over several lines is marked by its first character. */
struct source_place source_place(const struct source *source, size_t start, size_t end);

#endif
