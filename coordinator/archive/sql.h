/* sql.h - what the files of the archive share: the open database, its transactions, and its errors
 * as one line for a person. Not for anyone outside archive/.
 */
#ifndef TARE_SQL_H
#define TARE_SQL_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"

struct archive {
    sqlite3 *db;
    char *path; /* owned; for errors */
};

/* What SQLite's last call ran into; `doing` is told where nothing better is known. Returns false. */
bool sql_fail(const struct archive *archive, const char *doing, struct err *e);

/* Run statements that give no rows. */
MUST_CHECK bool sql_run(struct archive *archive, const char *statements, struct err *e);

/* Prepare one statement and bind the numbers to ?1, ?2... NULL on failure; finalize it. */
sqlite3_stmt *sql_prepare(struct archive *archive, const char *statement, const int64_t *numbers, int count,
                          struct err *e);

/* Step a statement that gives no rows, and finalize it. NULL is a failure that was told already. */
MUST_CHECK bool sql_finish(struct archive *archive, sqlite3_stmt *prepared, struct err *e);

/* The first column of the first row of a statement like the above; `fallback` when there is no row. */
MUST_CHECK bool sql_number(struct archive *archive, const char *statement, const int64_t *numbers, int count,
                           int64_t fallback, int64_t *value, struct err *e);

/* All or nothing: `sql_end` commits when `ok`, and else takes everything back and returns false. */
MUST_CHECK bool sql_begin_write(struct archive *archive, struct err *e);
MUST_CHECK bool sql_begin_read(struct archive *archive, struct err *e);
MUST_CHECK bool sql_end(struct archive *archive, bool ok, struct err *e);

#endif
