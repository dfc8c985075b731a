#include "print.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"

const char *print_clean(const char *text, char *out, size_t size)
{
    bool whole = text_copy(out, size, text);
    if (!whole) /* the cut may be in the middle of a character */
        for (size_t end = strlen(out); end > 0 && !text_is_printable(out, strlen(out)) && strlen(text) - end < 4; end--)
            out[end - 1] = '\0';
    bool printable = text_is_printable(out, strlen(out));
    for (char *c = out; *c; c++)
        if (*c == '\t' || *c == '\n')
            *c = ' ';
        else if (!printable && (*c < 0x20 || *c > 0x7e))
            *c = '?';
    return out;
}

int print_width(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

const char *print_utc(int64_t real_ns, char *out, size_t size)
{
    time_t seconds = (time_t)(real_ns / CLOCK_NS_PER_S);
    struct tm utc;
    *out = '\0';
    if (real_ns > 0 && gmtime_r(&seconds, &utc))
        strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return out;
}

/* Bytes of the word that `text` begins with; of one that no line could hold, as many as fit. */
static size_t word_size(const char *text, int most)
{
    size_t size = strcspn(text, " ");
    if (size <= (size_t)most)
        return size;
    size = (size_t)most;
    while (size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--; /* not in the middle of a character */
    return size;
}

void print_wrapped(const char *text, int used, int indent, int width, FILE *out)
{
    bool blank = false; /* stands between what was written and what comes */
    int most = width - indent > 1 ? width - indent : 1, begin = used;
    while (*text) {
        char word[512];
        size_t size = word_size(text, most < (int)sizeof word ? most : (int)sizeof word - 1);
        text_copy(word, size + 1, text);
        text += size;
        int columns = print_width(word);
        if (used > begin && used + blank + columns > width) {
            fprintf(out, "\n%*s", indent, "");
            used = begin = indent;
            blank = false;
        }
        fprintf(out, "%s%s", blank ? " " : "", word);
        used += blank + columns;
        blank = *text == ' ';
        text += strspn(text, " ");
    }
    fputc('\n', out);
}
