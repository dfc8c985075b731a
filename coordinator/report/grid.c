#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/print.h"

bool grid_add(struct grid *grid, const struct grid_point *point, struct err *e)
{
    struct grid_point *points = reallocarray(grid->points, grid->count + 1, sizeof *points);
    if (!points)
        return err_set(e, ERR_INTERNAL, "out of memory for a table");
    grid->points = points;
    points[grid->count++] = *point;
    return true;
}

void grid_clear(struct grid *grid)
{
    free(grid->points);
    *grid = (struct grid){ 0 };
}

/* ---- units ---- */

struct scale {
    const char *unit, *shown;
    double factor;
};

static const struct scale SCALES[] = {
    { "B/s", "GB/s", 1e9 },     { "B/s", "MB/s", 1e6 },     { "B/s", "kB/s", 1e3 }, { "bit/s", "Gbit/s", 1e9 },
    { "bit/s", "Mbit/s", 1e6 }, { "bit/s", "kbit/s", 1e3 }, { "s", "s", 1 },        { "s", "ms", 1e-3 },
    { "s", "us", 1e-6 },        { "s", "ns", 1e-9 },        { "1/s", "/s", 1 },
};

/* One for all values of a table, or of a column of it: the largest in which the least of them is 1 or more. */
static struct scale scale_of(const struct grid *grid, const struct grid_point *like, bool by_column)
{
    double least = INFINITY;
    struct scale found = { like->unit, like->unit, 1 };
    for (size_t i = 0; i < grid->count; i++) {
        const struct grid_point *p = &grid->points[i];
        if (strcmp(p->table, like->table) == 0 && strcmp(p->unit, like->unit) == 0 && p->value > 0 &&
            (!by_column || strcmp(p->column, like->column) == 0))
            least = p->value < least ? p->value : least;
    }
    for (size_t i = 0; i < ARRAY_SIZE(SCALES); i++)
        if (strcmp(SCALES[i].unit, like->unit) == 0) {
            found = SCALES[i];
            if (least >= SCALES[i].factor)
                break;
        }
    return found;
}

/* Three digits, of what is less than 1 as many behind the point. */
static int decimals_of(double value) { return value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0; }

static void show(const struct grid_point *p, const struct scale *scale, char *out, size_t size)
{
    double value = p->value / scale->factor;
    if (!isfinite(value))
        snprintf(out, size, "-");
    else
        snprintf(out, size, "%.*f", decimals_of(value), value);
}

/* ---- one table ---- */

struct sheet {
    const struct page *page;
    const struct grid *grid;
    const char *table;
    const char **rows, **columns; /* of the points; each as often as its text differs */
    size_t row_count, column_count;
    int label, cell;    /* columns that they take */
    bool is_marked;     /* some of its values are: the others have a blank there */
    struct scale scale; /* of a table that is named */
};

static struct scale scale_at(const struct sheet *s, const struct grid_point *p)
{
    return *s->table ? s->scale : scale_of(s->grid, p, true);
}

static void add_text(const char **texts, size_t *count, const char *text)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(texts[i], text) == 0)
            return;
    texts[(*count)++] = text;
}

static const struct grid_point *find(const struct sheet *s, const char *row, const char *column)
{
    for (size_t i = 0; i < s->grid->count; i++) {
        const struct grid_point *p = &s->grid->points[i];
        if (strcmp(p->table, s->table) == 0 && (!row || strcmp(p->row, row) == 0) &&
            (!column || strcmp(p->column, column) == 0))
            return p;
    }
    return NULL;
}

static void show_marked(const struct sheet *s, const struct grid_point *p, char *out, size_t size)
{
    const struct scale scale = scale_at(s, p);
    show(p, &scale, out, size);
    if (s->is_marked)
        text_append(out, size, "%c", p->mark ? p->mark : ' ');
}

/* "64KiB", or "host write MB/s" where each column has a unit of its own. */
static void head_of(const struct sheet *s, const char *column, char *out, size_t size)
{
    const struct grid_point *first = find(s, NULL, column);
    out[0] = '\0';
    text_append(out, size, "%s", column);
    if (!*s->table && first)
        text_append(out, size, "%s%s", *column ? " " : "", scale_of(s->grid, first, true).shown);
}

static void measure(struct sheet *s)
{
    char text[2 * GRID_LABEL];
    for (size_t i = 0; i < s->row_count; i++)
        s->label = print_width(s->rows[i]) > s->label ? print_width(s->rows[i]) : s->label;
    for (size_t i = 0; i < s->column_count; i++) {
        head_of(s, s->columns[i], text, sizeof text - 1);
        if (s->is_marked)
            text_append(text, sizeof text, " ");
        s->cell = print_width(text) > s->cell ? print_width(text) : s->cell;
    }
    for (size_t i = 0; i < s->grid->count; i++) {
        const struct grid_point *p = &s->grid->points[i];
        if (strcmp(p->table, s->table) != 0)
            continue;
        show_marked(s, p, text, sizeof text);
        s->cell = print_width(text) > s->cell ? print_width(text) : s->cell;
    }
    int most = s->page->width / 2;
    s->label = s->label < most ? s->label : most;
}

