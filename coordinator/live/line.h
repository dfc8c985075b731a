/* line.h - one line of a terminal in the making: how many cells it takes, and colours by what they
 * tell. Nothing is put beyond `room`.
 */
#ifndef TARE_LINE_H
#define TARE_LINE_H

#include "live/buffer.h"

enum ink { INK_PLAIN, INK_STRONG, INK_FAINT, INK_GOOD, INK_WARN, INK_BAD, INK_SHAPE, INK_COUNT };

struct line {
    struct buffer *out;
    int room, used; /* cells */
    int blank;      /* of these at the end: only written once something follows */
    bool color, utf8;
};

/* Cells that `text` takes. */
int line_cells(const char *text);

/* What fits of `text`; the rest is cut, with an ellipsis where that helps. */
void line_put(struct line *line, enum ink ink, const char *text);

/* `text` in exactly `columns` cells, at their left or right. */
void line_cell(struct line *line, enum ink ink, const char *text, int columns, bool right);

/* `count` blanks. */
void line_blank(struct line *line, int count);

/* Begin a new line behind `indent` blanks where `cells` more would not fit on this one. */
void line_break(struct line *line, int indent, int cells);

/* `text` in one piece, on a new line behind `indent` blanks where it would not fit on this one. */
void line_piece(struct line *line, int indent, enum ink ink, const char *text);

/* The words of `text`, each a piece, a number with its unit. */
void line_words(struct line *line, int indent, enum ink ink, const char *text);

/* End it and begin the next. */
void line_end(struct line *line);

#endif
