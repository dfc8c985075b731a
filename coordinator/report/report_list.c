#include "report_list.h"

#include <inttypes.h>

#include "base/text.h"
#include "report/page.h"
#include "report/print.h"
#include "report/value.h"

static void put_line(const struct page *page, const struct list_entry *entry, int scenario_columns)
{
    const struct run *run = entry->run;
    char cell[MODEL_TEXT];
    snprintf(cell, sizeof cell, "%" PRId64, run->no);
    page_cell(page, TONE_PLAIN, cell, 5, false, false);
    fputs("  ", page->out);
    page_cell(page, TONE_PLAIN, print_utc(run->started_real_ns, cell, sizeof cell), 20, true, false);
    fputs("  ", page->out);
    page_cell(page, TONE_PLAIN, print_clean(run->scenario, cell, sizeof cell), scenario_columns, true, false);
    fputs("  ", page->out);
    page_cell(page, page_status_tone(run->status), run_status_name(run->status), 8, true, false);
    snprintf(cell, sizeof cell, "  %6d  %.8s", entry->trials, print_clean(run->uuid, (char[40]){ 0 }, 40));
    fputs(cell, page->out);
    fputc('\n', page->out);
}

void report_list_table(const struct list_entry *entries, size_t count, FILE *out, int width, bool color)
{
    enum { OTHERS = 5 + 2 + 20 + 2 + 2 + 8 + 2 + 6 + 2 + 8, LEAST = 8 };
    struct page page = { out, width, color };
    int columns = LEAST;
    for (size_t i = 0; i < count; i++) {
        char scenario[MODEL_NAME];
        int own = print_width(print_clean(entries[i].run->scenario, scenario, sizeof scenario));
        columns = own > columns ? own : columns;
    }
    if (OTHERS + columns > width)
        columns = width - OTHERS > LEAST ? width - OTHERS : LEAST;
    char head[256];
    snprintf(head, sizeof head, "%5s  %-20s  %-*s  %-8s  %6s  %s", "run", "started (UTC)", columns, "scenario",
             "status", "trials", "uuid");
    page_put(&page, TONE_FAINT, head);
    fputc('\n', out);
    for (size_t i = 0; i < count; i++)
        put_line(&page, &entries[i], columns);
}

bool report_list_json(const struct list_entry *entries, size_t count, FILE *out, struct err *e)
{
    json_t *runs = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct run *run = entries[i].run;
        runs =
            value_append(runs, VALUE_OBJECT({ "run", value_text(run->uuid) }, { "no", json_integer(run->no) },
                                            { "scenario", value_text(run->scenario) },
                                            { "status", json_string(run_status_name(run->status)) },
                                            { "started", value_utc(run->started_real_ns) },
                                            { "ended", value_utc(run->ended_real_ns) }, { "why", value_word(run->why) },
                                            { "trials", json_integer(entries[i].trials) }));
    }
    return value_write(VALUE_OBJECT({ "runs", runs }), out, e);
}
