/* words.h - a short list of words in one text, "send|receive|both": choices, and the keys of a mapping. */
#ifndef TARE_WORDS_H
#define TARE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* The place of `word` in `words` from 0, -1 when it is not there. */
int words_index(const char *words, const char *word);

/* The word at place `n` into `out`; "" where there is none. Returns `out`. */
const char *words_nth(const char *words, unsigned n, char *out, size_t size);

/* Append `word` to the list in `words` of `size` bytes. False when there was no room for it. */
bool words_add(char *words, size_t size, const char *word);

/* The word that `word` was probably meant to be: true with it in `out`, false when none is near. */
bool words_nearest(const char *words, const char *word, char *out, size_t size);

/* For people: "send, receive, both", cut when it is too long. Returns `out`. */
const char *words_show(const char *words, char *out, size_t size);

#endif
