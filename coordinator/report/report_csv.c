#include "report_csv.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/print.h"
#include "result/latency.h"
#include "result/summary.h"

/* A spreadsheet takes a field that begins with one of these for a formula, and runs it. */
static bool is_formula(const char *text) { return *text && strchr("=+-@", *text) != NULL; }

void report_csv_text(const char *text, FILE *out)
{
    char clean[1024];
    print_clean(text, clean, sizeof clean);
    if (!is_formula(clean) && !strpbrk(clean, ",\"")) {
        fputs(clean, out);
        return;
    }
    fputs(is_formula(clean) ? "\"'" : "\"", out);
    for (const char *c = clean; *c; c++)
        fputs(*c == '"' ? "\"\"" : (const char[]){ *c, '\0' }, out);
    fputc('"', out);
}

static void put_figure(const struct run *run, const struct trial *trial, const struct stream *stream,
                       const struct figure *figure, FILE *out)
{
    const struct run_step *step = &run->steps[trial->step];
    const char *const before[] = { run->scenario, step->name, step->workload, step->when };
    const char *const after[] = { trial_kind_name(trial->kind),
                                  verdict_name(trial->verdict),
                                  stream->node,
                                  stream->peer,
                                  stream_role_name(stream->role),
                                  stream->direction,
                                  figure->name };
    const char *const last[] = { figure->unit, window_name(figure->window), figure_clock_name(figure->clock),
                                 figure->path };
    fprintf(out, "%" PRId64, run->no);
    for (size_t i = 0; i < ARRAY_SIZE(before); i++)
        fputc(',', out), report_csv_text(before[i], out);
    fprintf(out, ",%d,%d,%d,%d,%d", trial->order + 1, trial->round, trial->block, trial->attempt,
            summary_uses(run, trial));
    for (size_t i = 0; i < ARRAY_SIZE(after); i++)
        fputc(',', out), report_csv_text(after[i], out);
    fprintf(out, ",%.15g", figure->value);
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        fputc(',', out), report_csv_text(last[i], out);
    fputc('\n', out);
}

/* A figure of all rounds belongs to no trial: those fields, `counts` among them, are empty. */
static void put_latencies(const struct run *run, const struct summary_row *row, FILE *out)
{
    const struct run_step *step = &run->steps[row->step];
    const char *const before[] = { run->scenario, step->name, step->workload, step->when };
    struct latency_figure figures[LATENCY_FIGURES];
    latency_figures(row->latencies, figures);
    for (size_t f = 0; f < LATENCY_FIGURES; f++) {
        fprintf(out, "%" PRId64, run->no);
        for (size_t i = 0; i < ARRAY_SIZE(before); i++)
            fputc(',', out), report_csv_text(before[i], out);
        fputs(",,,,,,rounds,,", out);
        report_csv_text(row->node, out);
        fputs(",,load,", out);
        report_csv_text(row->direction, out);
        fprintf(out, ",%s,%.15g,s,%s,%s,\n", figures[f].name, figures[f].ns / 1e9, window_name(WINDOW_WHOLE),
                figure_clock_name(FIGURE_ON_OWN));
    }
}

bool report_csv(const struct run *run, FILE *out, struct err *e)
{
    struct summary *summary = NULL;
    if (!summary_of(run, &summary, e))
        return false;
    fputs("run,scenario,step,workload,when,trial,round,block,attempt,counts,kind,verdict,node,peer,role,direction,"
          "figure,value,unit,window,clock,path\n",
          out);
    for (size_t t = 0; t < run->trial_count; t++)
        for (size_t s = 0; s < run->trials[t].stream_count; s++) {
            const struct stream *stream = &run->trials[t].streams[s];
            for (size_t f = 0; f < stream->figure_count; f++)
                put_figure(run, &run->trials[t], stream, &stream->figures[f], out);
        }
    for (size_t i = 0; i < summary->row_count; i++)
        if (summary->rows[i].latencies)
            put_latencies(run, &summary->rows[i], out);
    summary_destroy(&summary);
    return true;
}
