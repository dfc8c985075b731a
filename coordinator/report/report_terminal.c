#include "report_terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/clock_lines.h"
#include "report/notes.h"
#include "report/page.h"
#include "report/print.h"
#include "report/table.h"
#include "result/summary.h"

enum { CELL = TABLE_CELL };

static enum tone verdict_tone(enum verdict verdict)
{
    return verdict == VERDICT_TOGETHER ? TONE_GOOD
           : verdict == VERDICT_LATE   ? TONE_BAD
           : verdict == VERDICT_SINGLE ? TONE_PLAIN
                                       : TONE_WARN;
}

/* ---- cells ---- */

static void cell_node(const struct summary_row *row, char *out)
{
    char name[MODEL_NAME];
    snprintf(out, CELL, "%s", print_clean(row->node, name, sizeof name));
}

static void cell_direction(const struct summary_row *row, char *out)
{
    print_clean(row->direction[0] ? row->direction : "-", out, CELL);
}

/* "3", or "2/3" when one of three ended early. */
static void cell_trials(const struct summary_row *row, char *out)
{
    if (row->used == row->trials)
        snprintf(out, CELL, "%d", row->trials);
    else
        snprintf(out, CELL, "%d/%d", row->used, row->trials);
}

static void cell_throughput(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "-");
    if (row->throughput.count)
        units_show_rate(row->throughput.median, out, CELL);
}

static void cell_range(const struct summary_row *row, char *out)
{
    char least[32], most[32], median[32];
    snprintf(out, CELL, "-");
    if (row->throughput.count < 2)
        return;
    units_show_rate(row->throughput.least, least, sizeof least);
    units_show_rate(row->throughput.most, most, sizeof most);
    units_show_rate(row->throughput.median, median, sizeof median);
    units_drop_same(least, median);
    units_drop_same(most, median);
    snprintf(out, CELL, "%s..%s", least, most);
}

static void cell_retransmits(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "-");
    if (row->retransmits.count)
        snprintf(out, CELL, "%.0f", row->retransmits.sum);
}

static void cell_rtt(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "-");
    if (row->rtt.count)
        units_show_ns(row->rtt.median * CLOCK_NS_PER_S, out, CELL);
}

static void cell_cpu(const struct spread *cpu, char *out)
{
    snprintf(out, CELL, "-");
    if (cpu->count)
        snprintf(out, CELL, "%.*f", cpu->median < 10 ? 3 : 1, cpu->median);
}

static void cell_cpu_node(const struct summary_row *row, char *out) { cell_cpu(&row->cpu_node, out); }
static void cell_cpu_peer(const struct summary_row *row, char *out) { cell_cpu(&row->cpu_peer, out); }

/* "together 1.24 +-2.40 us", "late guest 1/3 4.10 +-0.00 ms", "single T+0.31 +-2.40 us" */
static void cell_start(const struct summary_row *row, char *out)
{
    char late[MODEL_NAME], skew[48];
    snprintf(out, CELL, "%s", verdict_name(row->verdict));
    if (row->verdict == VERDICT_LATE)
        text_append(out, CELL, " %s", print_clean(row->late, late, sizeof late));
    if (row->verdict_trials < row->trials)
        text_append(out, CELL, " %d/%d", row->verdict_trials, row->trials);
    if (!row->has_start)
        return;
    bool single = row->verdict == VERDICT_SINGLE;
    double ns = (double)row->start_ns;
    units_show_ns_within(single ? ns : fabs(ns), (double)row->start_bound_ns, skew, sizeof skew);
    text_append(out, CELL, " %s%s", single ? ns < 0 ? "T" : "T+" : "", skew);
}

static const struct column {
    struct table_column shape;
    void (*cell)(const struct summary_row *row, char *out);
} COLUMNS[] = {
    { { "node", true, 0 }, cell_node },
    { { "dir", true, 1 }, cell_direction },
    { { "n", false, 4 }, cell_trials },
    { { "throughput", false, 0 }, cell_throughput },
    { { "min..max", false, 2 }, cell_range },
    { { "retr", false, 6 }, cell_retransmits },
    { { "rtt", false, 7 }, cell_rtt },
    { { "cpu s/GB", false, 3 }, cell_cpu_node },
    { { "peer s/GB", false, 5 }, cell_cpu_peer },
    { { "start", true, 0 }, cell_start },
};
enum { COLUMN_START = ARRAY_SIZE(COLUMNS) - 1, COLUMN_COUNT = ARRAY_SIZE(COLUMNS) };

static const struct table_column *column(size_t column) { return &COLUMNS[column].shape; }

static void cell(const void *rows, size_t row, size_t column, char *out)
{
    COLUMNS[column].cell((const struct summary_row *)rows + row, out);
}

static enum tone tone(const void *rows, size_t row, size_t column)
{
    return column == COLUMN_START ? verdict_tone(((const struct summary_row *)rows)[row].verdict) : TONE_PLAIN;
}

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
        units_show_rate(t->sum.median, sum, sizeof sum);
        units_show_rate(t->least.median, least, sizeof least);
        units_show_rate(t->most.median, most, sizeof most);
        units_drop_same(least, most);
        text_append(line, sizeof line, "%zu at once, %s: sum %s, min..max %s..%s, fairness %.4f (Jain)", t->streams,
                    print_clean(t->direction[0] ? t->direction : "all", direction, sizeof direction), sum, least, most,
                    t->jain.median);
        fprintf(page->out, "%*s", PAGE_MARGIN, "");
        print_wrapped(line, PAGE_MARGIN, PAGE_MARGIN, page->width, page->out);
    }
}

static void put_legend(const struct page *page, const struct summary *summary)
{
    static const char TEXT[] =
        "Medians over the rounds, whole window, coordinator's clock; retr is the sum. The start is the worst: "
        "how far apart the first operations were, or how far from T a single one was.";
    static const char TOTALS[] = " What nodes did at once is taken from the time in which all of them were at it.";
    char text[sizeof TEXT + sizeof TOTALS] = "";
    text_append(text, sizeof text, "%s%s", TEXT, summary->total_count ? TOTALS : "");
    fprintf(page->out, "\n%s", page->color ? "\033[2m" : "");
    print_wrapped(text, 0, 0, page->width, page->out);
    fputs(page->color ? "\033[0m" : "", page->out);
}

static void put_table(const struct page *page, const struct run *run, const struct summary *summary)
{
    const struct table table = { summary->rows, summary->row_count, COLUMN_COUNT, column, cell, tone };
    struct table_layout layout = table_lay_out(&table, page->width);
    for (size_t i = 0; i < summary->row_count; i++) {
        if (i == 0 || summary->rows[i].step != summary->rows[i - 1].step) {
            fputc('\n', page->out);
            put_step(page, &run->steps[summary->rows[i].step]);
            table_put_head(page, &table, &layout);
        }
        table_put_row(page, &table, &layout, i);
        if (i + 1 == summary->row_count || summary->rows[i + 1].step != summary->rows[i].step)
            put_totals(page, summary, summary->rows[i].step);
    }
    if (summary->row_count == 0)
        fputs("\nno trial was finished\n", page->out);
    else
        put_legend(page, summary);
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
        if (strcmp(node->version, run->version) != 0)
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
    bool ok = summary_of(run, &summary, e) && notes_of(run, &notes, e);
    if (ok) {
        put_head(&page, run);
        put_table(&page, run, summary);
        put_notes(&page, notes);
    }
    summary_destroy(&summary);
    notes_destroy(&notes);
    return ok;
}
