#include "report_terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/clock_lines.h"
#include "report/columns.h"
#include "report/limit_words.h"
#include "report/matrix_name.h"
#include "report/matrix_report.h"
#include "report/notes.h"
#include "report/page.h"
#include "report/print.h"
#include "report/report_compare.h"
#include "result/summary.h"

/* ---- the table ---- */

static void put_step(const struct page *page, const struct run_step *step)
{
    char name[MODEL_STEP], workload[MODEL_NAME], to[MODEL_NAME], when[16], line[512] = "";
    page_put(page, TONE_HEAD, print_clean(step->name, name, sizeof name));
    text_append(line, sizeof line, "%s", print_clean(step->workload, workload, sizeof workload));
    if (step->to[0])
        text_append(line, sizeof line, " to %s", print_clean(step->to, to, sizeof to));
    if (step->when[0])
        text_append(line, sizeof line, ", %s", print_clean(step->when, when, sizeof when));
    if (strcmp(step->when, "together") == 0)
        text_append(line, sizeof line, " (contention, not cost)");
    fputs("  ", page->out);
    print_wrapped(line, print_width(name) + 2, PAGE_MARGIN, page->width, page->out);
}

/* What the nodes of one trial made together. */
static void put_totals(const struct page *page, const struct summary *summary, int step)
{
    for (size_t i = 0; i < summary->total_count; i++) {
        const struct summary_total *t = &summary->totals[i];
        char sum[32], least[32], most[32], direction[16], line[256] = "";
        if (t->step != step)
            continue;
        units_show_in(t->sum.median, t->unit, sum, sizeof sum);
        units_show_in(t->least.median, t->unit, least, sizeof least);
        units_show_in(t->most.median, t->unit, most, sizeof most);
        units_drop_same(least, most);
        text_append(line, sizeof line, "%zu at once, %s: sum %s, min..max %s..%s, fairness %.4f (Jain)", t->streams,
                    print_clean(t->direction[0] ? t->direction : "all", direction, sizeof direction), sum, least, most,
                    t->jain.median);
        fprintf(page->out, "%*s", PAGE_MARGIN, "");
        print_wrapped(line, PAGE_MARGIN, PAGE_MARGIN, page->width, page->out);
    }
}

/* What the figures of a step could not have been much above. */
static bool put_limits(const struct page *page, struct sheet *sheet, const struct summary *summary, int step,
                       struct err *e)
{
    static const char LABEL_TEXT[] = "limited by  ";
    enum { BEGIN = PAGE_MARGIN + sizeof LABEL_TEXT - 1 };
    const char *label = LABEL_TEXT;
    for (size_t i = 0; i < summary->row_count; i++) {
        const struct summary_row *row = &summary->rows[i];
        char line[384];
        if (row->step != step)
            continue;
        if (!limit_words_step(sheet, step, row->node, row->direction, line, sizeof line, e))
            return false;
        if (!*line)
            continue;
        fprintf(page->out, "%*s%-*s", PAGE_MARGIN, "", BEGIN - PAGE_MARGIN, label);
        print_wrapped(line, BEGIN, BEGIN + 2, page->width, page->out);
        label = "";
    }
    return true;
}

enum { WAYS_MOST = 16 };

/* The different paths of a step's figures, each of which has a number. */
struct ways {
    const char *paths[WAYS_MOST];
    int count;
};

/* From 1; 0 for a path that says nothing, and where there are too many. */
static int number_of_way(struct ways *ways, const char *path)
{
    for (int i = 0; i < ways->count; i++)
        if (strcmp(ways->paths[i], path) == 0)
            return i + 1;
    if (!*path || ways->count == WAYS_MOST)
        return 0;
    ways->paths[ways->count++] = path;
    return ways->count;
}

static void put_ways(const struct page *page, const struct ways *ways)
{
    for (int i = 0; i < ways->count; i++) {
        char line[600], clean[600];
        snprintf(line, sizeof line, "[%d] %s", i + 1, ways->paths[i]);
        fprintf(page->out, "%*s", PAGE_MARGIN, "");
        print_wrapped(print_clean(line, clean, sizeof clean), PAGE_MARGIN, PAGE_MARGIN + 4, page->width, page->out);
    }
}

