#include "matrix_report.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/columns.h"
#include "report/grid.h"
#include "report/matrix_name.h"
#include "report/print.h"

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
    if (matrix_name_place(step->name, point.row, point.column) == 1)
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
    matrix_name_split(run->steps[first].name, key[0], sizeof key[0], key[1], sizeof key[1]);
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

bool matrix_report_put_sizes(const struct page *page, const struct run *run, const struct summary *summary, int step,
                             struct err *e)
{
    struct grid grid = { .axes = "file x record" };
    bool ok = true;
    for (size_t i = 0; ok && i < summary->figure_count; i++) {
        const struct summary_figure *f = &summary->figures[i];
        char node[MODEL_NAME], method[GRID_LABEL];
        if (f->step != step || !matrix_name_is_size(f->name, f->unit))
            continue;
        struct grid_point point = { .unit = f->unit, .value = f->spread.median };
        matrix_name_size(f->name, method, point.row, point.column);
        snprintf(point.table, sizeof point.table, "%.47s %.47s", print_clean(f->node, node, sizeof node), method);
        point.passes = passes_of(run, step, f->node, f->name);
        ok = grid_add(&grid, &point, e);
    }
    ok = ok && grid_put(page, &grid, e);
    if (ok && grid.count > 0)
        put_paths(page, summary, step, 1);
    grid_clear(&grid);
    return ok;
}
