#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result/summary_parts.h"

/* Those beside a figure that tell of it are left to the details. */
static bool is_beside(const char *name)
{
    static const char *const ENDS[] = { "_passes", "_runs", "_half_width", "_cpu",  "_samples", "_p90",    "_p999",
                                        "_min",    "_max",  "_mean",       "_node", "_peer",    "_ceiling" };
    size_t length = strlen(name);
    if (figure_is_of_host(name))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(ENDS); i++)
        if (length > strlen(ENDS[i]) && strcmp(name + length - strlen(ENDS[i]), ENDS[i]) == 0)
            return true;
    return false;
}

static bool is_first_of_its_name(const struct summary *summary, int step, const char *node, const char *name)
{
    for (size_t i = 0; i < summary->figure_count; i++)
        if (summary->figures[i].step == step && strcmp(summary->figures[i].node, node) == 0 &&
            strcmp(summary->figures[i].name, name) == 0)
            return false;
    return true;
}

/* Of the streams of one trial, on the coordinator's clock where it is known there. */
static double named(const struct trial *trial, const char *node, const char *name)
{
    for (size_t i = 0; i < trial->stream_count; i++) {
        const struct stream *s = &trial->streams[i];
        const struct figure *f =
            s->role == STREAM_LOAD && strcmp(s->node, node) == 0 ? stream_main_figure(s, name) : NULL;
        if (f)
            return f->value;
    }
    return NAN;
}

static bool add_figure(const struct run *run, const struct summary_choice *choices, double *values, int step,
                       const struct stream *stream, const struct figure *figure, struct summary *summary)
{
    struct summary_figure *more = reallocarray(summary->figures, summary->figure_count + 1, sizeof *more);
    size_t count = 0;
    if (!more)
        return false;
    summary->figures = more;
    for (size_t i = 0; i < run->trial_count; i++) {
        double value =
            choices[i].used && run->trials[i].step == step ? named(&run->trials[i], stream->node, figure->name) : NAN;
        if (isfinite(value))
            values[count++] = value;
    }
    more[summary->figure_count++] = (struct summary_figure){ .step = step,
                                                             .node = stream->node,
                                                             .name = figure->name,
                                                             .unit = figure->unit,
                                                             .path = figure->path,
                                                             .spread = summary_spread(values, count) };
    return true;
}

/* Of a stream that does neither send nor ask all; of any what guests took that were only there. */
static bool add_figures(const struct run *run, const struct summary_choice *choices, double *values, int step,
                        const struct stream *stream, struct summary *summary)
{
    const bool does_work = strcmp(stream->direction, "work") == 0;
    if (stream->role != STREAM_LOAD)
        return true;
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *f = &stream->figures[i];
        if ((does_work ? !is_beside(f->name) : strncmp(f->name, PRICE_TAX, strlen(PRICE_TAX)) == 0) &&
            is_first_of_its_name(summary, step, stream->node, f->name) &&
            !add_figure(run, choices, values, step, stream, f, summary))
            return false;
    }
    return true;
}

bool summary_add_named(const struct run *run, const struct summary_choice *choices, double *values,
                       struct summary *summary)
{
    for (int step = 0; step < (int)run->step_count; step++)
        for (size_t i = 0; i < run->trial_count; i++) {
            const struct trial *trial = &run->trials[i];
            for (size_t s = 0; trial->step == step && choices[i].counts && s < trial->stream_count; s++)
                if (!add_figures(run, choices, values, step, &trial->streams[s], summary))
                    return false;
        }
    return true;
}
