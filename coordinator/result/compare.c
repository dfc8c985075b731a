#include "compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "result/comparison.h"

const char *compare_verdict_name(enum compare_verdict verdict)
{
#define COMPARE_WORD(name, word) [name] = word,
    static const char *const WORDS[] = { COMPARE_VERDICTS(COMPARE_WORD) };
    return WORDS[verdict];
}

static bool add_figure(const struct subject *s, const struct sheet_figure *figure, struct comparisons *all,
                       struct err *e)
{
    struct comparison made;
    bool is_any;
    if (!comparison_of(s, figure, &made, &is_any, e))
        return false;
    struct comparison *list = is_any ? reallocarray(all->list, all->count + 1, sizeof *list) : NULL;
    if (!list)
        return !is_any || err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    all->list = list;
    list[all->count++] = made;
    return true;
}

/* From `first` on: the headlines go behind what explains them. */
static void put_headlines_last(struct comparisons *all, size_t first)
{
    for (size_t pass = first; pass < all->count; pass++)
        for (size_t i = first; i + 1 < all->count; i++)
            if (all->list[i].is_headline && !all->list[i + 1].is_headline) {
                struct comparison moved = all->list[i];
                all->list[i] = all->list[i + 1];
                all->list[i + 1] = moved;
            }
}

static bool add_subject(const struct subject *s, bool is_first, struct comparisons *all, struct err *e)
{
    size_t first = all->count;
    struct sheet_figure *figures;
    size_t count;
    if (!sheet_figures(s->base_sheet, s->base_step, s->base, s->direction, &figures, &count, e))
        return false;
    bool ok = true;
    for (size_t n = 0; ok && n < count; n++) {
        bool once = strcmp(figures[n].name, SHEET_PRICE) == 0; /* the CPU is that of all directions */
        ok = (once && !is_first) || add_figure(s, &figures[n], all, e);
    }
    free(figures);
    if (!ok)
        return false;
    for (size_t i = first; i < all->count; i++)
        if (all->list[i].verdict == COMPARE_SAME_LIMIT) {
            put_headlines_last(all, first);
            break;
        }
    return true;
}

static bool is_in_step(const struct run *run, int step, const char *node)
{
    for (size_t t = 0; t < run->trial_count; t++)
        for (size_t i = 0; run->trials[t].step == step && i < run->trials[t].stream_count; i++)
            if (run->trials[t].streams[i].role == STREAM_LOAD && strcmp(run->trials[t].streams[i].node, node) == 0)
                return true;
    return false;
}

/* For each direction that the base has in the step, where the other one is in it, too. */
static bool add_directions(struct subject s, struct comparisons *all, struct err *e)
{
    const struct run *run = sheet_run(s.base_sheet);
    const char *seen[8];
    size_t count = 0;
    if (!is_in_step(sheet_run(s.with_sheet), s.with_step, s.with))
        return true;
    for (size_t t = 0; t < run->trial_count; t++) {
        const struct trial *trial = &run->trials[t];
        for (size_t i = 0; trial->step == s.base_step && i < trial->stream_count; i++) {
            const struct stream *stream = &trial->streams[i];
            bool is_new = stream->role == STREAM_LOAD && strcmp(stream->node, s.base) == 0 &&
                          (stream->direction[0] || !stream->peer[0]) && count < ARRAY_SIZE(seen);
            for (size_t k = 0; k < count; k++)
                is_new = is_new && strcmp(seen[k], stream->direction) != 0;
            if (is_new)
                seen[count++] = stream->direction;
        }
    }
    for (size_t k = 0; k < count; k++) {
        s.direction = seen[k];
        if (!add_subject(&s, k == 0, all, e))
            return false;
    }
    return true;
}

/* The node that others are compared with; NULL where the design names none and no host is the only one. */
static const char *base_of(const struct run *run)
{
    const char *host = NULL;
    if (run->design.base[0])
        return run->design.base;
    for (size_t i = 0; i < run->node_count; i++) {
        if (strcmp(run->nodes[i].role, "host") != 0 || (host && strcmp(host, run->nodes[i].name) == 0))
            continue;
        if (host)
            return NULL;
        host = run->nodes[i].name;
    }
    return host;
}

