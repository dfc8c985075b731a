#include "report_compare.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/compare_grid.h"
#include "report/compare_words.h"
#include "report/print.h"
#include "report/table.h"
#include "result/summary.h"

enum { CELL = TABLE_CELL };

/* One pair of nodes: the comparisons that a person wants first. */
struct rows {
    const struct comparison **list;
    size_t count;
};

/* Those that stand in a table and have a sentence each, and those of a matrix. */
struct pair {
    struct rows rows, cells;
};

static const struct run_step *step_of(const struct comparison *c) { return &c->base.run->steps[c->step]; }

/* ---- cells ---- */

static void cell_step(const struct comparison *c, char *out) { print_clean(step_of(c)->name, out, CELL); }

static void cell_figure(const struct comparison *c, char *out)
{
    char direction[16];
    snprintf(out, CELL, "%s", c->figure);
    if (c->direction[0] && strcmp(c->figure, "throughput") == 0)
        snprintf(out, CELL, "%s", print_clean(c->direction, direction, sizeof direction));
}

static void show_value(const struct comparison *c, double value, char *out)
{
    if (!isfinite(value))
        snprintf(out, CELL, "-");
    else if (strcmp(c->unit, "s") == 0)
        units_show_ns(value * CLOCK_NS_PER_S, out, CELL);
    else if (strcmp(c->unit, "bit/s") == 0 || strcmp(c->unit, "B/s") == 0 || strcmp(c->unit, "1/s") == 0)
        units_show_in(value, c->unit, out, CELL);
    else if (strcmp(c->unit, "1") == 0)
        snprintf(out, CELL, "%.4g", value);
    else
        snprintf(out, CELL, "%.4g %s", value, c->unit);
}

static void cell_base(const struct comparison *c, char *out)
{
    char with[CELL];
    show_value(c, c->base.mean, out);
    show_value(c, c->with.mean, with);
    units_drop_same(out, with);
}

static void cell_with(const struct comparison *c, char *out) { show_value(c, c->with.mean, out); }

/* "0.967 (0.951..0.982)" */
static void cell_ratio(const struct comparison *c, char *out)
{
    const struct ratio *r = &c->ratio;
    snprintf(out, CELL, "-");
    if (r->count > 0)
        snprintf(out, CELL, "%.3f", r->ratio);
    if (isfinite(r->low))
        text_append(out, CELL, " (%.3f..%.3f)", r->low, r->high);
}

/* "5", or "4/5" when one of five blocks is left out. */
static void cell_blocks(const struct comparison *c, char *out)
{
    size_t all = c->ratio.count;
    for (size_t i = 0; i < c->left_count; i++)
        all += c->left[i].count;
    snprintf(out, CELL, all == c->ratio.count ? "%zu" : "%zu/%zu", c->ratio.count, all);
}

static void cell_limit(const struct comparison *c, char *out)
{
    snprintf(out, CELL, "%s", limited_by_name(c->base.limited_by));
    if (c->with.limited_by != c->base.limited_by)
        text_append(out, CELL, "/%s", limited_by_name(c->with.limited_by));
}

static void add_price(double price, char *out)
{
    if (isfinite(price))
        text_append(out, CELL, "%.3g", price);
    else
        text_append(out, CELL, "-");
}

/* "0.41 / 1.93 s/GB" */
static void cell_price(const struct comparison *c, char *out)
{
    const char *unit = c->base.price_unit[0] ? c->base.price_unit : c->with.price_unit;
    out[0] = '\0';
    add_price(c->base.price, out);
    text_append(out, CELL, " / ");
    add_price(c->with.price, out);
    if (unit[0])
        text_append(out, CELL, " %s", unit);
}

static void cell_clock(const struct comparison *c, char *out)
{
    snprintf(out, CELL, "-");
    if (isfinite(c->with.ppm))
        snprintf(out, CELL, "%+.1f +-%.1f", c->with.ppm, c->with.ppm_bound);
}

