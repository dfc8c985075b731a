/* print.h - what the reports share: text that is safe to show, times, words to a width. */
#ifndef TARE_PRINT_H
#define TARE_PRINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* `text` as it may go to a terminal or into JSON: nodes choose some texts, and an archive may come
 * from anywhere, so tabs and ends of lines become blanks, and what else is not printable UTF-8 '?'. Cut to `size`;
 * returns `out`. */
const char *print_clean(const char *text, char *out, size_t size);

/* Columns that a clean text takes: its code points. */
int print_width(const char *text);

/* "2026-11-23T15:20:38Z"; "" for 0. Returns `out`. */
const char *print_utc(int64_t real_ns, char *out, size_t size);

/* Break `text` at blanks into lines of at most `width` columns, of which the first has `used`
 * already and the others begin with `indent` blanks. Ends the last line. */
void print_wrapped(const char *text, int used, int indent, int width, FILE *out);

#endif
