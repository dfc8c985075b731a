/* sheet_figures.c - which figures of a step are compared. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result/lap_figure.h"
#include "result/sheet.h"

/* A step with more says what it has in its sets alone; all of it stands in JSON and CSV. */
enum { ROWS_MOST = 20 };

/* Of what goes over a wire. */
static const struct sheet_figure NETWORK[] = {
    { "throughput", true, true, true, true, NULL, 0, NULL },
    { "transactions", true, true, true, true, NULL, 0, NULL },
    { "elapsed", false, false, true, true, NULL, 0, NULL },
    { SHEET_PRICE, false, false, false, false, NULL, 0, NULL },
    { "latency_p50", false, false, false, false, NULL, 0, NULL },
    { "latency_p99", false, false, false, false, NULL, 0, NULL },
    { "rtt", false, false, false, false, NULL, 0, NULL },
};

struct list {
    struct sheet_figure *figures;
    size_t count;
};

/* Earlier ones may move. NULL when memory is out. */
static struct sheet_figure *append(struct list *list, const struct sheet_figure *figure, struct err *e)
{
    struct sheet_figure *more = reallocarray(list->figures, list->count + 1, sizeof *more);
    if (!more) {
        err_set(e, ERR_INTERNAL, "out of memory for a comparison");
        return NULL;
    }
    list->figures = more;
    more[list->count] = *figure;
    return &more[list->count++];
}

static struct sheet_figure *find(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->figures[i].name, name) == 0)
            return &list->figures[i];
    return NULL;
}

/* A stream's figures, each once. */
static bool add_own(const struct workload_info *workload, const struct stream *stream, struct list *list, struct err *e)
{
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *f = &stream->figures[i];
        struct lap_figure own;
        if (!lap_figure_of(workload, f->name, f->unit, &own) || find(list, f->name))
            continue;
        const struct sheet_figure made = { .name = f->name,
                                           .is_higher_better = own.is_rate,
                                           .is_rate = own.is_rate,
                                           .is_headline = own.weight == LAP_HEADLINE,
                                           .is_row = own.weight != LAP_DETAIL,
                                           .member_of = own.set };
        if (!append(list, &made, e))
            return false;
    }
    return true;
}

/* The sets of which it has several, in front of `list`'s own. */
static bool add_sets(const struct workload_info *workload, const struct stream *stream, struct list *list,
                     struct err *e)
{
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *f = &stream->figures[i];
        struct lap_figure own;
        if (stream_main_figure(stream, f->name) != f || !lap_figure_of(workload, f->name, f->unit, &own) || !own.set)
            continue;
        struct sheet_figure *set = find(list, own.set);
        const struct sheet_figure made = { .name = own.set,
                                           .is_higher_better = own.is_rate,
                                           .is_rate = own.is_rate,
                                           .is_headline = true,
                                           .is_row = true,
                                           .set = own.set };
        if (!set && !(set = append(list, &made, e)))
            return false;
        set->members++;
    }
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->figures[i].members > 1)
            list->figures[kept++] = list->figures[i];
    list->count = kept;
    return true;
}

/* What has nothing above it is what the step is run for; too many are no rows. */
static void settle(struct list *list)
{
    size_t headlines = 0, rows = 0;
    for (size_t i = 0; i < list->count; i++) {
        headlines += list->figures[i].is_headline;
        rows += list->figures[i].is_row;
    }
    for (size_t i = 0; i < list->count; i++) {
        struct sheet_figure *f = &list->figures[i];
        f->is_headline |= headlines == 0 && f->is_row;
        f->is_row = f->is_headline || (f->is_row && rows <= ROWS_MOST);
    }
}

/* The stream that tells most: of those that a trial lost early some have less. */
static const struct stream *fullest(const struct sheet *sheet, int step, const char *node, const char *direction)
{
    const struct stream *best = NULL;
    for (int round = 0; round < sheet_rounds(sheet); round++) {
        const struct trial *trial = sheet_trial(sheet, step, round, node, direction);
        for (size_t i = 0; trial && i < trial->stream_count; i++) {
            const struct stream *s = &trial->streams[i];
            if (s->role == STREAM_LOAD && strcmp(s->node, node) == 0 && (!best || s->figure_count > best->figure_count))
                best = s;
        }
    }
    return best;
}

bool sheet_figures(const struct sheet *sheet, int step, const char *node, const char *direction,
                   struct sheet_figure **figures, size_t *count, struct err *e)
{
    const struct workload_info *workload = catalogue_find(sheet_run(sheet)->steps[step].workload);
    struct list list = { NULL, 0 };
    bool ok = true;
    if (workload && workload->kind == WORKLOAD_LAPS) {
        const struct stream *stream = fullest(sheet, step, node, direction);
        ok = !stream || (add_sets(workload, stream, &list, e) && add_own(workload, stream, &list, e));
        settle(&list);
    } else {
        for (size_t i = 0; ok && i < ARRAY_SIZE(NETWORK); i++)
            ok = append(&list, &NETWORK[i], e) != NULL;
    }
    if (!ok) {
        free(list.figures);
        return false;
    }
    *figures = list.figures;
    *count = list.count;
    return true;
}
