#include "file_cell.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "workloads/file/file_cache.h"

enum { FILL_BYTES = 16 * 1024 * 1024 };
enum { PATIENCE = 5 }; /* times its own, for all that passes take */

/* What was written goes to the device now. */
static bool settle(const struct file *f, struct err *e)
{
    return fsync(f->fd) == 0 || file_place_fault(f->place, errno, "flushed", e);
}

static bool is_cancelled(int cancel_fd)
{
    return cancel_fd >= 0 && poll(&(struct pollfd){ .fd = cancel_fd, .events = POLLIN }, 1, 0) > 0;
}

/* A stretch of records at a time, as a file of that size, so that a cancel is not waited for. */
bool file_cell_fill(struct file *f, int cancel_fd, struct err *e)
{
    const uint64_t records = f->records, stretch = 1 + FILL_BYTES / f->record_bytes;
    struct meter unseen = { 0 }, *seen = f->meter;
    struct file_pass pass;
    bool ok = file_pass_prepare(f, FILE_WRITE, e);
    f->meter = &unseen;
    for (uint64_t done = 0; ok && done < records; done += f->records) {
        f->first_record = done;
        f->records = records - done < stretch ? records - done : stretch;
        ok = is_cancelled(cancel_fd) ? err_set(e, ERR_INTERRUPTED, "cancelled while a file was made ready")
                                     : file_pass_run(f, FILE_WRITE, &pass, e);
    }
    f->meter = seen;
    f->first_record = 0;
    f->records = records;
    return ok && settle(f, e);
}

static bool reads_again(enum file_method method) { return method == FILE_REREAD || method == FILE_REFREAD; }

/* Leave the file as a pass shall find it. */
static bool make_ready(struct file *f, const struct file_cell *cell, struct err *e)
{
    bool is_dropped = cell->is_cold && !FILE_METHOD_TABLE[cell->method].is_new && !reads_again(cell->method);
    return (!is_dropped || file_cache_drop(f->fd, e)) && file_pass_prepare(f, cell->method, e);
}

bool file_cell_prepare(struct file *f, const struct file_cell *cell, struct file_result *result, struct err *e)
{
    struct file_cache cache = { 0 };
    if (!make_ready(f, cell, e) || !file_cache_look(f->fd, &cache, e))
        return false;
    *result = (struct file_result){ .pages_before = cache.pages, .resident_before = cache.resident };
    return true;
}

bool file_cell_run(struct file *f, const struct file_cell *cell, struct file_result *result, struct err *e)
{
    struct file_result *r = result;
    struct file_pass pass;
    int64_t begun = clock_raw_ns();
    for (;;) {
        if (!file_pass_run(f, cell->method, &pass, e))
            return false;
        if (!pass.is_whole)
            break;
        r->first_ns = r->passes == 0 ? pass.first_ns : r->first_ns;
        r->last_ns = pass.last_ns;
        r->passes++;
        r->bytes += pass.bytes;
        r->operations += pass.operations;
        r->elapsed_ns += pass.last_ns - pass.first_ns;
        r->cpu_ns += pass.cpu_ns;
        if (r->elapsed_ns >= cell->lasting_ns || clock_raw_ns() - begun >= PATIENCE * cell->lasting_ns ||
            atomic_load_explicit(f->stop, memory_order_relaxed))
            break;
        if (!make_ready(f, cell, e))
            return false;
    }
    return !FILE_METHOD_TABLE[cell->method].writes || f->mode != FILE_MODE_CACHED || settle(f, e);
}
