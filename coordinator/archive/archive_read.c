/* archive_read.c - runs as they were kept; each number and word is checked as if a stranger had written it. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/owner.h"
#include "archive/tables.h"
#include "base/text.h"
#include "base/units.h"
#include "stats/hist.h"

enum { UUID_LENGTH = 36, UUID_PREFIX_LEAST = 4 };

static bool damaged(const struct archive *archive, const char *what, struct err *e)
{
    return err_set(e, ERR_INTERNAL, "archive %s: damaged: %s", archive->path, what);
}

static bool unpack_points(struct archive *archive, const unsigned char *blob, size_t size, struct stream *stream,
                          struct err *e)
{
    size_t count = size / METER_POINT_BYTES;
    struct meter_point *points = calloc(count ? count : 1, sizeof *points);
    if (!points)
        return err_set(e, ERR_INTERNAL, "archive %s: out of memory", archive->path);
    struct err because = { 0 };
    if (!meter_unpack(blob, size, points, &because)) {
        free(points);
        return err_set(e, ERR_INTERNAL, "archive %s: damaged: sample.points: %s", archive->path, because.text);
    }
    stream->points = points;
    stream->point_count = count;
    return true;
}

/* Kept packed: of many thousand streams only a few are looked at at once. */
static bool keep_latencies(struct archive *archive, const unsigned char *blob, size_t size, struct stream *stream,
                           struct err *e)
{
    struct hist *h = malloc(sizeof *h);
    struct err because = { 0 };
    stream->latencies = malloc(size ? size : 1);
    bool ok = h && stream->latencies;
    if (!ok)
        err_set(e, ERR_INTERNAL, "archive %s: out of memory", archive->path);
    else if (!(ok = hist_unpack(blob, size, h, &because)))
        err_set(e, ERR_INTERNAL, "archive %s: damaged: latency.histogram: %s", archive->path, because.text);
    free(h);
    if (ok) {
        if (size > 0)
            memcpy(stream->latencies, blob, size);
        stream->latencies_size = size;
    }
    return ok;
}

/* What a stream may have one of, beside its row. */
static const struct blob {
    const char *select, *no_blob;
    bool (*take)(struct archive *, const unsigned char *, size_t, struct stream *, struct err *);
} POINTS = { "SELECT points FROM sample WHERE stream = ?1", "sample.points is no blob", unpack_points },
  LATENCIES = { "SELECT histogram FROM latency WHERE stream = ?1", "latency.histogram is no blob", keep_latencies };

static bool take_blob(struct archive *archive, const struct blob *blob, sqlite3_stmt *statement, struct stream *stream,
                      struct err *e)
{
    if (sqlite3_column_type(statement, 0) != SQLITE_BLOB)
        return damaged(archive, blob->no_blob, e);
    const unsigned char *bytes = sqlite3_column_blob(statement, 0);
    return blob->take(archive, bytes, (size_t)sqlite3_column_bytes(statement, 0), stream, e);
}

static bool read_blob(struct archive *archive, const struct blob *blob, int64_t stream_id, struct stream *stream,
                      struct err *e)
{
    sqlite3_stmt *statement = sql_prepare(archive, blob->select, &stream_id, 1, e);
    if (!statement)
        return false;
    int stepped = sqlite3_step(statement);
    bool ok = stepped == SQLITE_ROW    ? take_blob(archive, blob, statement, stream, e)
              : stepped == SQLITE_DONE ? true
                                       : sql_fail(archive, "cannot be read", e);
    sqlite3_finalize(statement);
    return ok;
}

