/* upgrade.h - archives whose tables are of an earlier version: what was not kept then has a value that
 * says so. One that is written to is brought up to date, once and for all; one that is only read stays as
 * it is, and is looked at through views. */
#ifndef TARE_UPGRADE_H
#define TARE_UPGRADE_H

#include "archive/sql.h"

/* Of the tables in schema.sql. */
enum { UPGRADE_OLDEST = 1, UPGRADE_NEWEST = 10 };

/* From `version`, which is at least UPGRADE_OLDEST. Within a transaction of the caller's. */
MUST_CHECK bool upgrade_tables(struct archive *archive, int64_t version, struct err *e);

/* The same for this connection alone; the file is not touched. */
MUST_CHECK bool upgrade_view(struct archive *archive, int64_t version, struct err *e);

#endif
