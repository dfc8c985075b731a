#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/config_dir.h"
#include "base/text.h"
#include "run/keyring_db.h"

/* Nothing is ever deleted: a key that was valid once is never valid again. */
static const char TABLES[] = "CREATE TABLE IF NOT EXISTS own (public TEXT NOT NULL, secret TEXT NOT NULL);"
                             "CREATE TABLE IF NOT EXISTS key (public TEXT PRIMARY KEY, name TEXT NOT NULL,"
                             " right TEXT NOT NULL, valid INTEGER NOT NULL, made_s INTEGER NOT NULL);"
                             "CREATE UNIQUE INDEX IF NOT EXISTS one_valid_key_a_name ON key (name) WHERE valid;"
                             "CREATE TABLE IF NOT EXISTS token (public TEXT PRIMARY KEY, uses_most INTEGER NOT NULL,"
                             " uses INTEGER NOT NULL, expires_s INTEGER NOT NULL);"
                             "CREATE TABLE IF NOT EXISTS enrolled (public TEXT PRIMARY KEY, token TEXT NOT NULL);"
                             "PRAGMA user_version = 1;";

/* The words in key.right. */
static const struct {
    const char *word;
    enum key_right right;
} RIGHTS[] = { { "node", KEY_NODE }, { "enrol", KEY_ENROL } };

bool keyring_default_dir(char *path, size_t size, struct err *e) { return config_dir_path(path, size, e); }

static enum key_right right_from(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(RIGHTS); i++)
        if (strcmp(word, RIGHTS[i].word) == 0)
            return RIGHTS[i].right;
    return KEY_NONE;
}

/* One row into memory; rights of a later tare are none here. */
static bool load_member(const struct keyring *k, sqlite3_stmt *row, struct members *members, struct err *e)
{
    const char *key = (const char *)sqlite3_column_text(row, 0), *name = (const char *)sqlite3_column_text(row, 1);
    const char *right = (const char *)sqlite3_column_text(row, 2);
    if (!key || !name || !right || !key_is_valid(key) || !text_is_name(name))
        return err_set(e, ERR_INTERNAL, "%s: a damaged key entry", k->path);
    return right_from(right) == KEY_NONE || members_add(members, key, name, right_from(right), e);
}

/* The table of valid keys into memory: it is asked for each message. */
bool keyring_reload(struct keyring *k, struct err *e)
{
    struct members fresh;
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(k->db, "SELECT public, name, right FROM key WHERE valid", -1, &rows, NULL) != SQLITE_OK)
        return keyring_db_fail(k, e);
    members_init(&fresh);
    int step;
    bool ok = true;
    while (ok && (step = sqlite3_step(rows)) == SQLITE_ROW)
        ok = load_member(k, rows, &fresh, e);
    if (ok && step != SQLITE_DONE)
        ok = keyring_db_fail(k, e);
    sqlite3_finalize(rows);
    if (!ok) {
        members_clear(&fresh);
        return false;
    }
    members_clear(&k->members);
    k->members = fresh;
    k->endings++; /* for all that is known */
    return true;
}

/* The coordinator's own pair: made once, under a write lock, so that two first starts agree. */
static bool load_own(struct keyring *k, struct err *e)
{
    if (!keyring_db_begin(k, e))
        return false;
    sqlite3_stmt *row = NULL;
    bool ok = sqlite3_prepare_v2(k->db, "SELECT public, secret FROM own", -1, &row, NULL) == SQLITE_OK ||
              keyring_db_fail(k, e);
    if (ok && sqlite3_step(row) == SQLITE_ROW) {
        const char *public_key = (const char *)sqlite3_column_text(row, 0);
        const char *secret_key = (const char *)sqlite3_column_text(row, 1);
        ok = (public_key && secret_key && key_is_valid(public_key) && key_is_valid(secret_key)) ||
             err_set(e, ERR_INTERNAL, "%s: the coordinator's own key is damaged", k->path);
        if (ok) {
            text_copy(k->own.public_key, KEY_TEXT, public_key);
            text_copy(k->own.secret_key, KEY_TEXT, secret_key);
        }
    } else if (ok) {
        ok = keypair_make(&k->own, e) &&
             keyring_db_run(k, e, "INSERT INTO own VALUES (?1, ?2)", "ss", k->own.public_key, k->own.secret_key);
    }
    sqlite3_finalize(row);
    return keyring_db_end(k, ok, e);
}

static bool open_db(struct keyring *k, const char *dir, struct err *e)
{
    struct stat st;
    if (!config_dir_make(dir, e))
        return false;
    if (snprintf(k->path, sizeof k->path, "%s/keys.db", dir) >= (int)sizeof k->path)
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", dir);
    int fd = open(k->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(e, errno, "%s", k->path);
    if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0) {
        close(fd);
        return err_set(e, ERR_USAGE, "%s: mode %04o lets others read the keys: chmod 600 %s", k->path,
                       st.st_mode & 07777, k->path);
    }
    close(fd);
    if (sqlite3_open_v2(k->path, &k->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return keyring_db_fail(k, e);
    sqlite3_busy_timeout(k->db, 5000);
    return sqlite3_exec(k->db, TABLES, NULL, NULL, NULL) == SQLITE_OK || keyring_db_fail(k, e);
}

bool keyring_open(const char *dir, struct keyring **keyring, struct err *e)
{
    struct keyring *k = calloc(1, sizeof *k);
    if (!k)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (open_db(k, dir, e) && load_own(k, e) && keyring_reload(k, e)) {
        *keyring = k;
        return true;
    }
    keyring_close(&k);
    return false;
}

void keyring_close(struct keyring **keyring)
{
    struct keyring *k = *keyring;
    *keyring = NULL;
    if (!k)
        return;
    sqlite3_close(k->db);
    members_clear(&k->members);
    sodium_memzero(k, sizeof *k);
    free(k);
}

const struct keypair *keyring_own(const struct keyring *keyring) { return &keyring->own; }

uint64_t keyring_endings(const struct keyring *k) { return k->endings; }

enum key_right keyring_right_of(const struct keyring *k, const char *public_key, const char **name)
{
    const struct member *found = members_by_key(&k->members, public_key);
    *name = found ? found->name : NULL;
    return found ? found->right : KEY_NONE;
}

const char *keyring_name_of(const struct keyring *k, const char *public_key)
{
    const struct member *found = members_by_key(&k->members, public_key);
    return found && found->right == KEY_NODE ? found->name : NULL;
}

bool keyring_knows(const struct keyring *k, const char *name) { return members_by_name(&k->members, name) != NULL; }

const char *keyring_nth(const struct keyring *k, size_t n, enum key_right *right)
{
    if (n >= k->members.count)
        return NULL;
    *right = k->members.all[n]->right;
    return k->members.all[n]->name;
}
