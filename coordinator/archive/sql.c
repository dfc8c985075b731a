#include "sql.h"

#include <errno.h>
#include <stddef.h>

bool sql_fail(const struct archive *archive, const char *doing, struct err *e)
{
    int code = sqlite3_errcode(archive->db) & 0xff;
    int system = sqlite3_system_errno(archive->db);
    bool io = code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    /* The shared-memory file beside a WAL reports a full disk as an I/O error. */
    if (code == SQLITE_FULL || (io && (system == ENOSPC || system == EDQUOT)))
        return err_set(e, ERR_PARTIAL, "archive %s: disk full; free space and run again, the finished trials are kept",
                       archive->path);
    if (io && system != 0)
        return err_errno(e, system, "archive %s: %s", archive->path, doing);
    switch (code) {
    case SQLITE_NOTADB: return err_set(e, ERR_USAGE, "archive %s: not a tare archive", archive->path);
    case SQLITE_CORRUPT:
        return err_set(e, ERR_INTERNAL,
                       "archive %s: damaged; move it away, `sqlite3 FILE .recover` may save what is left",
                       archive->path);
    case SQLITE_BUSY:
        return err_set(e, ERR_INTERNAL, "archive %s: another program keeps it locked; end that one and try again",
                       archive->path);
    case SQLITE_READONLY:
        return err_set(e, ERR_INTERNAL, "archive %s: cannot be written; make the file and its directory writable",
                       archive->path);
    default: return err_set(e, ERR_INTERNAL, "archive %s: %s: %s", archive->path, doing, sqlite3_errmsg(archive->db));
    }
}

bool sql_run(struct archive *archive, const char *statements, struct err *e)
{
    return sqlite3_exec(archive->db, statements, NULL, NULL, NULL) == SQLITE_OK ||
           sql_fail(archive, "cannot be used", e);
}

sqlite3_stmt *sql_prepare(struct archive *archive, const char *statement, const int64_t *numbers, int count,
                          struct err *e)
{
    sqlite3_stmt *prepared = NULL;
    if (sqlite3_prepare_v2(archive->db, statement, -1, &prepared, NULL) != SQLITE_OK) {
        sql_fail(archive, "its tables are not tare's", e);
        return NULL;
    }
    for (int i = 0; i < count; i++)
        if (sqlite3_bind_int64(prepared, i + 1, numbers[i]) != SQLITE_OK) {
            sql_fail(archive, "binding a number", e);
            sqlite3_finalize(prepared);
            return NULL;
        }
    return prepared;
}

bool sql_finish(struct archive *archive, sqlite3_stmt *prepared, struct err *e)
{
    if (!prepared)
        return false;
    bool ok = sqlite3_step(prepared) == SQLITE_DONE || sql_fail(archive, "cannot be written", e);
    sqlite3_finalize(prepared);
    return ok;
}

bool sql_number(struct archive *archive, const char *statement, const int64_t *numbers, int count, int64_t fallback,
                int64_t *value, struct err *e)
{
    sqlite3_stmt *prepared = sql_prepare(archive, statement, numbers, count, e);
    if (!prepared)
        return false;
    int stepped = sqlite3_step(prepared);
    bool ok = stepped == SQLITE_ROW || stepped == SQLITE_DONE;
    if (ok)
        *value = stepped == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : fallback;
    else
        sql_fail(archive, "cannot be read", e);
    sqlite3_finalize(prepared);
    return ok;
}

/* IMMEDIATE: whoever will write waits for others at the beginning, where the busy timeout helps. */
bool sql_begin_write(struct archive *archive, struct err *e) { return sql_run(archive, "BEGIN IMMEDIATE", e); }

/* One transaction around all that is read: a writer's next trial is wholly in it or not at all. */
bool sql_begin_read(struct archive *archive, struct err *e) { return sql_run(archive, "BEGIN", e); }

bool sql_end(struct archive *archive, bool ok, struct err *e)
{
    ok = ok && sql_run(archive, "COMMIT", e);
    /* SQLite has taken some failures back by itself, and then refuses this: both are well. */
    if (!ok && !sqlite3_get_autocommit(archive->db))
        sqlite3_exec(archive->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}
