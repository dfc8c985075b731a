/* limit_words.h - what limited the figures, for people and for programs. */
#ifndef TARE_LIMIT_WORDS_H
#define TARE_LIMIT_WORDS_H

#include <jansson.h>

#include "result/sheet.h"

/* "host send: wire 99.9 % (94.1 Mbit/s of 94.2 Mbit/s, host's eth0)" into `line`: by the medians of the
 * node's trials of a step that count. "" where nothing came near a ceiling that is known. */
MUST_CHECK bool limit_words_step(struct sheet *sheet, int step, const char *node, const char *direction, char *line,
                                 size_t size, struct err *e);

/* The ceilings that are known, each with what was used of it; the caller's. */
json_t *limit_words_json(const struct limits *limits);

#endif