/* Each with the number of what it came through, which stands below all of them. */
static void put_figures(const struct page *page, const struct summary *summary, int step)
{
    struct ways ways = { .count = 0 };
    int names = 0, nodes = 0;
    for (size_t i = 0; i < summary->figure_count; i++) {
        const struct summary_figure *f = &summary->figures[i];
        int own = print_width(f->name), node = print_width(f->node);
        names = f->step == step && !matrix_name_is_size(f->name, f->unit) && own > names ? own : names;
        nodes = f->step == step && node > nodes ? node : nodes;
    }
    for (size_t i = 0; i < summary->figure_count; i++) {
        const struct summary_figure *f = &summary->figures[i];
        char median[32], least[32], most[32], line[256] = "", clean[256];
        if (f->step != step || matrix_name_is_size(f->name, f->unit))
            continue;
        units_show_in(f->spread.median, f->unit, median, sizeof median);
        units_show_in(f->spread.least, f->unit, least, sizeof least);
        units_show_in(f->spread.most, f->unit, most, sizeof most);
        units_drop_same(least, most);
        if (f->spread.count == 0)
            snprintf(median, sizeof median, "-");
        snprintf(line, sizeof line, "%-*s  %-*s  %s", nodes, f->node, names, f->name, median);
        if (f->spread.count > 1)
            text_append(line, sizeof line, "  %s..%s", least, most);
        int way = number_of_way(&ways, f->path);
        if (way > 0)
            text_append(line, sizeof line, "  [%d]", way);
        fprintf(page->out, "%*s%s\n", PAGE_MARGIN, "", print_clean(line, clean, sizeof clean));
    }
    put_ways(page, &ways);
}

static void put_legend(const struct page *page, const struct summary *summary)
{
    static const char TEXT[] =
        "Medians over the rounds, whole window, coordinator's clock; retr is the sum. The start is the worst: "
        "how far apart the first operations were, or how far from T a single one was.";
    static const char LATENCIES[] = " Percentiles are those of all transactions of all rounds.";
    static const char TOTALS[] = " What nodes did at once is taken from the time in which all of them were at it.";
    char text[sizeof TEXT + sizeof LATENCIES + sizeof TOTALS] = "";
    bool has_latencies = false;
    for (size_t i = 0; i < summary->row_count; i++)
        has_latencies |= summary->rows[i].latencies != NULL;
    text_append(text, sizeof text, "%s%s%s", TEXT, has_latencies ? LATENCIES : "", summary->total_count ? TOTALS : "");
    fprintf(page->out, "\n%s", page->color ? "\033[2m" : "");
    print_wrapped(text, 0, 0, page->width, page->out);
    fputs(page->color ? "\033[0m" : "", page->out);
}

/* How many rows from `first` on are of its step. */
static size_t rows_of_step(const struct summary *summary, size_t first)
{
    size_t count = 1;
    while (first + count < summary->row_count && summary->rows[first + count].step == summary->rows[first].step)
        count++;
    return count;
}

/* A step's rows from `first` on, and what stands below them. */
static bool put_rows(const struct page *page, const struct run *run, struct sheet *sheet, const struct summary *summary,
                     size_t first, struct err *e)
{
    const struct table table = columns_of(summary);
    const size_t count = rows_of_step(summary, first);
    const struct table_layout layout = table_lay_out(&table, first, count, page->width);
    const int step = summary->rows[first].step;
    put_step(page, &run->steps[step]);
    table_put_head(page, &table, &layout);
    for (size_t i = 0; i < count; i++)
        table_put_row(page, &table, &layout, first + i);
    put_totals(page, summary, step);
    put_figures(page, summary, step);
    return matrix_report_put_sizes(page, run, summary, step, e) && put_limits(page, sheet, summary, step, e);
}

/* The cells of one matrix, as one step. */
static bool put_cells(const struct page *page, const struct run *run, const struct summary *summary, int step,
                      size_t count, struct err *e)
{
    struct run_step all = run->steps[step];
    char axes[MODEL_STEP];
    matrix_name_split(run->steps[step].name, all.name, sizeof all.name, axes, sizeof axes);
    put_step(page, &all);
    return matrix_report_put(page, run, summary, step, count, e);
}