static void cell_start(const struct comparison *c, char *out)
{
    snprintf(out, CELL, "%s", verdict_name(summary_worse(c->base.start, c->with.start)));
}

static const struct column {
    struct table_column shape;
    void (*cell)(const struct comparison *c, char *out);
} COLUMNS[] = {
    { { "step", true, 0 }, cell_step },          { { "figure", true, 0 }, cell_figure },
    { { "base", false, 2 }, cell_base },         { { "with", false, 1 }, cell_with },
    { { "ratio (95 %)", true, 0 }, cell_ratio }, { { "n", false, 8 }, cell_blocks },
    { { "limited by", true, 4 }, cell_limit },   { { "host CPU", true, 5 }, cell_price },
    { { "clock ppm", true, 6 }, cell_clock },    { { "start", true, 7 }, cell_start },
};

static const struct table_column *column(size_t column) { return &COLUMNS[column].shape; }

static void cell(const void *rows, size_t row, size_t column, char *out)
{
    COLUMNS[column].cell(((const struct rows *)rows)->list[row], out);
}

/* ---- the table ---- */

/* Whether its step is one where both sides are at the same limit: then all of its figures are shown. */
static bool is_lead(const struct comparisons *all, const struct comparison *c)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct comparison *other = &all->list[i];
        if (other->step == c->step && other->verdict == COMPARE_SAME_LIMIT && other->with.node == c->with.node &&
            other->base.node == c->base.node)
            return true;
    }
    return false;
}

static bool is_of_pair(const struct comparison *c, const struct comparison *pair)
{
    return strcmp(c->base.node, pair->base.node) == 0 && strcmp(c->with.node, pair->with.node) == 0;
}

static void put_line(const struct page *page, const char *head, enum tone tone, const char *text)
{
    char clean[MODEL_STEP];
    print_clean(head, clean, sizeof clean);
    int columns = print_width(clean) < page->width / 3 ? print_width(clean) : page->width / 3;
    fprintf(page->out, "%*s", PAGE_MARGIN, "");
    page_cell(page, tone, clean, columns, true, false);
    fprintf(page->out, "%*s", PAGE_GAP, "");
    print_wrapped(text, PAGE_MARGIN + columns + PAGE_GAP, PAGE_MARGIN + PAGE_GAP, page->width, page->out);
}

static void put_sentences(const struct page *page, const struct rows *rows)
{
    char text[COMPARE_WORDS];
    for (size_t i = 0; i < rows->count; i++) {
        const struct comparison *c = rows->list[i];
        if (c->is_row && !c->is_headline)
            continue; /* the row says it */
        put_line(page, step_of(c)->name, TONE_HEAD, compare_words(c, text));
        if (*compare_words_until(c, text))
            put_line(page, step_of(c)->name, TONE_BAD, text);
    }
}

/* Each once, where it changes. */
static void put_labels(const struct page *page, const struct rows *rows, char last[COMPARE_WORDS])
{
    char text[COMPARE_WORDS];
    for (size_t i = 0; i < rows->count; i++) {
        compare_words_label(rows->list[i], text);
        if (strcmp(text, last) != 0)
            put_line(page, *last ? step_of(rows->list[i])->name : "label", TONE_FAINT, text);
        text_copy(last, COMPARE_WORDS, text);
    }
}

enum { HEAD = 2 }; /* step and figure, which name the row */

/* Whether a row says what the one above it has said, of the same step. */
static bool is_as_above(const struct table *table, const struct table_layout *layout, size_t row)
{
    char above[CELL], own[CELL];
    for (size_t i = 0; i < table->column_count; i++) {
        if (i == 1 || !layout->width[i]) /* the figure's name is not what it says */
            continue;
        table->cell(table->rows, row - 1, i, above);
        table->cell(table->rows, row, i, own);
        if (strcmp(above, own) != 0)
            return false;
    }
    return true;
}

