#include "sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result/lap_figure.h"
#include "result/summary.h"

struct sheet {
    const struct run *run;
    struct facts *facts;
    bool *counts;           /* these two: one a trial of the run */
    struct limits **limits; /* one a stream; NULL until somebody asks */
    int rounds;
};

void sheet_destroy(struct sheet **sheet)
{
    struct sheet *s = sheet ? *sheet : NULL;
    if (!s)
        return;
    for (size_t i = 0; s->limits && i < s->run->trial_count; i++)
        free(s->limits[i]);
    free(s->limits);
    free(s->counts);
    facts_destroy(&s->facts);
    free(s);
    *sheet = NULL;
}

bool sheet_of(const struct run *run, struct sheet **sheet, struct err *e)
{
    struct sheet *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    made->run = run;
    made->counts = calloc(run->trial_count + 1, sizeof *made->counts);
    made->limits = calloc(run->trial_count + 1, sizeof *made->limits);
    if (!made->counts || !made->limits || !facts_of(run, &made->facts, e)) {
        sheet_destroy(&made);
        return err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    }
    for (size_t i = 0; i < run->trial_count; i++) {
        made->counts[i] = summary_counts(run, &run->trials[i]);
        made->rounds = run->trials[i].round >= made->rounds ? run->trials[i].round + 1 : made->rounds;
    }
    *sheet = made;
    return true;
}

const struct run *sheet_run(const struct sheet *sheet) { return sheet->run; }
const struct facts *sheet_facts(const struct sheet *sheet) { return sheet->facts; }
int sheet_rounds(const struct sheet *sheet) { return sheet->rounds; }

/* A stream that was cut short need not know its direction. */
static bool is_of(const struct stream *stream, const char *node, const char *direction)
{
    return stream->role == STREAM_LOAD && strcmp(stream->node, node) == 0 &&
           (!stream->direction[0] || strcmp(stream->direction, direction) == 0);
}

const struct trial *sheet_trial(const struct sheet *sheet, int step, int round, const char *node, const char *direction)
{
    for (size_t i = 0; i < sheet->run->trial_count; i++) {
        const struct trial *trial = &sheet->run->trials[i];
        if (trial->step != step || trial->round != round || !sheet->counts[i])
            continue;
        for (size_t s = 0; s < trial->stream_count; s++)
            if (is_of(&trial->streams[s], node, direction))
                return trial;
    }
    return NULL;
}

/* A clock's flag without a limit is no more than news: that its stamps came by another way, say. */
static bool is_beyond_a_clocks_limit(const struct flag *flag)
{
    return strcmp(flag->kind, "clock") == 0 && flag->limit > 0 && fabs(flag->value) > flag->limit;
}

const char *sheet_why_left(const struct sheet *sheet, const struct trial *trial)
{
    const struct flag *disturbance = summary_disturbance(trial);
    bool is_together = strcmp(sheet->run->steps[trial->step].when, "together") == 0;
    const struct workload_info *workload = catalogue_find(sheet->run->steps[trial->step].workload);
    bool is_alone = !is_together && workload && workload->kind == WORKLOAD_LAPS;
    if (trial->partial)
        return "ended early";
    if (disturbance)
        return disturbance->kind;
    for (size_t i = 0; i < trial->flag_count; i++)
        if (is_beyond_a_clocks_limit(&trial->flags[i]))
            return "clock";
    if (trial->verdict == VERDICT_LATE && !is_alone)
        return "late start";
    if (trial->verdict == VERDICT_UNPROVEN && is_together)
        return "unproven start";
    return NULL;
}

/* CPU of the node's host for all that its streams moved in the trial. Of nodes that worked at the same
 * time nobody can say whose the host's CPU was. */
static bool price(const struct sheet *sheet, const struct trial *trial, const char *node, double *value,
                  const char **unit)
{
    const struct stream *first = NULL;
    double bytes = 0, transactions = 0, seconds;
    for (size_t i = 0; i < trial->stream_count; i++) {
        const struct stream *stream = &trial->streams[i];
        if (stream->role != STREAM_LOAD)
            continue;
        if (strcmp(stream->node, node) != 0)
            return false;
        const struct figure *b = stream_main_figure(stream, "bytes");
        const struct figure *t = stream_main_figure(stream, "transaction_count");
        first = first ? first : stream;
        bytes += b ? b->value : 0;
        transactions += t ? t->value : 0;
    }
    if (!first || !summary_host_cpu_s(sheet->run, trial, first, &seconds))
        return false;
    *unit = transactions > 0 ? "s/transaction" : "s/GB";
    *value = seconds / (transactions > 0 ? transactions : bytes / 1e9);
    return isfinite(*value);
}

/* The geometric mean of all of a set; of fewer than it has there is none. */
static bool value_of_set(const struct workload_info *workload, const struct stream *stream,
                         const struct sheet_figure *figure, double *value, const char **unit)
{
    double logarithms = 0;
    size_t count = 0;
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *f = &stream->figures[i];
        struct lap_figure own;
        if (stream_main_figure(stream, f->name) != f || !lap_figure_of(workload, f->name, f->unit, &own) || !own.set ||
            strcmp(own.set, figure->set) != 0)
            continue;
        logarithms += log(f->value);
        *unit = f->unit;
        count++;
    }
    *value = exp(logarithms / (double)(count ? count : 1));
    return count == figure->members && isfinite(*value);
}

