#include "keyring_db.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool keyring_db_fail(const struct keyring *k, struct err *e)
{
    return err_set(e, ERR_INTERNAL, "%s: %s", k->path, k->db ? sqlite3_errmsg(k->db) : "out of memory");
}

/* A prepared statement with its arguments; NULL on failure. */
static sqlite3_stmt *prepare(struct keyring *k, struct err *e, const char *sql, const char *kinds, va_list args)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(k->db, sql, -1, &statement, NULL) == SQLITE_OK;
    for (int i = 1; ok && *kinds; i++, kinds++)
        ok = (*kinds == 's' ? sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT)
                            : sqlite3_bind_int64(statement, i, va_arg(args, int64_t))) == SQLITE_OK;
    if (ok)
        return statement;
    keyring_db_fail(k, e);
    sqlite3_finalize(statement);
    return NULL;
}

bool keyring_db_run(struct keyring *k, struct err *e, const char *sql, const char *kinds, ...)
{
    va_list args;
    va_start(args, kinds);
    sqlite3_stmt *statement = prepare(k, e, sql, kinds, args);
    va_end(args);
    bool ok = statement && (sqlite3_step(statement) == SQLITE_DONE || keyring_db_fail(k, e));
    sqlite3_finalize(statement);
    return ok;
}

bool keyring_db_number(struct keyring *k, int64_t *value, struct err *e, const char *sql, const char *kinds, ...)
{
    va_list args;
    va_start(args, kinds);
    sqlite3_stmt *statement = prepare(k, e, sql, kinds, args);
    va_end(args);
    if (!statement)
        return false;
    int step = sqlite3_step(statement);
    bool ok = step == SQLITE_ROW || step == SQLITE_DONE || keyring_db_fail(k, e);
    if (ok)
        *value = step == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok;
}

bool keyring_db_begin(struct keyring *k, struct err *e) { return keyring_db_run(k, e, "BEGIN IMMEDIATE", ""); }

bool keyring_db_end(struct keyring *k, bool ok, struct err *e)
{
    ok = ok && keyring_db_run(k, e, "COMMIT", "");
    if (!ok && !sqlite3_get_autocommit(k->db)) /* SQLite takes some failures back by itself */
        sqlite3_exec(k->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}
