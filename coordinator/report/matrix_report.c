#include "matrix_report.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/grid.h"
#include "report/print.h"

/* ---- names ---- */

static size_t base_of(const char *cell) { return strcspn(cell, "["); }

static bool is_cell(const struct run_step *step)
{
    size_t size = strlen(step->name);
    return base_of(step->name) > 0 && base_of(step->name) < size && step->name[size - 1] == ']';
}

size_t matrix_report_cells(const struct run *run, int step)
{
    size_t first = (size_t)step, count = 0;
    while (first + count < run->step_count && is_cell(&run->steps[first + count]) &&
           strncmp(run->steps[first].name, run->steps[first + count].name, base_of(run->steps[first].name) + 1) == 0)
        count++;
    return count;
}

/* The next "key=value" of a cell's name, from *at on; false past the last. */
static bool next_value(const char **at, char *key, char *value, size_t size)
{
    size_t length = strcspn(*at, ",]"), sign = strcspn(*at, "=");
    key[0] = value[0] = '\0';
    if (length == 0 || sign >= length)
        return false;
    text_append(key, size, "%.*s", (int)sign, *at);
    text_append(value, size, "%.*s", (int)(length - sign - 1), *at + sign + 1);
    *at += length + ((*at)[length] == ',');
    return true;
}

void matrix_report_name(const char *cell, char *name, size_t name_size, char *axes, size_t axes_size)
{
    char key[MODEL_STEP], value[MODEL_STEP], clean[MODEL_STEP];
    const char *at = cell + base_of(cell) + 1;
    name[0] = axes[0] = '\0';
    text_append(name, name_size, "%.*s", (int)base_of(cell), cell);
    while (next_value(&at, key, value, sizeof key))
        text_append(axes, axes_size, "%s%s", *axes ? " x " : "", print_clean(key, clean, sizeof clean));
}

/* What stands at its left and at its top, and how many options it has. */
static size_t place_of(const struct run_step *step, char *row, char *column)
{
    char key[MODEL_STEP], value[MODEL_STEP], clean[MODEL_STEP];
    const char *at = step->name + base_of(step->name) + 1;
    size_t count = 0;
    row[0] = column[0] = '\0';
    for (; next_value(&at, key, value, sizeof key); count++) {
        if (count > 0)
            text_append(row, GRID_LABEL, "%s%s", count > 1 ? "," : "", column);
        text_copy(column, GRID_LABEL, print_clean(value, clean, sizeof clean));
    }
    if (count == 1)
        text_copy(row, GRID_LABEL, column);
    return count;
}

/* ---- figures ---- */

/* Of the figure over the rounds: the least number of passes that any of its values is of. */
static double passes_of(const struct run *run, int step, const char *node, const char *figure)
{
    char name[96];
    double least = NAN;
    snprintf(name, sizeof name, "%s_passes", figure);
    for (size_t i = 0; i < run->trial_count; i++)
        for (size_t k = 0; run->trials[i].step == step && k < run->trials[i].stream_count; k++) {
            const struct stream *s = &run->trials[i].streams[k];
            const struct figure *f = strcmp(s->node, node) == 0 ? stream_main_figure(s, name) : NULL;
            if (f && (!isfinite(least) || f->value < least))
                least = f->value;
        }
    return least;
}

/* A value of the cell; `figure` is what the table shows. */
static bool add_value(struct grid *grid, const struct run_step *step, const char *node, const char *figure,
                      const char *unit, double value, double passes, struct err *e)
{
    struct grid_point point = { .unit = unit, .value = value, .passes = passes };
    char clean[2][MODEL_NAME];
    print_clean(node, clean[0], sizeof clean[0]);
    print_clean(figure, clean[1], sizeof clean[1]);
    if (place_of(step, point.row, point.column) == 1)
        snprintf(point.column, sizeof point.column, "%.40s %.48s", clean[0], clean[1]);
    else
        snprintf(point.table, sizeof point.table, "%.40s %.48s", clean[0], clean[1]);
    return grid_add(grid, &point, e);
}

static bool add_row(struct grid *grid, const struct run_step *step, const struct summary_row *row, struct err *e)
{
    const char *rate = row->direction[0] ? row->direction : "throughput";
    bool ok = true;
    if (row->transactions.count)
        ok = add_value(grid, step, row->node, "transactions", "1/s", row->transactions.median, NAN, e);
    else if (row->throughput.count)
        ok = add_value(grid, step, row->node, rate, "bit/s", row->throughput.median, NAN, e);
    if (ok && row->loss.count)
        ok = add_value(grid, step, row->node, "loss", "share", row->loss.median, NAN, e);
    for (int i = 0; ok && row->latencies && i < 2; i++)
        ok = add_value(grid, step, row->node, i ? "p99" : "p50", "s",
                       hist_percentile(row->latencies, i ? 0.99 : 0.5) / 1e9, NAN, e);
    return ok;
}

static bool add_figure(struct grid *grid, const struct run *run, const struct summary_figure *f, struct err *e)
{
    return add_value(grid, &run->steps[f->step], f->node, f->name, f->unit, f->spread.median,
                     passes_of(run, f->step, f->node, f->name), e);
}

