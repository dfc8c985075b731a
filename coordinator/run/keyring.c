#include "keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "base/clock.h"
#include "base/text.h"

/* Right: what a key may do. 'node' is the only one so far. */
static const char TABLES[] = "CREATE TABLE IF NOT EXISTS own (public TEXT NOT NULL, secret TEXT NOT NULL);"
                             "CREATE TABLE IF NOT EXISTS key (public TEXT PRIMARY KEY, name TEXT NOT NULL,"
                             " right TEXT NOT NULL, valid INTEGER NOT NULL, made_s INTEGER NOT NULL);"
                             "CREATE UNIQUE INDEX IF NOT EXISTS one_valid_key_a_name ON key (name) WHERE valid;"
                             "PRAGMA user_version = 1;";

struct member {
    char public_key[KEY_TEXT], name[KEY_NAME];
};

struct keyring {
    sqlite3 *db;
    char path[512];
    struct keypair own;
    struct member *members; /* the valid keys, ordered by key */
    size_t member_count;
};

bool keyring_default_dir(char *path, size_t size, struct err *e)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length = config && *config == '/' ? snprintf(path, size, "%s/tare", config)
                 : home && *home == '/'   ? snprintf(path, size, "%s/.config/tare", home)
                                          : -1;
    if (length < 0)
        return err_set(e, ERR_USAGE, "neither XDG_CONFIG_HOME nor HOME says where the keys are");
    return (size_t)length < size || err_set(e, ERR_USAGE, "%.200s...: the path is too long", path);
}

static bool db_fail(const struct keyring *k, struct err *e)
{
    return err_set(e, ERR_INTERNAL, "%s: %s", k->path, k->db ? sqlite3_errmsg(k->db) : "out of memory");
}

/* mkdir -p, each new one 0700. */
static bool make_dirs(const char *dir, struct err *e)
{
    char part[512];
    if (!text_copy(part, sizeof part, dir))
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", dir);
    for (char *at = strchr(part + 1, '/');; at = strchr(at + 1, '/')) {
        if (at)
            *at = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return err_errno(e, errno, "%s", part);
        if (!at)
            return true;
        *at = '/';
    }
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->public_key, ((const struct member *)b)->public_key);
}

/* The table of valid keys into memory: it is asked for each message. */
static bool load_members(struct keyring *k, struct err *e)
{
    sqlite3_stmt *rows = NULL;
    if (sqlite3_prepare_v2(k->db, "SELECT public, name FROM key WHERE valid AND right = 'node' ORDER BY public", -1,
                           &rows, NULL) != SQLITE_OK)
        return db_fail(k, e);
    struct member *members = NULL;
    size_t count = 0, room = 0;
    int step;
    bool ok = true;
    while (ok && (step = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(rows, 0),
                   *name = (const char *)sqlite3_column_text(rows, 1);
        if (!key || !name || !key_is_valid(key) || !text_is_name(name)) {
            ok = err_set(e, ERR_INTERNAL, "%s: a damaged key entry", k->path);
            break;
        }
        if (count == room) {
            room = room ? 2 * room : 16;
            struct member *more = reallocarray(members, room, sizeof *more);
            if (!more) {
                ok = err_set(e, ERR_INTERNAL, "out of memory");
                break;
            }
            members = more;
        }
        text_copy(members[count].public_key, KEY_TEXT, key);
        text_copy(members[count++].name, KEY_NAME, name);
    }
    if (ok && step != SQLITE_DONE)
        ok = db_fail(k, e);
    sqlite3_finalize(rows);
    if (!ok) {
        free(members);
        return false;
    }
    if (count > 1)
        qsort(members, count, sizeof *members, by_key); /* SQLite's order is the same; but do not rely on it */
    free(k->members);
    k->members = members;
    k->member_count = count;
    return true;
}

/* Run one statement with up to two texts and an integer bound to ?1 ?2 ?3. */
static bool execute(struct keyring *k, const char *sql, const char *first, const char *second, int64_t third,
                    struct err *e)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(k->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return db_fail(k, e);
    int wanted = sqlite3_bind_parameter_count(statement);
    bool ok = (wanted < 1 || sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC) == SQLITE_OK) &&
              (wanted < 2 || sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC) == SQLITE_OK) &&
              (wanted < 3 || sqlite3_bind_int64(statement, 3, third) == SQLITE_OK) &&
              sqlite3_step(statement) == SQLITE_DONE;
    if (!ok)
        db_fail(k, e);
    sqlite3_finalize(statement);
    return ok;
}