/* False where it has none; *is_known: it has one that says something. */
static bool value_of_stream(const struct workload_info *workload, const struct stream *stream,
                            const struct sheet_figure *figure, double *value, const char **unit, bool *is_known)
{
    if (workload && workload->kind == WORKLOAD_LAPS && stream->figure_count == 0)
        return false; /* a further thread: the first one's figures are those of all */
    const struct figure *own = figure->set ? NULL : stream_main_figure(stream, figure->name);
    *is_known =
        figure->set ? workload && value_of_set(workload, stream, figure, value, unit) : own && isfinite(own->value);
    if (own) {
        *value = own->value;
        *unit = own->unit;
    }
    return true;
}

bool sheet_value(const struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                 const struct sheet_figure *figure, double *value, const char **unit)
{
    const struct workload_info *workload = catalogue_find(sheet->run->steps[trial->step].workload);
    if (strcmp(figure->name, SHEET_PRICE) == 0)
        return price(sheet, trial, node, value, unit) && *value > 0;
    double sum = 0, one = 0;
    int count = 0;
    for (size_t i = 0; i < trial->stream_count; i++) {
        bool is_known;
        if (!is_of(&trial->streams[i], node, direction) ||
            !value_of_stream(workload, &trial->streams[i], figure, &one, unit, &is_known))
            continue;
        if (!is_known)
            return false;
        sum += one;
        count++;
    }
    *value = figure->is_rate || count == 0 ? sum : sum / count;
    return count > 0 && *value > 0;
}

/* The n-th of the figures that one stands for: itself, or a set's members. */
static const struct figure *nth(const struct workload_info *workload, const struct stream *stream,
                                const struct sheet_figure *figure, size_t n)
{
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *f = &stream->figures[i];
        struct lap_figure own;
        bool is_one = figure->set ? lap_figure_of(workload, f->name, f->unit, &own) && own.set &&
                                        strcmp(own.set, figure->set) == 0
                                  : strcmp(f->name, figure->name) == 0;
        if (is_one && stream_main_figure(stream, f->name) == f && n-- == 0)
            return f;
    }
    return NULL;
}

static int threads_of(const struct trial *trial, const char *node)
{
    int count = 0;
    for (size_t i = 0; i < trial->stream_count; i++)
        count += trial->streams[i].role == STREAM_LOAD && strcmp(trial->streams[i].node, node) == 0;
    return count;
}

static bool limits_of_figure(const struct workload_info *workload, const struct trial *trial,
                             const struct stream *stream, const struct sheet_figure *figure, struct limits *limits,
                             struct err *e)
{
    size_t count = figure->set ? figure->members : 1;
    struct limits *each = calloc(count + 1, sizeof *each);
    if (!each)
        return err_set(e, ERR_INTERNAL, "out of memory for the limits");
    size_t known = 0;
    for (const struct figure *f; known < count && (f = nth(workload, stream, figure, known)); known++)
        limits_of_file(stream, f, threads_of(trial, stream->node), &each[known]);
    bool ok = known == 0 || limits_median(each, known, limits, e);
    free(each);
    return ok;
}

static const struct stream *first_of(const struct trial *trial, const char *node, const char *direction)
{
    for (size_t i = 0; i < trial->stream_count; i++)
        if (is_of(&trial->streams[i], node, direction))
            return &trial->streams[i];
    return NULL;
}

const char *sheet_path(const struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                       const struct sheet_figure *figure)
{
    const struct workload_info *workload = catalogue_find(sheet->run->steps[trial->step].workload);
    const struct stream *stream = first_of(trial, node, direction);
    const struct figure *f =
        stream && workload && workload->kind == WORKLOAD_LAPS ? nth(workload, stream, figure, 0) : NULL;
    return f ? f->path : "";
}

bool sheet_limits(struct sheet *sheet, const struct trial *trial, const char *node, const char *direction,
                  const struct sheet_figure *figure, struct limits *limits, struct err *e)
{
    const struct workload_info *workload = catalogue_find(sheet->run->steps[trial->step].workload);
    const struct stream *stream = first_of(trial, node, direction);
    size_t at = (size_t)(trial - sheet->run->trials);
    if (!sheet->limits[at]) {
        struct limits *each = calloc(trial->stream_count + 1, sizeof *each);
        if (!each || !limits_of(sheet->run, sheet->facts, trial, each, e)) {
            free(each);
            return err_set(e, ERR_INTERNAL, "out of memory for the limits");
        }
        sheet->limits[at] = each;
    }
    *limits = stream ? sheet->limits[at][stream - trial->streams] : (struct limits){ 0 };
    return !stream || !figure || !workload || strcmp(workload->name, "file_io") != 0 ||
           limits_of_figure(workload, trial, stream, figure, limits, e);
}
