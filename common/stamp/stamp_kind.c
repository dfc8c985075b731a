#include "stamp_kind.h"

#include <string.h>

#define WORD(name, word) [name] = word,
static const char *const WORDS[STAMP_KIND_COUNT] = { STAMP_KINDS(WORD) };

const char *stamp_kind_word(enum stamp_kind kind) { return (unsigned)kind < STAMP_KIND_COUNT ? WORDS[kind] : "?"; }

enum stamp_kind stamp_kind_from(const char *word)
{
    int kind = 0;
    while (kind < STAMP_KIND_COUNT && strcmp(WORDS[kind], word) != 0)
        kind++;
    return (enum stamp_kind)kind;
}
