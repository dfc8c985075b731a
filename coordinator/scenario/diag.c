#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/glyph.h"

enum { BEFORE = 40, SHOWN = 100 }; /* glyphs of a line in front of its mistake, and in all */

struct diag {
    int line, column, width;
    size_t order; /* of being found: mistakes at one place stay in it */
    char *text;
};

struct diags {
    char *file, *text;
    size_t size;
    struct diag kept[DIAG_MOST];
    size_t kept_count, count;
    char **arguments; /* that of line -1, that of line -2, ... */
    int argument_count, redirected;
};

struct diags *diags_new(const char *file)
{
    struct diags *diags = calloc(1, sizeof *diags);
    if (diags && !(diags->file = strdup(file)))
        diags_destroy(&diags);
    return diags;
}

void diags_destroy(struct diags **diags)
{
    if (!*diags)
        return;
    for (size_t i = 0; i < (*diags)->kept_count; i++)
        free((*diags)->kept[i].text);
    for (int i = 0; i < (*diags)->argument_count; i++)
        free((*diags)->arguments[i]);
    free((*diags)->arguments);
    free((*diags)->text);
    free((*diags)->file);
    free(*diags);
    *diags = NULL;
}

void diags_set_text(struct diags *diags, const char *text, size_t size)
{
    free(diags->text);
    diags->text = malloc(size + 1);
    diags->size = diags->text ? size : 0; /* without memory: the places, but not their lines */
    if (diags->text)
        memcpy(diags->text, text, size);
}

/* A message quotes what stands in the file; nothing of that may steer the terminal. */
static void make_printable(char *text)
{
    size_t left = strlen(text);
    for (char *at = text; left > 0;) {
        struct glyph glyph = glyph_at(at, left);
        if (!glyph.good)
            *at = '?';
        at += glyph.size;
        left -= glyph.size;
    }
}

void diags_add(struct diags *diags, int line, int column, int width, const char *fmt, ...)
{
    size_t order = diags->count++;
    if (diags->kept_count == DIAG_MOST)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int wanted = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (wanted >= (int)sizeof text)
        memcpy(text + sizeof text - sizeof "...", "...", sizeof "...");
    make_printable(text);
    line = diags->redirected ? diags->redirected : line;
    diags->kept[diags->kept_count++] = (struct diag){ line, column, width, order, strdup(text) };
}

int diags_add_argument(struct diags *diags, const char *name)
{
    char **arguments = reallocarray(diags->arguments, (size_t)diags->argument_count + 1, sizeof *arguments);
    if (!arguments)
        return 0; /* then its mistakes are the file's */
    diags->arguments = arguments;
    arguments[diags->argument_count] = strdup(name);
    if (arguments[diags->argument_count])
        make_printable(arguments[diags->argument_count]);
    return -++diags->argument_count;
}

void diags_redirect(struct diags *diags, int line) { diags->redirected = line; }

size_t diags_count(const struct diags *diags) { return diags->count; }

/* What stands in front of a mistake that has no line of its own. */
static const char *origin_of(const struct diags *diags, const struct diag *diag)
{
    const char *argument =
        diag->line < 0 && -diag->line <= diags->argument_count ? diags->arguments[-diag->line - 1] : NULL;
    return argument ? argument : diags->file;
}

static int by_place(const void *a, const void *b)
{
    const struct diag *one = a, *other = b;
    if ((one->line < 0) != (other->line < 0))
        return one->line < 0 ? 1 : -1;
    if (one->line != other->line) /* arguments count downwards */
        return (one->line < other->line) == (one->line >= 0) ? -1 : 1;
    if (one->column != other->column)
        return one->column < other->column ? -1 : 1;
    return one->order < other->order ? -1 : 1;
}

/* Line `number`, counted from 1, without its end; NULL when the text has no such line. */
static const char *find_line(const struct diags *diags, int number, size_t *size)
{
    const char *at = diags->text, *end = at ? at + diags->size : NULL;
    for (int line = 1; at && at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            stop = end;
        if (line == number) {
            *size = (size_t)(stop - at);
            if (*size > 0 && at[*size - 1] == '\r')
                --*size;
            return at;
        }
        at = stop + 1;
    }
    return NULL;
}

/* Where to begin so that at most BEFORE glyphs stand in front of `mistake`. */
static size_t window_start(const char *line, size_t mistake)
{
    size_t start = mistake;
    for (int i = 0; i < BEFORE && start > 0; i++)
        do
            start--;
        while (start > 0 && ((unsigned char)line[start] & 0xc0) == 0x80);
    return start;
}

/* The line, and below it a caret under the mistake. Tabs stay tabs in both, so that the caret is
 * in its place whatever the terminal makes of them. */
static void print_source(const char *line, size_t size, const struct diag *diag, FILE *to)
{
    size_t mistake = diag->column > 1 ? (size_t)(diag->column - 1) : 0;
    if (mistake > size)
        mistake = size;
    size_t width = diag->width > 1 ? (size_t)diag->width : 1;
    size_t last = width < size - mistake ? mistake + width : size;
    bool is_long = size > 4 * (size_t)SHOWN || glyph_count(line, size) > SHOWN;
    size_t start = is_long ? window_start(line, mistake) : 0;

    fprintf(to, "  %s", start > 0 ? "..." : "");
    char marks[6 + 2 * SHOWN + 4]; /* a glyph is at most two cells wide */
    size_t used = 0;
    for (size_t i = 0; i < (start > 0 ? 3 : 0); i++)
        marks[used++] = ' ';
    size_t at = start;
    bool marked = false;
    for (int shown = 0; at < size && shown < SHOWN; shown++) {
        struct glyph glyph = glyph_at(line + at, size - at);
        if (glyph.good)
            fwrite(line + at, 1, glyph.size, to);
        else
            fputc('?', to);
        if (at < mistake && line[at] == '\t') {
            marks[used++] = '\t';
        } else {
            int cells = at == mistake && glyph.cells == 0 ? 1 : glyph.cells;
            for (int cell = 0; cell < cells && at < last; cell++) {
                marks[used++] = at < mistake ? ' ' : marked ? '~' : '^';
                marked = at >= mistake;
            }
        }
        at += glyph.size;
    }
    if (!marked)
        marks[used++] = '^'; /* what is missing is missing at the end of the line */
    fprintf(to, "%s\n  %.*s\n", at < size ? "..." : "", (int)used, marks);
}

void diags_print(const struct diags *diags, FILE *to)
{
    struct diag sorted[DIAG_MOST];
    memcpy(sorted, diags->kept, diags->kept_count * sizeof *sorted);
    qsort(sorted, diags->kept_count, sizeof *sorted, by_place);
    for (size_t i = 0; i < diags->kept_count; i++) {
        const struct diag *diag = &sorted[i];
        const char *text = diag->text ? diag->text : "a mistake that no memory was left to describe";
        if (diag->line <= 0) {
            fprintf(to, "%s: error: %s\n", origin_of(diags, diag), text);
            continue;
        }
        fprintf(to, "%s:%d:%d: error: %s\n", diags->file, diag->line, diag->column, text);
        size_t size = 0;
        const char *line = find_line(diags, diag->line, &size);
        if (line)
            print_source(line, size, diag, to);
    }
    if (diags->count > 1)
        fprintf(to, "%zu mistakes in %s", diags->count, diags->file);
    if (diags->count > diags->kept_count)
        fprintf(to, "; the first %zu that were found are shown", diags->kept_count);
    if (diags->count > 1)
        fputc('\n', to);
}
