/* compare_words.h - what a comparison says, in sentences: each claim in words of its own, so that 'no
 * difference found' is never read as 'the same', nor a price under emulation as that of KVM.
 */
#ifndef TARE_COMPARE_WORDS_H
#define TARE_COMPARE_WORDS_H

#include "result/compare.h"

enum { COMPARE_WORDS = 1024 };

/* The verdict and what bears on it, clean, into `text` of COMPARE_WORDS bytes. */
const char *compare_words(const struct comparison *c, char *text);

/* "NOT REACHED: ..." where the scenario asks for a narrower interval than there is; "" else. */
const char *compare_words_until(const struct comparison *c, char *text);

/* The label with every difference by name: "emulation (not the cost of KVM); CPUs 2 / 1". */
const char *compare_words_label(const struct comparison *c, char *text);

/* A side's node; with its run where the sides are of two. */
const char *compare_words_side(const struct comparison *c, bool is_base, char *text, size_t size);

#endif
