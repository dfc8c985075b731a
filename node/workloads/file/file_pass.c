#include "file_pass.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "workloads/file/file_walk.h"

bool file_make(struct file *f, struct err *e)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = (f->record_bytes + page - 1) / page * page;
    struct random r = { f->seed };
    f->fd = -1;
    f->stream = NULL;
    f->memory = (struct file_buffer){ 0 };
    f->buffer = f->stdio = NULL;
    if (!file_buffer_make(&f->memory, 2 * size, e))
        return false;
    f->buffer = f->memory.bytes;
    f->stdio = f->buffer + size;
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t word = random_next(&r);
        memcpy(f->buffer + i, &word, sizeof word);
    }
    return true;
}

static void close_stream(struct file *f)
{
    if (f->stream)
        fclose(f->stream);
    f->stream = NULL;
}

void file_release(struct file *f)
{
    close_stream(f);
    if (f->fd >= 0)
        close(f->fd);
    file_buffer_release(&f->memory);
    f->fd = -1;
    f->buffer = f->stdio = NULL;
}

/* ---- one record ---- */

static bool fault(const struct file *f, bool writes, int reason, struct err *e)
{
    return file_place_fault(f->place, reason, writes ? "written" : "read", e);
}

/* Less than a record was read. */
static bool cut_short(const struct file *f, ssize_t moved, struct err *e)
{
    return err_set(e, ERR_INTERNAL, "directory %s: %zd of a record's %zu bytes were read", f->place->path, moved,
                   f->record_bytes);
}

/* -1 or less than a record instead of it; false: that ends the pass. After an interruption it is tried again, and what
 * was half written goes on from there: what is in the way of the rest is told then. To begin it anew would write the
 * same half for ever, on a disk that has room for that much. */
static bool write_rest(const struct file *f, uint64_t record, ssize_t moved, struct err *e)
{
    for (size_t done = 0;;) {
        if (moved == 0 || (moved < 0 && errno != EINTR))
            return fault(f, true, moved == 0 ? EIO : errno, e);
        done += moved > 0 ? (size_t)moved : 0;
        if (done == f->record_bytes)
            return true;
        moved = pwrite(f->fd, f->buffer + done, f->record_bytes - done, (off_t)(record * f->record_bytes + done));
    }
}

static inline void label(const struct file *f, uint64_t record) { memcpy(f->buffer, &record, sizeof record); }

static inline bool is_labelled(const struct file *f, uint64_t record)
{
    uint64_t found;
    memcpy(&found, f->buffer, sizeof found);
    return found == record;
}

static bool wrong_record(const struct file *f, uint64_t record, struct err *e)
{
    uint64_t found;
    memcpy(&found, f->buffer, sizeof found);
    return err_set(e, ERR_INTERNAL, "directory %s: in the place of record %" PRIu64 " another was read (%" PRIx64 ")",
                   f->place->path, record, found);
}

static bool go_to(const struct file *f, uint64_t record, struct err *e)
{
    return lseek(f->fd, (off_t)(record * f->record_bytes), SEEK_SET) >= 0 ||
           err_errno(e, errno, "going to a record of a file");
}

static inline bool is_stopped(const struct file *f) { return atomic_load_explicit(f->stop, memory_order_relaxed); }

/* ---- all records ---- */

static bool write_all(const struct file *f, struct err *e)
{
    const uint64_t end = f->first_record + f->records;
    for (uint64_t record = f->first_record; record < end && !is_stopped(f); record++) {
        label(f, record);
        ssize_t moved = write(f->fd, f->buffer, f->record_bytes);
        if (moved != (ssize_t)f->record_bytes && !(write_rest(f, record, moved, e) && go_to(f, record + 1, e)))
            return false;
        meter_add(f->meter, f->record_bytes);
    }
    return true;
}

static bool read_all(const struct file *f, struct err *e)
{
    for (uint64_t record = 0; record < f->records && !is_stopped(f);) {
        ssize_t moved = read(f->fd, f->buffer, f->record_bytes);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved != (ssize_t)f->record_bytes)
            return moved < 0 ? fault(f, false, errno, e) : cut_short(f, moved, e);
        if (!is_labelled(f, record))
            return wrong_record(f, record, e);
        meter_add(f->meter, f->record_bytes);
        record++;
    }
    return true;
}

