#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/glyph.h"

static bool split(struct source *s)
{
    size_t count = 1;
    for (size_t i = 0; i < s->size; i++)
        count += s->text[i] == '\n';
    s->lines = calloc(count, sizeof *s->lines);
    if (!s->lines)
        return false;
    s->line_count = 1;
    for (size_t i = 0; i < s->size; i++)
        if (s->text[i] == '\n')
            s->lines[s->line_count++] = i + 1;
    return true;
}

/* U+2028 and U+2029: lines end there for YAML 1.1, but in no editor. */
static bool is_separator(const char *at, size_t size)
{
    return size == 3 && (memcmp(at, "\xe2\x80\xa8", 3) == 0 || memcmp(at, "\xe2\x80\xa9", 3) == 0);
}

/* A byte order mark that is not the first, U+FFFE and U+FFFF: unseen, and libyaml stumbles. */
static bool is_no_character(const char *at, size_t size)
{
    return size == 3 && (memcmp(at, "\xef\xbb\xbf", 3) == 0 || memcmp(at, "\xef\xbf\xbe", 3) == 0 ||
                         memcmp(at, "\xef\xbf\xbf", 3) == 0);
}

/* The first byte that a scenario cannot hold; `size` when all is well. */
static size_t find_bad(const struct source *s)
{
    for (size_t i = 0; i < s->size;) {
        const char *at = s->text + i;
        struct glyph glyph = glyph_at(at, s->size - i);
        bool line_end = *at == '\n' || (*at == '\r' && i + 1 < s->size && at[1] == '\n');
        if (!line_end && (!glyph.good || is_separator(at, glyph.size) || is_no_character(at, glyph.size)))
            return i;
        i += glyph.size;
    }
    return s->size;
}

bool source_init(struct source *source, const char *text, size_t size, struct diags *diags)
{
    *source = (struct source){ .text = text, .size = size };
    if (!split(source)) {
        diags_add(diags, 0, 0, 0, "out of memory while reading it");
        return false;
    }
    size_t bad = find_bad(source);
    if (bad == size)
        return true;
    struct source_place at = source_place(source, bad, bad);
    unsigned byte = (unsigned char)text[bad];
    if (byte == '\r' || is_separator(text + bad, size - bad < 3 ? size - bad : 3))
        diags_add(diags, at.line, at.column, at.width, "a line ends here in a way that few editors know: use newlines");
    else if (byte < 0x80)
        diags_add(diags, at.line, at.column, at.width, "control character 0x%02x: leave it out", byte);
    else
        diags_add(diags, at.line, at.column, at.width,
                  "byte 0x%02x begins no printable UTF-8 character: save the file as UTF-8", byte);
    source_finish(source);
    return false;
}

void source_finish(struct source *source)
{
    free(source->lines);
    source->lines = NULL;
}

static bool is_inside_char(const struct source *s, size_t byte)
{
    return byte > 0 && byte < s->size && ((unsigned char)s->text[byte] & 0xc0) == 0x80;
}

size_t source_byte(struct source *source, size_t index)
{
    struct source *s = source;
    for (; s->at_char < index && s->at_byte < s->size; s->at_char++)
        do
            s->at_byte++;
        while (is_inside_char(s, s->at_byte));
    for (; s->at_char > index && s->at_byte > 0; s->at_char--)
        do
            s->at_byte--;
        while (is_inside_char(s, s->at_byte));
    return s->at_byte;
}

struct source_place source_place(const struct source *source, size_t start, size_t end)
{
    size_t low = 0, high = source->line_count; /* the last line that begins at or before `start` */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (source->lines[middle] <= start)
            low = middle;
        else
            high = middle;
    }
    bool one_line = end > start && !memchr(source->text + start, '\n', end - start);
    return (struct source_place){
        .line = (int)low + 1,
        .column = (int)(start - source->lines[low]) + 1,
        .width = one_line ? (int)(end - start) : 1,
    };
}
