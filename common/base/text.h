/* text.h - bounded strings: nothing is written past the end, and a cut is told. */
#ifndef TARE_TEXT_H
#define TARE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

/* Copy `from` into `to` of `size` bytes, always ended by NUL. False when it was cut. */
bool text_copy(char *to, size_t size, const char *from);

/* Append as printf to the text in `to` of `size` bytes. False when it was cut. */
bool text_append(char *to, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A name of a node, scenario, step or machine: letters, digits, '-', '_', '.', beginning with a
 * letter or digit, at most 63 bytes. */
bool text_is_name(const char *text);

/* True when `text` is well-formed UTF-8 without control characters other than tab. */
bool text_is_printable(const char *text, size_t size);

/* Put '?' in the place of every control character, so that a text from another machine cannot command
 * the terminal that shows it, and of every byte that makes no UTF-8, such as half a character at a cut. */
void text_disarm(char *text);

/* The edits (insert, delete, replace, swap neighbours) from `a` to `b`; for "did you mean".
 * Damerau-Levenshtein distance in its optimal string alignment form; 99 for texts over 63 bytes. */
int text_distance(const char *a, const char *b);

#endif
