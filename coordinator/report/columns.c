#include "columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/print.h"

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

/* Cells that mean nothing for what the row's workload does are empty, unknown ones "-". */
static bool transacts(const struct summary_row *row) { return row->transactions.count > 0; }
/* Whose figures stand below the table, each by its name. */
static bool works(const struct summary_row *row) { return strcmp(row->direction, "work") == 0; }

static void cell_throughput(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "%s", transacts(row) || works(row) ? "" : "-");
    if (row->throughput.count)
        units_show_rate(row->throughput.median, out, CELL);
}

static void cell_transactions(const struct summary_row *row, char *out)
{
    *out = '\0';
    if (transacts(row))
        units_show_frequency(row->transactions.median, out, CELL);
}

static void cell_range(const struct summary_row *row, char *out)
{
    const struct spread *rate = transacts(row) ? &row->transactions : &row->throughput;
    const char *unit = transacts(row) ? "1/s" : "bit/s";
    char least[32], most[32], median[32];
    snprintf(out, CELL, "%s", works(row) ? "" : "-");
    if (rate->count < 2)
        return;
    units_show_in(rate->least, unit, least, sizeof least);
    units_show_in(rate->most, unit, most, sizeof most);
    units_show_in(rate->median, unit, median, sizeof median);
    units_drop_same(least, median);
    units_drop_same(most, median);
    snprintf(out, CELL, "%s..%s", least, most);
}

static void cell_sent(const struct summary_row *row, char *out)
{
    *out = '\0';
    if (row->sent.count)
        units_show_rate(row->sent.median, out, CELL);
}

static void cell_loss(const struct summary_row *row, char *out)
{
    double percent = 100 * row->loss.median;
    *out = '\0';
    if (row->loss.count)
        snprintf(out, CELL, percent > 0 && percent < 0.1 ? "%.1e %%" : "%.1f %%", percent);
}

static void cell_latency(const struct summary_row *row, double share, char *out)
{
    *out = '\0';
    if (row->latencies)
        units_show_ns(hist_percentile(row->latencies, share), out, CELL);
}

static void cell_p50(const struct summary_row *row, char *out) { cell_latency(row, 0.5, out); }
static void cell_p99(const struct summary_row *row, char *out) { cell_latency(row, 0.99, out); }
static void cell_p9999(const struct summary_row *row, char *out) { cell_latency(row, 0.9999, out); }

static void cell_retransmits(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "%s", row->sent.count || transacts(row) || works(row) ? "" : "-");
    if (row->retransmits.count)
        snprintf(out, CELL, "%.0f", row->retransmits.sum);
}

/* Of transactions the histogram tells more. */
static void cell_rtt(const struct summary_row *row, char *out)
{
    snprintf(out, CELL, "%s", row->sent.count || transacts(row) || works(row) ? "" : "-");
    if (row->rtt.count && !transacts(row))
        units_show_ns(row->rtt.median * CLOCK_NS_PER_S, out, CELL);
}

/* `applies`: the row's work is what the price is for. */
static void cell_cpu(const struct spread *cpu, bool applies, double scale, char *out)
{
    snprintf(out, CELL, "%s", applies ? "-" : "");
    if (cpu->count && applies)
        snprintf(out, CELL, "%.*f", cpu->median * scale < 10 ? 3 : 1, cpu->median * scale);
}

static void cell_cpu_node(const struct summary_row *row, char *out)
{
    cell_cpu(&row->cpu_node, !transacts(row) && !works(row), 1, out);
}
static void cell_cpu_peer(const struct summary_row *row, char *out)
{
    cell_cpu(&row->cpu_peer, !transacts(row) && !works(row), 1, out);
}
static void cell_each_node(const struct summary_row *row, char *out)
{
    cell_cpu(&row->cpu_node, transacts(row), 1e6, out);
}
static void cell_each_peer(const struct summary_row *row, char *out)
{
    cell_cpu(&row->cpu_peer, transacts(row), 1e6, out);
}

/* "together 1.24 +-2.40 us", "late guest 1/3 4.10 +-0.00 ms", "single T+9.31 +-2.40 us, preloaded" */
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
    if (*row->release)
        text_append(out, CELL, ", %s", print_clean(row->release, late, sizeof late));
}

static const struct column {
    struct table_column shape;
    void (*cell)(const struct summary_row *row, char *out);
} COLUMNS[] = {
    { { "node", true, 0 }, cell_node },
    { { "dir", true, 3 }, cell_direction },
    { { "n", false, 6 }, cell_trials },
    { { "throughput", false, 0 }, cell_throughput },
    { { "transactions", false, 0 }, cell_transactions },
    { { "min..max", false, 5 }, cell_range },
    { { "sent", false, 2 }, cell_sent },
    { { "loss", false, 1 }, cell_loss },
    { { "p50", false, 2 }, cell_p50 },
    { { "p99", false, 1 }, cell_p99 },
    { { "p99.99", false, 4 }, cell_p9999 },
    { { "retr", false, 8 }, cell_retransmits },
    { { "rtt", false, 9 }, cell_rtt },
    { { "cpu s/GB", false, 4 }, cell_cpu_node },
    { { "cpu us/tr", false, 4 }, cell_each_node },
    { { "peer s/GB", false, 7 }, cell_cpu_peer },
    { { "peer us/tr", false, 7 }, cell_each_peer },
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

struct table columns_of(const struct summary *summary)
{
    return (struct table){ summary->rows, summary->row_count, COLUMN_COUNT, column, cell, tone };
}
