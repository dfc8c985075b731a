/* file_io.c - the workload `file_io`: IOzone's methods, one after the other, on one size of file and record or on
 * all of its matrix. Each thread has a file of its own; all begin a method together.
 */
#include <stdlib.h>
#include <string.h>

#include "base/lockstep.h"
#include "base/text.h"
#include "base/units.h"
#include "catalogue/file_options.h"
#include "workloads/file/file_ceiling.h"
#include "workloads/file/file_cell.h"
#include "workloads/file/file_route.h"
#include "workloads/workloads.h"

/* A thread's file, and the method that it is made ready for. */
struct file_thread {
    struct file file;
    struct file_result result;
    uint32_t number; /* of laps with the same method */
};

struct file_work {
    struct lockstep lockstep;
    struct file_place place;
    struct file_thread threads[FILE_THREADS_MOST];
    uint32_t thread_count;
    struct file_result ceilings[FILE_CEILING_COUNT];
};

static const struct file_options *options_of(const struct part *part) { return &part->options.file; }

static void release(struct part *part)
{
    struct file_work *w = part->own;
    if (!w)
        return;
    for (uint32_t i = 0; i < w->thread_count; i++)
        file_release(&w->threads[i].file);
    file_place_close(&w->place);
    lockstep_destroy(&w->lockstep);
    free(w);
    part->own = NULL;
}

static struct file_cell cell_of(const struct file_options *o, enum file_method method)
{
    return (struct file_cell){ method, o->cache == FILE_COLD, o->times.length_ns };
}

static enum file_method next_method(const struct file_options *o, int method)
{
    while (method < FILE_METHOD_COUNT && !file_runs_method(o, (enum file_method)method))
        method++;
    return (enum file_method)method;
}

/* A file of the cell's size, ready for the first method. */
static bool make_cell(struct part_flow *f, int64_t file_bytes, int64_t record_bytes, struct err *e)
{
    struct file_work *w = f->part->own;
    const struct file_options *o = options_of(f->part);
    struct file_thread *t = &w->threads[f->number];
    const enum file_method method = next_method(o, 0);
    const struct file_cell cell = cell_of(o, method);
    file_release(&t->file);
    t->file = (struct file){ .place = &w->place,
                             .mode = (enum file_mode)o->mode,
                             .fd = -1,
                             .records = (uint64_t)(file_bytes / record_bytes),
                             .record_bytes = (size_t)record_bytes,
                             .seed = f->number + 1,
                             .meter = &f->meter,
                             .stop = &w->lockstep.is_broken };
    return file_make(&t->file, e) &&
           (FILE_METHOD_TABLE[method].is_new || file_cell_fill(&t->file, f->part->cancel_fd, e)) &&
           file_cell_prepare(&t->file, &cell, &t->result, e);
}

static bool largest_fits(const struct part *part, const struct file_place *place, int64_t *most, struct err *e)
{
    const struct file_options *o = options_of(part);
    int64_t file = 0, record = 0, largest = 0;
    char shown[2][32];
    while (file_next_cell(o, &file, &record)) {
        if (file % record != 0)
            return err_set(e, ERR_USAGE, "file: %s is no multiple of the record's %s",
                           units_print_size(file, shown[0], sizeof shown[0]),
                           units_print_size(record, shown[1], sizeof shown[1]));
        largest = file > largest ? file : largest;
    }
    *most = largest;
    return file_place_has_room(place, largest * o->threads, e);
}

static void name_route(struct part_flow *f, const struct file_place *place)
{
    struct file_route route = { 0 };
    if (!file_route_of(place->fd, &route, NULL))
        return;
    file_route_text(&route, f->route, sizeof f->route);
}

static bool prepare(struct part *part, struct err *e)
{
    const struct file_options *o = options_of(part);
    struct file_work *w = calloc(1, sizeof *w);
    int64_t file = 0, record = 0, largest = 0;
    if (!w)
        return err_set(e, ERR_INTERNAL, "out of memory");
    part->own = w;
    w->place.fd = -1;
    lockstep_init(&w->lockstep, (uint32_t)o->threads);
    for (int i = 0; i < FILE_THREADS_MOST; i++)
        w->threads[i].file.fd = -1;
    w->thread_count = part->flow_count = (uint32_t)o->threads;
    if (!file_place_open(&w->place, o->directory, e) || !largest_fits(part, &w->place, &largest, e) ||
        !file_ceilings(&w->place, largest, part->cancel_fd, w->ceilings, e) || !file_next_cell(o, &file, &record))
        return false;
    for (uint32_t i = 0; i < w->thread_count; i++) {
        part->flows[i].starts = true;
        name_route(&part->flows[i], &w->place);
        if (!make_cell(&part->flows[i], file, record, e))
            return false;
    }
    return true;
}

