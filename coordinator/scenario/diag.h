/* diag.h - mistakes in a text, each with its place.
 *
 *   lab.yaml:7:21: error: length: '10' has no unit (one of: ns us ms s m h)
 *     - {name: send, length: 10, run: net_stream}
 *                            ^~
 */
#ifndef TARE_DIAG_H
#define TARE_DIAG_H

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

enum { DIAG_MOST = 100 }; /* more than these are counted, not kept */

struct diags;

/* `file` names the text in the lines; both are copied. NULL when memory is out. */
struct diags *diags_new(const char *file);
void diags_destroy(struct diags **diags);

/* The text that the diagnostics point into; copied. Call once it is read. */
void diags_set_text(struct diags *diags, const char *text, size_t size);

/* Line and column count from 1, the column in bytes; `width` bytes are underlined. Line 0: the
 * file as a whole; below 0: an argument. */
void diags_add(struct diags *diags, int line, int column, int width, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The mistakes of an argument of the command line: `name` ("--set repeats=5", copied) stands where
 * file, line and column do. The result is the line, below 0, that marks what came from it. */
int diags_add_argument(struct diags *diags, const char *name);

/* From here on every mistake is at `line`, whatever diags_add is told; 0 ends that. */
void diags_redirect(struct diags *diags, int line);

size_t diags_count(const struct diags *diags);

/* All of them, in the order of their places, arguments last, without colour; a line of a thousand characters is
 * shown as the part around its mistake. Several end with "N mistakes in FILE". */
void diags_print(const struct diags *diags, FILE *to);

#endif