/* ---- what stands below the tables ---- */

static bool is_of(int step, int first, size_t count) { return step >= first && (size_t)(step - first) < count; }

/* What the figures went through, each way once. */
static void put_paths(const struct page *page, const struct summary *summary, int first, size_t count)
{
    for (size_t i = 0; i < summary->figure_count; i++) {
        const struct summary_figure *f = &summary->figures[i];
        bool is_new = f->path && *f->path && is_of(f->step, first, count);
        for (size_t k = 0; is_new && k < i; k++) {
            const struct summary_figure *other = &summary->figures[k];
            is_new = !(is_of(other->step, first, count) && other->path && strcmp(other->path, f->path) == 0 &&
                       strcmp(other->node, f->node) == 0);
        }
        char line[600], clean[600];
        if (!is_new)
            continue;
        snprintf(line, sizeof line, "^ %s: %s", f->node, f->path);
        fprintf(page->out, "%*s", PAGE_MARGIN + 2, "");
        print_wrapped(print_clean(line, clean, sizeof clean), PAGE_MARGIN + 2, PAGE_MARGIN + 4, page->width, page->out);
    }
}

static double reach(const struct summary_row *row)
{
    return row->has_start ? fabs((double)row->start_ns) + (double)row->start_bound_ns : 0;
}

static void put_start(const struct page *page, const struct summary *summary, int first, size_t count)
{
    const struct table table = columns_of(summary);
    const struct summary_row *worst = NULL;
    char cell[TABLE_CELL], line[TABLE_CELL + 64];
    for (size_t i = 0; i < summary->row_count; i++) {
        const struct summary_row *row = &summary->rows[i];
        if (!is_of(row->step, first, count))
            continue;
        bool is_worse =
            worst && row->verdict != worst->verdict && summary_worse(row->verdict, worst->verdict) == row->verdict;
        if (!worst || is_worse || (row->verdict == worst->verdict && reach(row) > reach(worst)))
            worst = row;
    }
    if (!worst)
        return;
    table.cell(table.rows, (size_t)(worst - summary->rows), table.column_count - 1, cell);
    snprintf(line, sizeof line, "starts: the worst of %zu cells is %s", count, cell);
    fprintf(page->out, "%*s", PAGE_MARGIN, "");
    print_wrapped(line, PAGE_MARGIN, PAGE_MARGIN + 2, page->width, page->out);
}

bool matrix_report_put(const struct page *page, const struct run *run, const struct summary *summary, int first,
                       size_t count, struct err *e)
{
    char key[2][MODEL_STEP], axes[MODEL_STEP + 8];
    struct grid grid = { 0 };
    bool ok = true;
    matrix_report_name(run->steps[first].name, key[0], sizeof key[0], key[1], sizeof key[1]);
    snprintf(axes, sizeof axes, "%s", key[1]);
    grid.axes = axes;
    for (size_t i = 0; ok && i < summary->row_count; i++)
        if (is_of(summary->rows[i].step, first, count))
            ok = add_row(&grid, &run->steps[summary->rows[i].step], &summary->rows[i], e);
    for (size_t i = 0; ok && i < summary->figure_count; i++)
        if (is_of(summary->figures[i].step, first, count))
            ok = add_figure(&grid, run, &summary->figures[i], e);
    ok = ok && grid_put(page, &grid, e);
    grid_clear(&grid);
    if (ok) {
        put_paths(page, summary, first, count);
        put_start(page, summary, first, count);
    }
    return ok;
}

/* ---- the sizes of one step ---- */

bool matrix_report_is_size(const struct summary_figure *figure)
{
    const char *first = strchr(figure->name, '/'), *second = first ? strchr(first + 1, '/') : NULL;
    return second && strcmp(figure->unit, "B/s") == 0 && !strchr(second + 1, '/');
}

bool matrix_report_put_sizes(const struct page *page, const struct run *run, const struct summary *summary, int step,
                             struct err *e)
{
    struct grid grid = { .axes = "file x record" };
    bool ok = true;
    for (size_t i = 0; ok && i < summary->figure_count; i++) {
        const struct summary_figure *f = &summary->figures[i];
        char node[MODEL_NAME], name[GRID_LABEL];
        if (f->step != step || !matrix_report_is_size(f))
            continue;
        struct grid_point point = { .unit = f->unit, .value = f->spread.median };
        print_clean(f->node, node, sizeof node);
        print_clean(f->name, name, sizeof name);
        int method = (int)strcspn(name, "/"), file = (int)strcspn(name + method + 1, "/");
        snprintf(point.table, sizeof point.table, "%s %.*s", node, method < MODEL_NAME ? method : MODEL_NAME, name);
        text_append(point.row, sizeof point.row, "%.*s", file, name + method + 1);
        text_append(point.column, sizeof point.column, "%s", name + method + 1 + file + 1);
        point.passes = passes_of(run, step, f->node, f->name);
        ok = grid_add(&grid, &point, e);
    }
    ok = ok && grid_put(page, &grid, e);
    if (ok && grid.count > 0)
        put_paths(page, summary, step, 1);
    grid_clear(&grid);
    return ok;
}