static bool put_table(const struct page *page, const struct run *run, struct sheet *sheet,
                      const struct summary *summary, struct err *e)
{
    for (size_t i = 0; i < summary->row_count;) {
        const int step = summary->rows[i].step;
        const size_t cells = matrix_name_cells(run, step);
        const int end = step + (cells > 0 ? (int)cells : 1);
        fputc('\n', page->out);
        if (cells > 0 ? !put_cells(page, run, summary, step, cells, e) : !put_rows(page, run, sheet, summary, i, e))
            return false;
        while (i < summary->row_count && summary->rows[i].step < end)
            i++;
    }
    if (summary->row_count == 0)
        fputs("\nno trial was finished\n", page->out);
    else
        put_legend(page, summary);
    return true;
}

/* ---- the head ---- */

enum { LABEL = 9 };

static void put_label(const struct page *page, const char *label)
{
    fprintf(page->out, "%*s", PAGE_MARGIN, "");
    page_cell(page, TONE_FAINT, label, LABEL, true, false);
}

static void put_field(const struct page *page, const char *label, const char *text)
{
    put_label(page, label);
    print_wrapped(text, PAGE_MARGIN + LABEL, PAGE_MARGIN + LABEL, page->width, page->out);
}

/* The newest instance of each name; the agent's version where it is not tare's own. */
static void put_nodes(const struct page *page, const struct run *run)
{
    int columns = 0;
    for (size_t i = 0; i < run->node_count; i++) {
        char name[MODEL_NAME];
        int own = print_width(print_clean(run->nodes[i].name, name, sizeof name));
        columns = own > columns ? own : columns;
    }
    columns = columns < page->width / 4 ? columns : page->width / 4;
    for (size_t i = 0; i < run->node_count; i++) {
        const struct run_node *node = &run->nodes[i];
        char part[MODEL_NAME], line[512] = "";
        if (run_find_node(run, node->name) != node)
            continue;
        if (strcmp(node->role, node->name) != 0)
            text_append(line, sizeof line, "%s, ", print_clean(node->role, part, sizeof part));
        if (node->product[0])
            text_append(line, sizeof line, "%s, ", print_clean(node->product, part, sizeof part));
        if (node->version[0] && strcmp(node->version, run->version) != 0)
            text_append(line, sizeof line, "agent %s, ", print_clean(node->version, part, sizeof part));
        text_append(line, sizeof line, "%s", print_clean(node->address, part, sizeof part));
        put_label(page, i == 0 ? "nodes" : "");
        page_cell(page, TONE_PLAIN, print_clean(node->name, part, sizeof part), columns, true, false);
        int begin = PAGE_MARGIN + LABEL + columns + PAGE_GAP;
        fprintf(page->out, "%*s", PAGE_GAP, "");
        print_wrapped(line, begin, begin, page->width, page->out);
    }
}

static void put_clocks(const struct page *page, const struct run *run)
{
    enum { NAMED_MOST = 8 };
    char name[MODEL_NAME], known[160], line[sizeof name + sizeof known + 64];
    size_t count = 0;
    const char *worst = clock_lines_worst(run, &count);
    bool any = count > NAMED_MOST;
    if (any && clock_lines_node(run, worst, known, sizeof known)) {
        snprintf(line, sizeof line, "the worst of %zu, %s: %s", count, print_clean(worst, name, sizeof name), known);
        put_field(page, "clocks", line);
    }
    for (size_t i = 0; count <= NAMED_MOST && i < run->node_count; i++) {
        if (run_find_node(run, run->nodes[i].name) != &run->nodes[i] ||
            !clock_lines_node(run, run->nodes[i].name, known, sizeof known))
            continue;
        snprintf(line, sizeof line, "%s: %s", print_clean(run->nodes[i].name, name, sizeof name), known);
        put_field(page, any ? "" : "clocks", line);
        any = true;
    }
    if (clock_lines_assumed(run, known, sizeof known))
        put_field(page, any ? "" : "clocks", known);
}