/* Whether the row is the first of its node: each further one is another instance of it. */
static bool is_first_instance(const struct run *run, size_t node)
{
    for (size_t i = 0; i < node; i++)
        if (strcmp(run->nodes[i].name, run->nodes[node].name) == 0)
            return false;
    return true;
}

static bool is_compared(const struct run *run, const char *base, size_t node)
{
    const char *name = run->nodes[node].name;
    if (strcmp(name, base) == 0 || !is_first_instance(run, node))
        return false;
    for (size_t i = 0; i < run->design.with_count; i++)
        if (strcmp(run->design.with[i], name) == 0)
            return true;
    return run->design.with_count == 0;
}

static struct comparisons *comparisons_new(struct err *e)
{
    struct comparisons *made = calloc(1, sizeof *made);
    if (!made)
        err_set(e, ERR_INTERNAL, "out of memory for a comparison");
    return made;
}

/* The steps from `first` up to `end`. */
static bool compare_steps(const struct run *run, size_t first, size_t end, struct comparisons **comparisons,
                          struct err *e)
{
    struct comparisons *made = comparisons_new(e);
    struct sheet *sheet = NULL;
    const char *base = base_of(run);
    if (!made)
        return false;
    bool ok = sheet_of(run, &sheet, e);
    for (size_t step = first; ok && base && step < end; step++)
        for (size_t i = 0; ok && i < run->node_count; i++)
            if (is_compared(run, base, i))
                ok = add_directions((struct subject){ .base_sheet = sheet,
                                                      .with_sheet = sheet,
                                                      .base_step = (int)step,
                                                      .with_step = (int)step,
                                                      .base = base,
                                                      .with = run->nodes[i].name },
                                    made, e);
    sheet_destroy(&sheet);
    if (ok)
        *comparisons = made;
    else
        comparisons_destroy(&made);
    return ok;
}

bool compare_run(const struct run *run, struct comparisons **comparisons, struct err *e)
{
    return compare_steps(run, 0, run->step_count, comparisons, e);
}

bool compare_step(const struct run *run, int step, struct comparisons **comparisons, struct err *e)
{
    return compare_steps(run, (size_t)step, (size_t)step + 1, comparisons, e);
}

/* The step of that name and workload; -1 without. */
static int find_step(const struct run *run, const struct run_step *like)
{
    for (size_t i = 0; i < run->step_count; i++)
        if (strcmp(run->steps[i].name, like->name) == 0 && strcmp(run->steps[i].workload, like->workload) == 0)
            return (int)i;
    return -1;
}

bool compare_runs(const struct run *base, const struct run *with, struct comparisons **comparisons, struct err *e)
{
    struct comparisons *made = comparisons_new(e);
    struct sheet *sheets[2] = { NULL, NULL };
    if (!made)
        return false;
    bool ok = sheet_of(base, &sheets[0], e) && sheet_of(with, &sheets[1], e);
    for (size_t step = 0; ok && step < base->step_count; step++) {
        int other = find_step(with, &base->steps[step]);
        for (size_t i = 0; ok && other >= 0 && i < base->node_count; i++)
            if (is_first_instance(base, i))
                ok = add_directions((struct subject){ .base_sheet = sheets[0],
                                                      .with_sheet = sheets[1],
                                                      .base_step = (int)step,
                                                      .with_step = other,
                                                      .base = base->nodes[i].name,
                                                      .with = base->nodes[i].name },
                                    made, e);
    }
    sheet_destroy(&sheets[0]);
    sheet_destroy(&sheets[1]);
    if (ok)
        *comparisons = made;
    else
        comparisons_destroy(&made);
    return ok;
}

void comparisons_destroy(struct comparisons **comparisons)
{
    if (!comparisons || !*comparisons)
        return;
    free((*comparisons)->list);
    free(*comparisons);
    *comparisons = NULL;
}

double comparisons_width(const struct comparisons *comparisons, int step)
{
    double widest = 0;
    for (size_t i = 0; i < comparisons->count; i++) {
        const struct comparison *c = &comparisons->list[i];
        if (c->step == step && c->is_headline)
            widest = isfinite(c->ratio.width) ? fmax(widest, c->ratio.width) : INFINITY;
    }
    return widest;
}