static bool pwrite_all(const struct file *f, enum file_method method, struct err *e)
{
    struct file_walk walk = file_walk_begin(method, f->records, f->seed);
    for (uint64_t i = 0; i < f->records && !is_stopped(f); i++) {
        uint64_t record = file_walk_next(&walk);
        label(f, record);
        ssize_t moved = pwrite(f->fd, f->buffer, f->record_bytes, (off_t)(record * f->record_bytes));
        if (moved != (ssize_t)f->record_bytes && !write_rest(f, record, moved, e))
            return false;
        meter_add(f->meter, f->record_bytes);
    }
    return true;
}

static bool pread_all(const struct file *f, enum file_method method, struct err *e)
{
    struct file_walk walk = file_walk_begin(method, f->records, f->seed);
    for (uint64_t i = 0; i < f->records && !is_stopped(f); i++) {
        uint64_t record = file_walk_next(&walk);
        ssize_t moved;
        do
            moved = pread(f->fd, f->buffer, f->record_bytes, (off_t)(record * f->record_bytes));
        while (moved < 0 && errno == EINTR);
        if (moved != (ssize_t)f->record_bytes)
            return moved < 0 ? fault(f, false, errno, e) : cut_short(f, moved, e);
        if (!is_labelled(f, record))
            return wrong_record(f, record, e);
        meter_add(f->meter, f->record_bytes);
    }
    return true;
}

static bool fwrite_all(const struct file *f, struct err *e)
{
    for (uint64_t record = 0; record < f->records && !is_stopped(f); record++) {
        label(f, record);
        if (fwrite(f->buffer, f->record_bytes, 1, f->stream) != 1)
            return fault(f, true, errno, e);
        meter_add(f->meter, f->record_bytes);
    }
    return fflush(f->stream) == 0 || fault(f, true, errno, e);
}

static bool fread_all(const struct file *f, struct err *e)
{
    for (uint64_t record = 0; record < f->records && !is_stopped(f); record++) {
        if (fread(f->buffer, f->record_bytes, 1, f->stream) != 1)
            return feof(f->stream) ? cut_short(f, 0, e) : fault(f, false, errno, e);
        if (!is_labelled(f, record))
            return wrong_record(f, record, e);
        meter_add(f->meter, f->record_bytes);
    }
    return true;
}

/* ---- a pass ---- */

/* The old one first, so that there is room where there was. */
static bool make_anew(struct file *f, struct err *e)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    return file_place_new_file(f->place, f->mode, &f->fd, e);
}

/* A stream on the same open file, whose end leaves the file open. */
static FILE *open_stream(const struct file *f, struct err *e)
{
    int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r+");
    if (!stream) {
        err_errno(e, errno, "a stream on a file");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    setvbuf(stream, (char *)f->stdio, _IOFBF, f->record_bytes);
    return stream;
}

static bool move_all(const struct file *f, enum file_method method, struct err *e)
{
    switch (method) {
    case FILE_WRITE:
    case FILE_REWRITE: return write_all(f, e);
    case FILE_READ:
    case FILE_REREAD: return read_all(f, e);
    case FILE_FWRITE:
    case FILE_REFWRITE: return fwrite_all(f, e);
    case FILE_FREAD:
    case FILE_REFREAD: return fread_all(f, e);
    default: return FILE_METHOD_TABLE[method].writes ? pwrite_all(f, method, e) : pread_all(f, method, e);
    }
}

bool file_pass_prepare(struct file *f, enum file_method method, struct err *e)
{
    const struct file_method_info *info = &FILE_METHOD_TABLE[method];
    if (info->is_new && !make_anew(f, e))
        return false;
    if (!go_to(f, 0, e))
        return false;
    return !info->by_stdio || (f->stream = open_stream(f, e)) != NULL;
}

bool file_pass_run(struct file *f, enum file_method method, struct file_pass *pass, struct err *e)
{
    struct meter_point before = meter_read(f->meter);
    struct file_pass done = { .cpu_ns = -clock_thread_cpu_ns(), .first_ns = clock_raw_ns() };
    bool ok = move_all(f, method, e);
    if (ok && FILE_METHOD_TABLE[method].writes && f->mode == FILE_MODE_FLUSHED && fsync(f->fd) != 0)
        ok = fault(f, true, errno, e);
    done.last_ns = clock_raw_ns();
    done.cpu_ns += clock_thread_cpu_ns();
    struct meter_point after = meter_read(f->meter);
    close_stream(f);
    done.bytes = (int64_t)(after.bytes - before.bytes);
    done.operations = (int64_t)(after.operations - before.operations);
    done.is_whole = done.operations == (int64_t)f->records;
    if (ok)
        *pass = done;
    return ok;
}