static void tell(struct part_flow *f, uint32_t test, uint32_t number, const struct file *file,
                 const struct file_result *r)
{
    struct part_lap lap = { .test = test, .number = number, .first_ns = r->first_ns, .last_ns = r->last_ns };
    lap.counters[FILE_COUNTER_FILE_BYTES] = file ? (int64_t)(file->records * file->record_bytes) : r->bytes / r->passes;
    lap.counters[FILE_COUNTER_RECORD_BYTES] = file ? (int64_t)file->record_bytes : r->bytes / r->operations;
    lap.counters[FILE_COUNTER_PASSES] = r->passes;
    lap.counters[FILE_COUNTER_BYTES] = r->bytes;
    lap.counters[FILE_COUNTER_OPERATIONS] = r->operations;
    lap.counters[FILE_COUNTER_ELAPSED] = r->elapsed_ns;
    lap.counters[FILE_COUNTER_CPU] = r->cpu_ns;
    lap.counters[FILE_COUNTER_PAGES] = r->pages_before;
    lap.counters[FILE_COUNTER_RESIDENT] = r->resident_before;
    part_tell_lap(f, &lap);
}

/* A method that is made ready. */
static bool run_method(struct part_flow *f, enum file_method method, struct err *e)
{
    struct file_work *w = f->part->own;
    struct file_thread *t = &w->threads[f->number];
    const struct file_cell cell = cell_of(options_of(f->part), method);
    if (!file_cell_run(&t->file, &cell, &t->result, e))
        return err_wrap(e, "%s", FILE_METHOD_TABLE[method].name);
    if (f->times.first_op_ns == 0)
        f->times.first_op_ns = t->result.first_ns;
    if (t->result.passes == 0)
        return err_set(e, ERR_PARTIAL, "%s: stopped", FILE_METHOD_TABLE[method].name);
    f->times.last_op_ns = t->result.last_ns;
    tell(f, method, t->number, &t->file, &t->result);
    return true;
}

/* All methods on a file that is made ready for the first. */
static bool run_cell(struct part_flow *f, struct err *e)
{
    struct file_work *w = f->part->own;
    struct file_thread *t = &w->threads[f->number];
    const struct file_options *o = options_of(f->part);
    for (enum file_method method = next_method(o, 0);;) {
        if (!run_method(f, method, e))
            return false;
        method = next_method(o, (int)method + 1);
        if (method == FILE_METHOD_COUNT)
            return true;
        const struct file_cell cell = cell_of(o, method);
        if (!file_cell_prepare(&t->file, &cell, &t->result, e))
            return err_wrap(e, "%s", FILE_METHOD_TABLE[method].name);
        if (!lockstep_wait(&w->lockstep, NULL, NULL))
            return err_set(e, ERR_PARTIAL, "%s: stopped", FILE_METHOD_TABLE[method].name);
    }
}

static bool run_cells(struct part_flow *f, struct err *e)
{
    struct file_work *w = f->part->own;
    const struct file_options *o = options_of(f->part);
    int64_t file = 0, record = 0;
    if (!file_next_cell(o, &file, &record))
        return true;
    while (run_cell(f, e)) {
        w->threads[f->number].number++;
        if (!file_next_cell(o, &file, &record))
            return true;
        if (!make_cell(f, file, record, e))
            return false;
        if (!lockstep_wait(&w->lockstep, NULL, NULL))
            return err_set(e, ERR_PARTIAL, "stopped");
    }
    return false;
}

/* By the first thread, for all. */
static void tell_ceilings(struct part_flow *f)
{
    const struct file_work *w = f->part->own;
    for (uint32_t i = 0; f->number == 0 && i < FILE_CEILING_COUNT; i++)
        if (w->ceilings[i].passes > 0)
            tell(f, FILE_METHOD_COUNT + i, 0, NULL, &w->ceilings[i]);
}

static bool run(struct part_flow *f, struct err *e)
{
    struct file_work *w = f->part->own;
    bool ok = run_cells(f, e);
    if (ok)
        tell_ceilings(f);
    if (!ok)
        lockstep_break(&w->lockstep);
    return ok;
}

static void stop(struct part *part)
{
    struct file_work *w = part->own;
    lockstep_break(&w->lockstep);
}

const struct workload WORKLOAD_FILE_IO = { .name = "file_io",
                                           .part = PART_LOAD,
                                           .prepare = prepare,
                                           .run = run,
                                           .stop = stop,
                                           .abort = stop,
                                           .release = release };