/* One line for each machine that has several nodes. */
static void put_shared_machines(const struct page *page, const struct run *run)
{
    for (size_t i = 0; i < run->node_count; i++) {
        const struct run_node *node = &run->nodes[i];
        char line[1024] = "shared machine:";
        bool first = true;
        int others = 0;
        for (size_t j = 0; j < run->node_count; j++) {
            const struct run_node *other = &run->nodes[j];
            char name[MODEL_NAME];
            if (strcmp(other->boot_id, node->boot_id) != 0 || run_find_node(run, other->name) != other)
                continue;
            first = first && j >= i;
            text_append(line, sizeof line, "%s %s", others++ ? "," : "", print_clean(other->name, name, sizeof name));
        }
        if (first && others > 1 && node->boot_id[0] && run_find_node(run, node->name) == node)
            put_field(page, "note", line);
    }
}

static void put_left_out(const struct page *page, const struct run *run)
{
    char line[1024], clean[1024];
    for (const char *at = run->left_out ? run->left_out : ""; *at;) {
        size_t size = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)size, at);
        put_field(page, "left out", print_clean(line, clean, sizeof clean));
        at += size + (at[size] == '\n');
    }
}

static void put_head(const struct page *page, const struct run *run)
{
    char scenario[MODEL_NAME], why[MODEL_TEXT], version[64], started[32], line[512] = "";
    fprintf(page->out, "run %" PRId64 "  ", run->no);
    page_put(page, TONE_HEAD, print_clean(run->scenario, scenario, sizeof scenario));
    fputs("  ", page->out);
    page_put(page, page_status_tone(run->status), run_status_name(run->status));
    fputc('\n', page->out);
    if (run->why[0])
        put_field(page, "why", print_clean(run->why, why, sizeof why));
    text_append(line, sizeof line, "%s", print_utc(run->started_real_ns, started, sizeof started));
    if (run->ended_real_ns > run->started_real_ns)
        text_append(line, sizeof line, ", took %.0f s",
                    (double)(run->ended_real_ns - run->started_real_ns) / CLOCK_NS_PER_S);
    text_append(line, sizeof line, ", with tare %s", print_clean(run->version, version, sizeof version));
    put_field(page, "started", line);
    put_field(page, "uuid", print_clean(run->uuid, line, sizeof line));
    if (run->overrides && run->overrides[0])
        put_field(page, "set", print_clean(run->overrides, line, sizeof line));
    put_left_out(page, run);
    put_nodes(page, run);
    put_clocks(page, run);
    put_shared_machines(page, run);
}

static void put_notes(const struct page *page, const struct notes *notes)
{
    int label = 0;
    for (size_t i = 0; i < notes->count; i++) {
        int columns = print_width(notes->list[i].trials);
        label = columns > label ? columns : label;
    }
    label = label > page->width / 3 ? page->width / 3 : label;
    if (notes->count)
        fputs("\ntrials\n", page->out);
    for (size_t i = 0; i < notes->count; i++) {
        int columns = print_width(notes->list[i].trials), begin = PAGE_MARGIN + label + PAGE_GAP;
        fprintf(page->out, "%*s", PAGE_MARGIN, "");
        page_put(page, TONE_WARN, notes->list[i].trials);
        if (columns > label)
            fprintf(page->out, "\n%*s", begin, "");
        else
            fprintf(page->out, "%*s", label - columns + PAGE_GAP, "");
        print_wrapped(notes->list[i].text, begin, begin, page->width, page->out);
    }
}

bool report_table(const struct run *run, FILE *out, int width, bool color, struct err *e)
{
    struct page page = { out, width > PAGE_LEAST_WIDTH ? width : PAGE_LEAST_WIDTH, color };
    struct summary *summary = NULL;
    struct notes *notes = NULL;
    struct comparisons *comparisons = NULL;
    struct sheet *sheet = NULL;
    bool ok = summary_of(run, &summary, e) && notes_of(run, &notes, e) && compare_run(run, &comparisons, e) &&
              sheet_of(run, &sheet, e);
    if (ok)
        put_head(&page, run);
    ok = ok && put_table(&page, run, sheet, summary, e);
    if (ok) {
        put_notes(&page, notes);
        ok = report_compare_table(&page, comparisons, e);
    }
    sheet_destroy(&sheet);
    comparisons_destroy(&comparisons);
    summary_destroy(&summary);
    notes_destroy(&notes);
    return ok;
}