static bool has_any(const struct sheet *s, const char *row, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (find(s, row, s->columns[first + i]))
            return true;
    return false;
}

/* A row, or with NULL the head. */
static void put_row(const struct sheet *s, const char *row, size_t first, size_t count)
{
    while (row && count > 0 && !find(s, row, s->columns[first + count - 1]))
        count--; /* what is not there at its end leaves no blanks */
    fprintf(s->page->out, "%*s", PAGE_MARGIN, "");
    page_cell(s->page, row ? TONE_PLAIN : TONE_FAINT, row ? row : "", s->label, true, false);
    for (size_t i = 0; i < count; i++) {
        const struct grid_point *p = row ? find(s, row, s->columns[first + i]) : NULL;
        const bool is_last = i + 1 == count;
        char text[2 * GRID_LABEL] = "";
        if (p)
            show_marked(s, p, text, sizeof text);
        else if (!row)
            head_of(s, s->columns[first + i], text, sizeof text);
        if (!row && s->is_marked && !is_last)
            text_append(text, sizeof text, " ");
        size_t length = strlen(text);
        bool is_blank = is_last && length > 0 && text[length - 1] == ' ';
        if (is_blank)
            text[length - 1] = '\0';
        int columns = s->cell - (is_blank || (is_last && !row && s->is_marked));
        fprintf(s->page->out, "%*s", PAGE_GAP, "");
        page_cell(s->page, row ? TONE_PLAIN : TONE_FAINT, text, columns, false, is_last);
    }
    fputc('\n', s->page->out);
}

static void put_title(const struct sheet *s)
{
    char line[3 * GRID_LABEL] = "";
    double least = INFINITY, most = 0;
    for (size_t i = 0; i < s->grid->count; i++) {
        const struct grid_point *p = &s->grid->points[i];
        if (strcmp(p->table, s->table) != 0 || !isfinite(p->passes))
            continue;
        least = p->passes < least ? p->passes : least;
        most = p->passes > most ? p->passes : most;
    }
    text_append(line, sizeof line, "%s, %s", s->table, s->scale.shown);
    if (s->grid->axes)
        text_append(line, sizeof line, ", %s", s->grid->axes);
    if (most > least)
        text_append(line, sizeof line, "; of %.0f to %.0f passes", least, most);
    else if (isfinite(least))
        text_append(line, sizeof line, "; of %.0f pass%s", least, least == 1 ? "" : "es");
    fprintf(s->page->out, "%*s", PAGE_MARGIN, "");
    print_wrapped(line, PAGE_MARGIN, PAGE_MARGIN + 2, s->page->width, s->page->out);
}

static void put_table(struct sheet *s)
{
    for (size_t i = 0; i < s->grid->count; i++)
        if (strcmp(s->grid->points[i].table, s->table) == 0) {
            add_text(s->rows, &s->row_count, s->grid->points[i].row);
            add_text(s->columns, &s->column_count, s->grid->points[i].column);
            s->is_marked |= s->grid->points[i].mark != '\0';
        }
    measure(s);
    int room = s->page->width - PAGE_MARGIN - s->label;
    size_t at_once = room > s->cell + PAGE_GAP ? (size_t)(room / (s->cell + PAGE_GAP)) : 1;
    if (*s->table)
        put_title(s);
    for (size_t first = 0; first < s->column_count; first += at_once) {
        size_t left = s->column_count - first, count = left < at_once ? left : at_once;
        put_row(s, NULL, first, count);
        for (size_t i = 0; i < s->row_count; i++)
            if (has_any(s, s->rows[i], first, count))
                put_row(s, s->rows[i], first, count);
    }
}

bool grid_put(const struct page *page, const struct grid *grid, struct err *e)
{
    const char **texts = calloc(2 * grid->count + 1, sizeof *texts);
    if (!texts)
        return err_set(e, ERR_INTERNAL, "out of memory for a table");
    for (size_t i = 0; i < grid->count; i++) {
        struct sheet s = { .page = page,
                           .grid = grid,
                           .table = grid->points[i].table,
                           .rows = texts,
                           .columns = texts + grid->count,
                           .scale = scale_of(grid, &grid->points[i], false) };
        bool is_first = true;
        for (size_t k = 0; is_first && k < i; k++)
            is_first = strcmp(grid->points[k].table, s.table) != 0;
        if (is_first)
            put_table(&s);
    }
    free(texts);
    return true;
}