/* The coordinator's own pair: made once, under a write lock, so that two first starts agree. */
static bool load_own(struct keyring *k, struct err *e)
{
    if (!execute(k, "BEGIN IMMEDIATE", NULL, NULL, 0, e))
        return false;
    sqlite3_stmt *row = NULL;
    bool ok = sqlite3_prepare_v2(k->db, "SELECT public, secret FROM own", -1, &row, NULL) == SQLITE_OK || db_fail(k, e);
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
             execute(k, "INSERT INTO own VALUES (?1, ?2)", k->own.public_key, k->own.secret_key, 0, e);
    }
    sqlite3_finalize(row);
    return execute(k, ok ? "COMMIT" : "ROLLBACK", NULL, NULL, 0, ok ? e : NULL) && ok;
}

static bool open_db(struct keyring *k, const char *dir, struct err *e)
{
    if (!make_dirs(dir, e))
        return false;
    struct stat st;
    if (stat(dir, &st) != 0)
        return err_errno(e, errno, "%s", dir);
    if ((st.st_mode & 077) != 0)
        return err_set(e, ERR_USAGE, "%s: mode %04o lets others at the keys: chmod 700 %s", dir, st.st_mode & 07777,
                       dir);
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
        return db_fail(k, e);
    sqlite3_busy_timeout(k->db, 5000);
    return sqlite3_exec(k->db, TABLES, NULL, NULL, NULL) == SQLITE_OK || db_fail(k, e);
}

bool keyring_open(const char *dir, struct keyring **keyring, struct err *e)
{
    struct keyring *k = calloc(1, sizeof *k);
    if (!k)
        return err_set(e, ERR_INTERNAL, "out of memory");
    if (open_db(k, dir, e) && load_own(k, e) && load_members(k, e)) {
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
    free(k->members);
    sodium_memzero(k, sizeof *k);
    free(k);
}

const struct keypair *keyring_own(const struct keyring *keyring) { return &keyring->own; }

bool keyring_invite(struct keyring *k, const char *name, const char *endpoint, struct invite *invite, struct err *e)
{
    if (!text_is_name(name))
        return err_set(e, ERR_USAGE, "'%.64s' is not a name (letters, digits, '-', '_', '.', at most 63)", name);
    struct invite made = { 0 };
    if (!text_copy(made.endpoint, sizeof made.endpoint, endpoint))
        return err_set(e, ERR_USAGE, "endpoint '%.64s...' is too long", endpoint);
    text_copy(made.name, sizeof made.name, name);
    text_copy(made.server_key, sizeof made.server_key, k->own.public_key);
    if (!keypair_make(&made.node, e) || !execute(k, "BEGIN IMMEDIATE", NULL, NULL, 0, e))
        return false;
    bool ok = execute(k, "UPDATE key SET valid = 0 WHERE name = ?1", name, NULL, 0, e) &&
              execute(k, "INSERT INTO key VALUES (?1, ?2, 'node', 1, ?3)", made.node.public_key, name,
                      clock_real_ns() / CLOCK_NS_PER_S, e);
    ok = execute(k, ok ? "COMMIT" : "ROLLBACK", NULL, NULL, 0, ok ? e : NULL) && ok;
    if (ok && load_members(k, e))
        *invite = made;
    else
        ok = false;
    invite_wipe(&made);
    return ok;
}

const char *keyring_name_of(const struct keyring *k, const char *public_key)
{
    struct member wanted = { 0 };
    if (k->member_count == 0 || !text_copy(wanted.public_key, sizeof wanted.public_key, public_key))
        return NULL;
    const struct member *found = bsearch(&wanted, k->members, k->member_count, sizeof *k->members, by_key);
    return found ? found->name : NULL;
}

bool keyring_knows(const struct keyring *k, const char *name)
{
    for (size_t i = 0; i < k->member_count; i++)
        if (strcmp(k->members[i].name, name) == 0)
            return true;
    return false;
}
