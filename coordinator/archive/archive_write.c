/* archive_write.c - a run as it happens: its beginning, its nodes, trial after trial, its end. */
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/owner.h"
#include "archive/tables.h"

static const int64_t NO_KEYS[2] = { 0, 0 };

static bool bind_text(struct archive *archive, sqlite3_stmt *statement, int at, const char *text, struct err *e)
{
    return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK ||
           sql_fail(archive, "binding a text", e);
}

/* Step when everything could be bound, and finalize either way. */
static bool finish(struct archive *archive, sqlite3_stmt *statement, bool bound, struct err *e)
{
    if (bound)
        return sql_finish(archive, statement, e);
    sqlite3_finalize(statement);
    return false;
}

static bool write_owner(struct archive *archive, int64_t no, struct err *e)
{
    struct owner self = owner_self();
    sqlite3_stmt *statement =
        sql_prepare(archive, "UPDATE run SET pid = ?2, pid_started = ?3, boot_id = ?4 WHERE no = ?1",
                    (const int64_t[]){ no, self.pid, self.started }, 3, e);
    return statement && finish(archive, statement, bind_text(archive, statement, 4, self.boot_id, e), e);
}

bool archive_begin(struct archive *archive, struct run *run, struct err *e)
{
    if (!sql_begin_write(archive, e))
        return false;
    bool ok = row_insert(archive, &TABLE_RUN, NO_KEYS, run, e);
    int64_t no = sqlite3_last_insert_rowid(archive->db);
    ok = ok && write_owner(archive, no, e) &&
         row_insert_all(archive, &TABLE_STEP, no, run->steps, run->step_count, e) &&
         row_insert_all(archive, &TABLE_NODE, no, run->nodes, run->node_count, e);
    ok = sql_end(archive, ok, e);
    if (ok)
        run->no = no;
    return ok;
}

bool archive_node(struct archive *archive, const struct run *run, const struct run_node *node, struct err *e)
{
    int64_t idx = 0;
    if (!sql_begin_write(archive, e))
        return false;
    bool ok = sql_number(archive, "SELECT count(*) FROM node WHERE run = ?1", &run->no, 1, 0, &idx, e) &&
              row_insert(archive, &TABLE_NODE, (const int64_t[]){ run->no, idx }, node, e);
    return sql_end(archive, ok, e);
}

static bool write_blob(struct archive *archive, const char *insert, int64_t stream_id, const void *blob, size_t size,
                       struct err *e)
{
    sqlite3_stmt *statement = sql_prepare(archive, insert, &stream_id, 1, e);
    bool bound = statement && (sqlite3_bind_blob64(statement, 2, blob, size, SQLITE_STATIC) == SQLITE_OK ||
                               sql_fail(archive, "binding a blob", e));
    return statement && finish(archive, statement, bound, e);
}

static bool write_points(struct archive *archive, int64_t stream_id, const struct stream *stream, struct err *e)
{
    if (stream->point_count == 0)
        return true;
    unsigned char *blob = reallocarray(NULL, stream->point_count, METER_POINT_BYTES);
    if (!blob)
        return err_set(e, ERR_INTERNAL, "archive %s: out of memory", archive->path);
    meter_pack(stream->points, stream->point_count, blob);
    bool ok = write_blob(archive, "INSERT INTO sample (stream, points) VALUES (?1, ?2)", stream_id, blob,
                         stream->point_count * METER_POINT_BYTES, e);
    free(blob);
    return ok;
}

static bool write_latencies(struct archive *archive, int64_t stream_id, const struct stream *stream, struct err *e)
{
    return stream->latencies_size == 0 || write_blob(archive, "INSERT INTO latency (stream, histogram) VALUES (?1, ?2)",
                                                     stream_id, stream->latencies, stream->latencies_size, e);
}

static bool write_stream(struct archive *archive, int64_t trial_id, size_t idx, const struct stream *stream,
                         struct err *e)
{
    if (!row_insert(archive, &TABLE_STREAM, (const int64_t[]){ trial_id, (int64_t)idx }, stream, e))
        return false;
    int64_t id = sqlite3_last_insert_rowid(archive->db);
    return row_insert_all(archive, &TABLE_FIGURE, id, stream->figures, stream->figure_count, e) &&
           row_insert_all(archive, &TABLE_LAP, id, stream->laps, stream->lap_count, e) &&
           write_points(archive, id, stream, e) && write_latencies(archive, id, stream, e);
}

/* The first trial of a block brings the block with it; the others must mean the same one. */
static bool write_block(struct archive *archive, int64_t no, const struct trial *trial, int64_t *id, struct err *e)
{
    const int64_t place[] = { no, trial->block, trial->step, trial->round };
    return row_insert(archive, &TABLE_BLOCK, (const int64_t[]){ no, 0 }, trial, e) &&
           sql_number(archive, "SELECT id FROM block WHERE run = ?1 AND idx = ?2 AND step = ?3 AND round = ?4", place,
                      4, 0, id, e) &&
           (*id != 0 ||
            err_set(e, ERR_INTERNAL, "archive %s: block %d is of another step or round", archive->path, trial->block));
}

static bool write_trial(struct archive *archive, int64_t no, const struct trial *trial, struct err *e)
{
    int64_t block = 0;
    if (!write_block(archive, no, trial, &block, e) ||
        !row_insert(archive, &TABLE_TRIAL, (const int64_t[]){ block, 0 }, trial, e))
        return false;
    int64_t id = sqlite3_last_insert_rowid(archive->db);
    for (size_t i = 0; i < trial->stream_count; i++)
        if (!write_stream(archive, id, i, &trial->streams[i], e))
            return false;
    return row_insert_all(archive, &TABLE_CLOCK, id, trial->clocks, trial->clock_count, e) &&
           row_insert_all(archive, &TABLE_KERNEL_CLOCK, id, trial->kernel_clocks, trial->kernel_clock_count, e) &&
           row_insert_all(archive, &TABLE_COST, id, trial->costs, trial->cost_count, e) &&
           row_insert_all(archive, &TABLE_SKEW, id, trial->skews, trial->skew_count, e) &&
           row_insert_all(archive, &TABLE_AROUND, id, trial->arounds, trial->around_count, e) &&
           row_insert_all(archive, &TABLE_FLAG, id, trial->flags, trial->flag_count, e);
}

bool archive_trial(struct archive *archive, const struct run *run, const struct trial *trial, struct err *e)
{
    return sql_begin_write(archive, e) && sql_end(archive, write_trial(archive, run->no, trial, e), e);
}

bool archive_end(struct archive *archive, const struct run *run, struct err *e)
{
    sqlite3_stmt *statement =
        sql_prepare(archive, "UPDATE run SET ended_real_ns = ?2, status = ?3, why = ?4, left_out = ?5 WHERE no = ?1",
                    (const int64_t[]){ run->no, run->ended_real_ns }, 2, e);
    return statement && finish(archive, statement,
                               bind_text(archive, statement, 3, run_status_name(run->status), e) &&
                                   bind_text(archive, statement, 4, run->why, e) &&
                                   bind_text(archive, statement, 5, run->left_out ? run->left_out : "", e),
                               e);
}