/* What had no room beside the rest stands in a second table below it. */
static void put_rest(const struct page *page, const struct table *table, const struct table_layout *shown)
{
    struct table_layout rest = table_lay_out(table, 0, table->row_count, INT_MAX);
    int width = PAGE_MARGIN + rest.width[0] + PAGE_GAP + rest.width[1], head = width;
    for (int drop = 1; drop < TABLE_COLUMNS_MAX; drop++) /* what matters more first, as far as there is room */
        for (size_t i = HEAD; i < table->column_count; i++) {
            if (table->column(i)->drop != drop)
                continue;
            if (shown->width[i] || width + PAGE_GAP + rest.width[i] > page->width)
                rest.width[i] = 0;
            width += rest.width[i] ? PAGE_GAP + rest.width[i] : 0;
        }
    for (size_t i = HEAD; i < table->column_count; i++)
        rest.width[i] = table->column(i)->drop == 0 ? 0 : rest.width[i]; /* which never go stand above */
    if (width == head)
        return;
    table_put_head(page, table, &rest);
    for (size_t i = 0; i < table->row_count; i++)
        if (i == 0 || !is_as_above(table, &rest, i))
            table_put_row(page, table, &rest, i);
}

static void put_rows(const struct page *page, const struct rows *rows)
{
    const struct table table = { rows, rows->count, ARRAY_SIZE(COLUMNS), column, cell, NULL };
    struct table_layout layout = table_lay_out(&table, 0, rows->count, page->width);
    table_put_head(page, &table, &layout);
    for (size_t i = 0; i < rows->count; i++)
        table_put_row(page, &table, &layout, i);
    put_rest(page, &table, &layout);
}

static bool put_pair(const struct page *page, const struct pair *pair, struct err *e)
{
    const struct comparison *first = pair->rows.count > 0 ? pair->rows.list[0] : pair->cells.list[0];
    char base[MODEL_NAME * 2], with[MODEL_NAME * 2], title[sizeof base + sizeof with + 32];
    char label[COMPARE_WORDS] = "";
    snprintf(title, sizeof title, "%s against %s, with / base", compare_words_side(first, false, with, sizeof with),
             compare_words_side(first, true, base, sizeof base));
    fputc('\n', page->out);
    print_wrapped(title, 0, PAGE_MARGIN, page->width, page->out);
    if (pair->rows.count > 0)
        put_rows(page, &pair->rows);
    if (!compare_grid_put(page, pair->cells.list, pair->cells.count, e))
        return false;
    put_sentences(page, &pair->rows);
    put_labels(page, &pair->rows, label);
    put_labels(page, &pair->cells, label);
    return true;
}

/* The pair that list[first] is of; `pair` has room for all. */
static void collect(const struct comparisons *all, size_t first, struct pair *pair)
{
    pair->rows.count = pair->cells.count = 0;
    for (size_t i = first; i < all->count; i++) {
        const struct comparison *c = &all->list[i];
        if (!is_of_pair(c, &all->list[first]))
            continue;
        if (compare_grid_holds(c))
            pair->cells.list[pair->cells.count++] = c;
        else if (c->is_row || is_lead(all, c))
            pair->rows.list[pair->rows.count++] = c;
    }
}

static bool is_first_of_pair(const struct comparisons *all, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_of_pair(&all->list[i], &all->list[at]))
            return false;
    return true;
}

bool report_compare_table(const struct page *page, const struct comparisons *all, struct err *e)
{
    const struct comparison **room = calloc(2 * all->count + 1, sizeof *room);
    if (!room)
        return err_set(e, ERR_INTERNAL, "out of memory for a table");
    struct pair pair = { .rows = { room, 0 }, .cells = { room + all->count, 0 } };
    bool ok = true;
    for (size_t i = 0; ok && i < all->count; i++) {
        if (!is_first_of_pair(all, i))
            continue;
        collect(all, i, &pair);
        ok = pair.rows.count + pair.cells.count == 0 || put_pair(page, &pair, e);
    }
    free(room);
    return ok;
}
