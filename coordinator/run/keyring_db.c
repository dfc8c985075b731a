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

bool keyring_db_add(struct keyring *k, const char *public_key, const char *name, enum key_right right, struct err *e)
{
    if (k->member_count == k->member_room) {
        size_t room = k->member_room ? 2 * k->member_room : 16;
        struct member *more = reallocarray(k->members, room, sizeof *more);
        if (!more)
            return err_set(e, ERR_INTERNAL, "out of memory");
        k->members = more;
        k->member_room = room;
    }
    /* From the end: rows come in order, where nothing has to move. */
    size_t at = k->member_count;
    while (at > 0 && strcmp(public_key, k->members[at - 1].public_key) < 0)
        at--;
    memmove(&k->members[at + 1], &k->members[at], (k->member_count - at) * sizeof *k->members);
    k->members[at] = (struct member){ .right = right };
    text_copy(k->members[at].public_key, KEY_TEXT, public_key);
    text_copy(k->members[at].name, KEY_NAME, name);
    k->member_count++;
    return true;
}

void keyring_db_remove(struct keyring *k, const char *name)
{
    for (size_t i = 0; i < k->member_count; i++)
        if (strcmp(k->members[i].name, name) == 0) {
            memmove(&k->members[i], &k->members[i + 1], (--k->member_count - i) * sizeof *k->members);
            return;
        }
}