static bool read_streams(struct archive *archive, int64_t trial_id, bool with_points, struct trial *trial,
                         struct err *e)
{
    int64_t *ids = NULL;
    bool ok = row_read_all(archive, &TABLE_STREAM, trial_id, &trial->streams, &trial->stream_count, &ids, e);
    for (size_t i = 0; ok && i < trial->stream_count; i++) {
        struct stream *stream = &trial->streams[i];
        ok = row_read_all(archive, &TABLE_FIGURE, ids[i], &stream->figures, &stream->figure_count, NULL, e) &&
             row_read_all(archive, &TABLE_LAP, ids[i], &stream->laps, &stream->lap_count, NULL, e) &&
             (!(with_points || stream->role == STREAM_DOMAIN) || read_blob(archive, &POINTS, ids[i], stream, e)) &&
             read_blob(archive, &LATENCIES, ids[i], stream, e);
    }
    free(ids);
    return ok;
}

/* Numbers that others count on: indexes into other rows, and places in the plan. */
static bool check_trial(const struct archive *archive, const struct run *run, const struct trial *trial, struct err *e)
{
    if (trial->step < 0 || (size_t)trial->step >= run->step_count)
        return damaged(archive, "block.step is none of the run's", e);
    if (trial->order < 0 || trial->order == INT_MAX || trial->round < 0 || trial->round == INT_MAX)
        return damaged(archive, "a trial's place is out of range", e);
    for (size_t i = 0; i < trial->flag_count; i++)
        if (trial->flags[i].stream < -1 || trial->flags[i].stream >= (int64_t)trial->stream_count)
            return damaged(archive, "flag.stream is none of the trial's", e);
    return true;
}

static bool read_trial(struct archive *archive, const struct run *run, int64_t id, bool with_points,
                       struct trial *trial, struct err *e)
{
    return row_read(archive, &TABLE_BLOCK, id, trial, e) && read_streams(archive, id, with_points, trial, e) &&
           row_read_all(archive, &TABLE_CLOCK, id, &trial->clocks, &trial->clock_count, NULL, e) &&
           row_read_all(archive, &TABLE_KERNEL_CLOCK, id, &trial->kernel_clocks, &trial->kernel_clock_count, NULL, e) &&
           row_read_all(archive, &TABLE_COST, id, &trial->costs, &trial->cost_count, NULL, e) &&
           row_read_all(archive, &TABLE_SKEW, id, &trial->skews, &trial->skew_count, NULL, e) &&
           row_read_all(archive, &TABLE_AROUND, id, &trial->arounds, &trial->around_count, NULL, e) &&
           row_read_all(archive, &TABLE_FLAG, id, &trial->flags, &trial->flag_count, NULL, e) &&
           check_trial(archive, run, trial, e);
}

/* Whoever only reads cannot mark an orphan, but need not repeat that it runs. */
static bool see_orphan(struct archive *archive, struct run *run, struct err *e)
{
    struct owner owner = { 0 };
    if (run->status != RUN_RUNNING)
        return true;
    if (!row_read(archive, &TABLE_OWNER, run->no, &owner, e))
        return false;
    if (owner_is_gone(&owner)) {
        run->status = RUN_ABORTED;
        text_copy(run->why, sizeof run->why, OWNER_GONE);
    }
    return true;
}

/* The rows of `run`; it is run 0 for all of them. */
static bool read_run_rows(struct archive *archive, int64_t no, struct run **runs, size_t *count, struct err *e)
{
    int64_t *numbers = NULL;
    if (!row_read_all(archive, &TABLE_RUN, no, runs, count, &numbers, e))
        return false;
    bool ok = true;
    for (size_t i = 0; i < *count; i++) {
        (*runs)[i].no = numbers[i];
        ok = ok && see_orphan(archive, &(*runs)[i], e);
    }
    free(numbers);
    return ok;
}

static bool read_all(struct archive *archive, int64_t no, bool with_points, struct run **run, struct err *e)
{
    size_t count = 0;
    int64_t *ids = NULL;
    bool ok = read_run_rows(archive, no, run, &count, e) && (count == 1 || damaged(archive, "a run is missing", e));
    if (!ok)
        return false;
    struct run *r = *run;
    ok = row_read_all(archive, &TABLE_NODE, no, &r->nodes, &r->node_count, NULL, e) &&
         row_read_all(archive, &TABLE_STEP, no, &r->steps, &r->step_count, NULL, e) &&
         row_read_all(archive, &TABLE_TRIAL, no, &r->trials, &r->trial_count, &ids, e);
    for (size_t i = 0; ok && i < r->trial_count; i++)
        ok = read_trial(archive, r, ids[i], with_points, &r->trials[i], e);
    free(ids);
    return ok;
}

