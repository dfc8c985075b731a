#include "words.h"

#include <string.h>

#include "text.h"

/* The word at `at`, its size in *size; the one after it begins at the result. NULL past the last. */
static const char *step(const char *at, size_t *size)
{
    if (!at || *at == '\0')
        return NULL;
    const char *end = strchrnul(at, '|');
    *size = (size_t)(end - at);
    return *end ? end + 1 : end;
}

int words_index(const char *words, const char *word)
{
    size_t length = strlen(word), size = 0;
    int index = 0;
    for (const char *at = words, *next; (next = step(at, &size)); at = next, index++)
        if (size == length && memcmp(at, word, size) == 0)
            return index;
    return -1;
}

const char *words_nth(const char *words, unsigned n, char *out, size_t size)
{
    size_t length = 0;
    const char *at = words, *next = step(at, &length);
    for (; n > 0 && next; n--) {
        at = next;
        next = step(at, &length);
    }
    out[0] = '\0';
    if (next)
        text_append(out, size, "%.*s", (int)length, at);
    return out;
}

bool words_add(char *words, size_t size, const char *word)
{
    size_t used = strnlen(words, size);
    if (text_append(words, size, "%s%s", used ? "|" : "", word))
        return true;
    words[used] = '\0'; /* half a word would be another one */
    return false;
}

bool words_nearest(const char *words, const char *word, char *out, size_t size)
{
    enum { LONGEST = 63 };
    size_t length = strnlen(word, LONGEST + 1), each = 0;
    /* Two edits make a typo of a long word, and another word of a short one. */
    int best = length <= 3 ? 2 : 3;
    bool found = false;
    for (const char *at = words, *next; (next = step(at, &each)); at = next) {
        char candidate[LONGEST + 1];
        if (each > LONGEST)
            continue;
        memcpy(candidate, at, each);
        candidate[each] = '\0';
        int distance = text_distance(candidate, word);
        if (distance < best && (size_t)distance < length) {
            best = distance;
            found = text_copy(out, size, candidate);
        }
    }
    return found;
}

const char *words_show(const char *words, char *out, size_t size)
{
    *out = '\0';
    size_t each = 0;
    for (const char *at = words, *next; (next = step(at, &each)); at = next)
        text_append(out, size, "%s%.*s", *out ? ", " : "", (int)each, at);
    return out;
}
