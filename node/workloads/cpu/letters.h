/* letters.h - the 26 capitals in 7 rows of 5 points. */
#ifndef TARE_LETTERS_H
#define TARE_LETTERS_H

enum { LETTERS_COUNT = 26, LETTERS_ROWS = 7, LETTERS_COLUMNS = 5 };

/* Rows from the top, '#' for a point that is set. */
extern const char *const LETTERS[LETTERS_COUNT][LETTERS_ROWS];

#endif