static bool is_uuid_prefix(const char *text)
{
    size_t length = strlen(text);
    return length >= UUID_PREFIX_LEAST && length <= UUID_LENGTH && strspn(text, "0123456789abcdef-") == length;
}

static bool find_by_uuid(struct archive *archive, const char *prefix, int64_t *no, struct err *e)
{
    sqlite3_stmt *statement =
        sql_prepare(archive, "SELECT count(*), max(no) FROM run WHERE substr(uuid, 1, length(?1)) = ?1", NULL, 0, e);
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, prefix, -1, SQLITE_STATIC);
    bool ok = sqlite3_step(statement) == SQLITE_ROW || sql_fail(archive, "cannot be read", e);
    int64_t count = ok ? sqlite3_column_int64(statement, 0) : 0, found = ok ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_finalize(statement);
    if (ok && count > 1)
        return err_set(e, ERR_USAGE, "'%s' begins the UUIDs of %d runs; give more of it", prefix, (int)count);
    if (ok)
        *no = count == 1 ? found : 0;
    return ok;
}

/* A number wins over a UUID that begins with the same digits. */
static bool find_run(struct archive *archive, const char *which, int64_t *no, struct err *e)
{
    int64_t number = 0, found = 0;
    bool ok = true;
    if (strcmp(which, "last") == 0) {
        ok = sql_number(archive, "SELECT max(no) FROM run", NULL, 0, 0, &found, e);
        if (ok && found == 0)
            return err_set(e, ERR_USAGE, "archive %s holds no run yet; `tare run` makes one", archive->path);
    } else {
        if (units_parse_int(which, &number, NULL))
            ok = sql_number(archive, "SELECT no FROM run WHERE no = ?1", &number, 1, 0, &found, e);
        if (ok && found == 0 && is_uuid_prefix(which))
            ok = find_by_uuid(archive, which, &found, e);
        if (ok && found == 0)
            return err_set(e, ERR_USAGE, "no run '%.40s' in archive %s; `tare list` shows those there are", which,
                           archive->path);
    }
    if (ok)
        *no = found;
    return ok;
}

bool archive_read(struct archive *archive, const char *which, bool with_points, struct run **run, struct err *e)
{
    int64_t no = 0;
    struct run *read = NULL;
    if (!sql_begin_read(archive, e))
        return false;
    bool ok = find_run(archive, which, &no, e) && read_all(archive, no, with_points, &read, e);
    ok = sql_end(archive, ok, e);
    if (ok)
        *run = read;
    else
        run_destroy(&read);
    return ok;
}

static bool count_trials(struct archive *archive, int64_t no, int *trials, struct err *e)
{
    int64_t count = 0;
    bool ok = sql_number(archive, "SELECT count(*) FROM trial WHERE block IN (SELECT id FROM block WHERE run = ?1)",
                         &no, 1, 0, &count, e);
    if (ok)
        *trials = (int)count;
    return ok;
}

bool archive_list(struct archive *archive, bool (*each)(const struct run *run, int trials, void *arg), void *arg,
                  struct err *e)
{
    struct run *runs = NULL;
    size_t count = 0;
    if (!sql_begin_read(archive, e))
        return false;
    bool ok = read_run_rows(archive, 0, &runs, &count, e), wanted = true;
    for (size_t i = 0; ok && wanted && i < count; i++) {
        int trials = 0;
        ok = count_trials(archive, runs[i].no, &trials, e);
        wanted = ok && each(&runs[i], trials, arg);
    }
    for (size_t i = 0; i < count; i++)
        run_clear(&runs[i]);
    free(runs);
    return sql_end(archive, ok, e);
}
