#include "model.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *words_name(const struct words *words, int value)
{
    return value >= 0 && value < words->count ? words->text[value] : "?";
}

int words_find(const struct words *words, const char *word)
{
    for (int i = 0; i < words->count; i++)
        if (strcmp(words->text[i], word) == 0)
            return i;
    return -1;
}

#define WORD(name, word) [name] = word,
#define WORDS_OF(type, LIST, COUNT)                                                              \
    static const char *const type##_texts[COUNT] = { LIST(WORD) };                               \
    const struct words type##_words = { type##_texts, COUNT };                                   \
    const char *type##_name(enum type value) { return words_name(&type##_words, (int)(value)); } \
    int type##_from(const char *word) { return words_find(&type##_words, word); }
MODEL_ENUMS(WORDS_OF)

/* `array` with room for one zeroed element more behind its `count`. */
static void *one_more(void *array, size_t count, size_t size)
{
    char *grown = reallocarray(array, count + 1, size);
    if (grown)
        memset(grown + count * size, 0, size);
    return grown;
}

#define ADD_TO(function, owner, element, array, count)                               \
    struct element *function(struct owner *owner)                                    \
    {                                                                                \
        struct element *grown = one_more(owner->array, owner->count, sizeof *grown); \
        if (!grown)                                                                  \
            return NULL;                                                             \
        owner->array = grown;                                                        \
        return &owner->array[owner->count++];                                        \
    }
ADD_TO(trial_add_stream, trial, stream, streams, stream_count)
ADD_TO(trial_add_clock, trial, clock_fit, clocks, clock_count)
ADD_TO(trial_add_kernel_clock, trial, kernel_clock, kernel_clocks, kernel_clock_count)
ADD_TO(trial_add_cost, trial, cost, costs, cost_count)
ADD_TO(trial_add_skew, trial, skew, skews, skew_count)
ADD_TO(trial_add_around, trial, around, arounds, around_count)
ADD_TO(stream_add_lap, stream, lap, laps, lap_count)
ADD_TO(run_add_trial, run, trial, trials, trial_count)
ADD_TO(run_add_node, run, run_node, nodes, node_count)
ADD_TO(run_add_step, run, run_step, steps, step_count)
static struct figure *new_figure(struct stream *stream);
static struct flag *new_flag(struct trial *trial);
ADD_TO(new_figure, stream, figure, figures, figure_count)
ADD_TO(new_flag, trial, flag, flags, flag_count)

bool figure_is_of_host(const char *name)
{
    static const char *const WHOLE[] = { "vm_exits", "halt_poll", "host_load", "host_domains", "domain_cpu" };
    static const char *const BEGINNINGS[] = { "tap_", "uplink_" };
    for (size_t i = 0; i < ARRAY_SIZE(WHOLE); i++)
        if (strcmp(name, WHOLE[i]) == 0)
            return true;
    for (size_t i = 0; i < ARRAY_SIZE(BEGINNINGS); i++)
        if (strncmp(name, BEGINNINGS[i], strlen(BEGINNINGS[i])) == 0)
            return true;
    return false;
}

bool stream_add_figure(struct stream *stream, const char *name, const char *unit, double value, enum window window,
                       enum figure_clock clock)
{
    if (!isfinite(value))
        return true;
    struct figure *figure = new_figure(stream);
    if (!figure)
        return false;
    text_copy(figure->name, sizeof figure->name, name);
    text_copy(figure->unit, sizeof figure->unit, unit);
    figure->value = value;
    figure->window = window;
    figure->clock = clock;
    return true;
}

bool trial_add_flag(struct trial *trial, int stream, const char *kind, double value, double limit, const char *fmt, ...)
{
    struct flag *flag = new_flag(trial);
    if (!flag)
        return false;
    flag->stream = stream;
    text_copy(flag->kind, sizeof flag->kind, kind);
    flag->value = value;
    flag->limit = limit;
    va_list args;
    va_start(args, fmt);
    vsnprintf(flag->text, sizeof flag->text, fmt, args);
    va_end(args);
    return true;
}

const struct figure *stream_figure(const struct stream *stream, const char *name, enum window window,
                                   enum figure_clock clock)
{
    for (size_t i = 0; i < stream->figure_count; i++) {
        const struct figure *figure = &stream->figures[i];
        if (figure->window == window && figure->clock == clock && strcmp(figure->name, name) == 0)
            return figure;
    }
    return NULL;
}

const struct figure *stream_rate(const struct stream *stream, enum window window)
{
    const struct figure *throughput = stream_figure(stream, "throughput", window, FIGURE_ON_COORDINATOR);
    return throughput ? throughput : stream_figure(stream, "transactions", window, FIGURE_ON_COORDINATOR);
}

const struct figure *stream_main_figure(const struct stream *stream, const char *name)
{
    const struct figure *best = stream_figure(stream, name, WINDOW_WHOLE, FIGURE_ON_COORDINATOR);
    for (size_t i = 0; !best && i < stream->figure_count; i++)
        if (strcmp(stream->figures[i].name, name) == 0)
            best = &stream->figures[i];
    return best;
}

const struct run_node *run_find_node(const struct run *run, const char *name)
{
    for (size_t i = run->node_count; i > 0; i--)
        if (strcmp(run->nodes[i - 1].name, name) == 0)
            return &run->nodes[i - 1];
    return NULL;
}

static void clear_laps(struct stream *stream)
{
    for (size_t i = 0; i < stream->lap_count; i++) {
        free(stream->laps[i].counters);
        free(stream->laps[i].times.bytes);
    }
    free(stream->laps);
}

void trial_clear(struct trial *trial)
{
    if (!trial)
        return;
    for (size_t i = 0; i < trial->stream_count; i++) {
        free(trial->streams[i].figures);
        clear_laps(&trial->streams[i]);
        free(trial->streams[i].points);
        free(trial->streams[i].latencies);
    }
    free(trial->streams);
    free(trial->clocks);
    free(trial->kernel_clocks);
    free(trial->costs);
    free(trial->skews);
    free(trial->arounds);
    free(trial->flags);
    *trial = (struct trial){ 0 };
}

void run_clear(struct run *run)
{
    if (!run)
        return;
    for (size_t i = 0; i < run->trial_count; i++)
        trial_clear(&run->trials[i]);
    for (size_t i = 0; i < run->node_count; i++)
        free(run->nodes[i].fingerprint);
    for (size_t i = 0; i < run->step_count; i++)
        free(run->steps[i].options);
    free(run->trials);
    free(run->nodes);
    free(run->steps);
    free(run->scenario_text);
    free(run->overrides);
    free(run->left_out);
    free(run->design.with);
    *run = (struct run){ 0 };
}

void run_destroy(struct run **run)
{
    if (!run || !*run)
        return;
    run_clear(*run);
    free(*run);
    *run = NULL;
}
