/* keyring_db.h - what the files of the keyring share: its database and the valid keys in memory.
 * Not for anyone else. */
#ifndef TARE_KEYRING_DB_H
#define TARE_KEYRING_DB_H

#include <sqlite3.h>
#include <stdint.h>

#include "run/keyring.h"
#include "run/keyring_members.h"

struct keyring {
    sqlite3 *db;
    char path[512];
    struct keypair own;
    struct members members;
    uint64_t endings; /* how often keys have ended */
};

/* What SQLite's last call ran into. Returns false. */
bool keyring_db_fail(const struct keyring *keyring, struct err *e);

/* Run one statement that gives no rows; `kinds` says what follows, bound to ?1 ?2 ...: 's' text,
 * 'n' an int64_t. */
MUST_CHECK bool keyring_db_run(struct keyring *keyring, struct err *e, const char *sql, const char *kinds, ...);

/* The first column of a statement's first row, 0 where there is none. */
MUST_CHECK bool keyring_db_number(struct keyring *keyring, int64_t *value, struct err *e, const char *sql,
                                  const char *kinds, ...);

/* A write lock from the first moment, so that what is read stays true until the end. */
MUST_CHECK bool keyring_db_begin(struct keyring *keyring, struct err *e);

/* Commit when `ok`, else take everything back and return false. */
MUST_CHECK bool keyring_db_end(struct keyring *keyring, bool ok, struct err *e);

#endif
