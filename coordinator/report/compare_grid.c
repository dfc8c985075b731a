#include "compare_grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/compare_words.h"
#include "report/grid.h"
#include "report/matrix_name.h"
#include "report/print.h"

/* One value of a table. */
struct cell {
    char row[GRID_LABEL], column[GRID_LABEL];
    double log_sum;
    size_t members, known;
    bool is_told, is_open;           /* of a member a difference, or none, is shown; is neither */
    bool is_same_limit;              /* of all members */
    bool lacks_blocks, is_unreached; /* of a member blocks are left out; is less well known than was asked for */
};

/* One table. */
struct cells {
    struct cell *list;
    size_t count;
    char title[GRID_LABEL], step[GRID_LABEL], axes[MODEL_STEP];
    char method[GRID_LABEL]; /* of its members, where all are of one */
    bool has_methods;        /* they are of several */
};

struct tables {
    struct cells *list;
    size_t count;
};

static const struct run_step *step_of(const struct comparison *c) { return &c->base.run->steps[c->step]; }

static bool is_size(const struct comparison *c) { return matrix_name_is_size(c->figure, c->unit); }

/* One that stands alone in its matrix is a step as others are. */
static bool is_cell(const struct comparison *c)
{
    return matrix_name_cells(c->base.run, c->step) > 1 ||
           (c->step > 0 && matrix_name_cells(c->base.run, c->step - 1) > 1);
}

bool compare_grid_holds(const struct comparison *c) { return is_size(c) || is_cell(c); }

/* What a step without a peer is not run for would be a table for each of its methods. */
static bool is_shown(const struct comparison *c) { return is_size(c) || c->is_headline || *step_of(c)->to; }

/* ---- where it stands ---- */

static const char *figure_of(const struct comparison *c)
{
    return c->direction[0] && strcmp(c->figure, "throughput") == 0 ? c->direction : c->figure;
}

/* "files reads" and where in it. */
static void place_size(const struct comparison *c, struct cells *table, struct cell *cell)
{
    matrix_name_size(c->figure, table->method, cell->row, cell->column);
    print_clean(step_of(c)->name, table->step, sizeof table->step);
    snprintf(table->title, sizeof table->title, "%.60s %.30s", table->step,
             c->member_of ? c->member_of : table->method);
    text_copy(table->axes, sizeof table->axes, "file x record");
}

/* "net throughput" and where in it; a matrix of one option has its figures side by side. */
static void place_step(const struct comparison *c, struct cells *table, struct cell *cell)
{
    char name[MODEL_STEP], clean[2][MODEL_STEP];
    matrix_name_split(step_of(c)->name, name, sizeof name, table->axes, sizeof table->axes);
    print_clean(name, clean[0], sizeof clean[0]);
    print_clean(figure_of(c), clean[1], sizeof clean[1]);
    if (matrix_name_place(step_of(c)->name, cell->row, cell->column) == 1) {
        text_copy(cell->column, sizeof cell->column, clean[1]);
        snprintf(table->title, sizeof table->title, "%.90s", clean[0]);
    } else {
        snprintf(table->title, sizeof table->title, "%.60s %.30s", clean[0], clean[1]);
    }
}

static void place(const struct comparison *c, struct cells *table, struct cell *cell)
{
    *table = (struct cells){ .list = NULL };
    *cell = (struct cell){ .is_same_limit = true };
    if (is_size(c))
        place_size(c, table, cell);
    else
        place_step(c, table, cell);
}

/* ---- a table ---- */

static void add_member(struct cell *cell, const struct comparison *c)
{
    char text[COMPARE_WORDS];
    cell->members++;
    if (c->ratio.count > 0 && c->ratio.ratio > 0) {
        cell->log_sum += log(c->ratio.ratio);
        cell->known++;
    }
    cell->is_told |= c->verdict == COMPARE_DIFFERENT || c->verdict == COMPARE_WITHIN;
    cell->is_open |= c->verdict == COMPARE_NOT_FOUND;
    cell->is_same_limit &= c->verdict == COMPARE_SAME_LIMIT;
    cell->lacks_blocks |= c->left_count > 0;
    cell->is_unreached |= *compare_words_until(c, text) != '\0';
}

static struct cell *find_or_add(struct cells *table, const struct cell *like, struct err *e)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->list[i].row, like->row) == 0 && strcmp(table->list[i].column, like->column) == 0)
            return &table->list[i];
    struct cell *more = reallocarray(table->list, table->count + 1, sizeof *more);
    if (!more) {
        err_set(e, ERR_INTERNAL, "out of memory for a table");
        return NULL;
    }
    table->list = more;
    more[table->count] = *like;
    return &more[table->count++];
}

static struct cells *find_or_add_table(struct tables *tables, const struct cells *like, struct err *e)
{
    for (size_t i = 0; i < tables->count; i++)
        if (strcmp(tables->list[i].title, like->title) == 0)
            return &tables->list[i];
    struct cells *more = reallocarray(tables->list, tables->count + 1, sizeof *more);
    if (!more) {
        err_set(e, ERR_INTERNAL, "out of memory for a table");
        return NULL;
    }
    tables->list = more;
    more[tables->count] = *like;
    return &more[tables->count++];
}

static bool add(struct tables *tables, const struct comparison *c, struct err *e)
{
    struct cells of;
    struct cell at;
    place(c, &of, &at);
    struct cells *table = find_or_add_table(tables, &of, e);
    struct cell *cell = table ? find_or_add(table, &at, e) : NULL;
    if (!cell)
        return false;
    add_member(cell, c);
    table->has_methods |= strcmp(of.method, table->method) != 0;
    return true;
}

/* A mean of which a member is missing is none. */
static double value_of(const struct cell *cell)
{
    return cell->known == cell->members ? exp(cell->log_sum / (double)cell->members) : NAN;
}

enum { MARK_OPEN = '?', MARK_SAME = '=' };

static char mark_of(const struct cell *cell)
{
    return cell->is_same_limit ? MARK_SAME : cell->is_open && !cell->is_told ? MARK_OPEN : '\0';
}

static const char *name_of(const struct cell *cell, char out[2 * GRID_LABEL + 4])
{
    snprintf(out, 2 * GRID_LABEL + 4, "%s%s%s", cell->row, *cell->column ? " x " : "", cell->column);
    return out;
}

/* What there is to be said of some cells, as "; ? in 3 of 99: no difference is found". */
static void tell(char *line, size_t size, const char *mark, size_t cells, const struct cells *table, const char *what)
{
    if (cells > 0)
        text_append(line, size, "%s%sin %zu of %zu: %s", *line ? "; " : "", mark, cells, table->count, what);
}

static void put_below(const struct page *page, const struct cells *table)
{
    const struct cell *least = NULL, *most = NULL;
    size_t open = 0, same = 0, bare = 0, unknown = 0, lacking = 0, unreached = 0;
    char line[1000] = "", name[2 * GRID_LABEL + 4];
    for (size_t i = 0; i < table->count; i++) {
        const struct cell *cell = &table->list[i];
        const double value = value_of(cell);
        open += mark_of(cell) == MARK_OPEN;
        same += mark_of(cell) == MARK_SAME;
        unknown += !isfinite(value) ? 1 : 0;
        bare += isfinite(value) && !cell->is_told && !cell->is_open && !cell->is_same_limit;
        lacking += cell->lacks_blocks;
        unreached += cell->is_unreached;
        least = isfinite(value) && (!least || value < value_of(least)) ? cell : least;
        most = isfinite(value) && (!most || value > value_of(most)) ? cell : most;
    }
    if (least != most) {
        text_append(line, sizeof line, "from %.3g (%s)", value_of(least), name_of(least, name));
        text_append(line, sizeof line, " to %.3g (%s)", value_of(most), name_of(most, name));
    }
    if (table->has_methods)
        text_append(line, sizeof line, "%seach the geometric mean of %zu methods", *line ? "; " : "",
                    table->list[0].members);
    tell(line, sizeof line, "? ", open, table, "no difference is found");
    tell(line, sizeof line, "= ", same, table, "both fill the same wire or device, so that their ratio says nothing");
    tell(line, sizeof line, "- ", unknown, table, "no block can be compared");
    tell(line, sizeof line, "", bare, table, "too few blocks for an interval");
    tell(line, sizeof line, "", lacking, table, "blocks are left out");
    tell(line, sizeof line, "NOT REACHED ", unreached, table, "the interval is wider than was asked for");
    if (!*line)
        return;
    fprintf(page->out, "%*s", PAGE_MARGIN + 2, "");
    print_wrapped(line, PAGE_MARGIN + 2, PAGE_MARGIN + 4, page->width, page->out);
}

static bool put_table(const struct page *page, const struct cells *table, struct err *e)
{
    struct grid grid = { .axes = table->axes };
    bool ok = true;
    for (size_t i = 0; ok && i < table->count; i++) {
        const struct cell *cell = &table->list[i];
        struct grid_point point = { .unit = "ratio", .value = value_of(cell), .passes = NAN, .mark = mark_of(cell) };
        text_copy(point.table, sizeof point.table, table->title);
        text_copy(point.row, sizeof point.row, cell->row);
        text_copy(point.column, sizeof point.column, cell->column);
        ok = grid_add(&grid, &point, e);
    }
    ok = ok && grid_put(page, &grid, e);
    if (ok)
        put_below(page, table);
    grid_clear(&grid);
    return ok;
}

/* A single method is named instead of the set that it is one of. */
static void settle_title(struct cells *table)
{
    if (*table->method && !table->has_methods)
        snprintf(table->title, sizeof table->title, "%.60s %.30s", table->step, table->method);
}

bool compare_grid_put(const struct page *page, const struct comparison *const *list, size_t count, struct err *e)
{
    struct tables tables = { NULL, 0 };
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = !is_shown(list[i]) || add(&tables, list[i], e);
    for (size_t i = 0; i < tables.count; i++) {
        settle_title(&tables.list[i]);
        ok = ok && put_table(page, &tables.list[i], e);
        free(tables.list[i].list);
    }
    free(tables.list);
    return ok;
}
