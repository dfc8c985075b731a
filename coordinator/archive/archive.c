#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/owner.h"
#include "archive/tables.h"
#include "archive/upgrade.h"
#include "base/text.h"

extern const char archive_schema_sql[];

/* As schema.sql sets them. */
enum { APPLICATION_ID = 0x74617265 /* "tare" */, BUSY_MS = 10000 };

bool archive_default_path(char *path, size_t size, struct err *e)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char found[PATH_MAX] = "";
    bool whole = true;
    if (data && data[0] == '/') /* relative ones are to be ignored (XDG Base Directory Specification) */
        whole = text_append(found, sizeof found, "%s/tare/archive.db", data);
    else if (home && home[0] == '/')
        whole = text_append(found, sizeof found, "%s/.local/share/tare/archive.db", home);
    else
        return err_set(e, ERR_USAGE, "where is the archive? neither XDG_DATA_HOME nor HOME is set; name it: --archive");
    if (!whole || strlen(found) >= size)
        return err_set(e, ERR_USAGE, "the path of the archive is too long; name another one: --archive");
    text_copy(path, size, found);
    return true;
}

/* Make the directories of `path` that are not there, for the user alone. */
static bool make_directories(const char *path, struct err *e)
{
    char part[PATH_MAX];
    if (!text_copy(part, sizeof part, path))
        return err_set(e, ERR_USAGE, "archive %.64s...: the path is too long", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return err_errno(e, errno, "archive %s: cannot make the directory %s", path, part);
        *slash = '/';
    }
    return true;
}

static bool make_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, errno, "archive %s: cannot be opened for writing", path);
    close(fd);
    return true;
}

static bool pragma(struct archive *archive, const char *name, int64_t *value, struct err *e)
{
    char statement[64];
    snprintf(statement, sizeof statement, "PRAGMA %s", name);
    return sql_number(archive, statement, NULL, 0, 0, value, e);
}

/* The version of its tables; 0: it has none yet. */
static bool look_at_file(struct archive *archive, int64_t *of, struct err *e)
{
    int64_t application = 0, version = 0, tables = 0;
    if (!pragma(archive, "application_id", &application, e) || !pragma(archive, "user_version", &version, e) ||
        !sql_number(archive, "SELECT count(*) FROM sqlite_master", NULL, 0, 0, &tables, e))
        return false;
    bool empty = application == 0 && version == 0 && tables == 0;
    if (!empty && application != APPLICATION_ID)
        return err_set(e, ERR_USAGE, "archive %s: not a tare archive", archive->path);
    if (version > UPGRADE_NEWEST)
        return err_set(e, ERR_USAGE,
                       "archive %s: written by a newer tare (tables %lld, this tare knows %d); update tare",
                       archive->path, (long long)version, UPGRADE_NEWEST);
    if (!empty && version < UPGRADE_OLDEST)
        return err_set(e, ERR_USAGE, "archive %s: its tables are of no version that this tare knows", archive->path);
    *of = empty ? 0 : version;
    return true;
}

/* `uri`: how to open it where that is not by its path; "" else. */
static bool connect_to(const char *path, const char *uri, int flags, struct archive **archive, struct err *e)
{
    struct archive *made = calloc(1, sizeof *made);
    if (made)
        made->path = strdup(path);
    int opened = made && made->path
                     ? sqlite3_open_v2(*uri ? uri : path, &made->db, *uri ? flags | SQLITE_OPEN_URI : flags, NULL)
                     : SQLITE_NOMEM;
    if (opened != SQLITE_OK) {
        if (made && made->db)
            sql_fail(made, "cannot be opened", e);
        else
            err_set(e, ERR_INTERNAL, "archive %s: out of memory", path);
        archive_close(&made);
        return false;
    }
    sqlite3_extended_result_codes(made->db, 1);
    sqlite3_busy_timeout(made->db, BUSY_MS);
    /* The file may be anyone's: what its schema calls shall do nothing. */
    sqlite3_db_config(made->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(made->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* A quoted column that is not there is an error, and not a text as SQLite has it by default. */
    sqlite3_db_config(made->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    *archive = made;
    return true;
}

/* Two who make the same archive at once, or bring it up to date: the second finds it done. */
static bool make_tables(struct archive *archive, struct err *e)
{
    int64_t version = 0;
    if (!sql_run(archive, "PRAGMA journal_mode = WAL", e) || !sql_begin_write(archive, e))
        return false;
    bool ok = look_at_file(archive, &version, e) &&
              (version == 0 ? sql_run(archive, archive_schema_sql, e) : upgrade_tables(archive, version, e));
    return sql_end(archive, ok, e);
}

/* WAL: readers look on while a run writes. FULL: a trial that was confirmed survives a power cut; the
 * fsync that it costs falls between two trials, where nothing is measured. */
static bool settle(struct archive *archive, struct err *e)
{
    return sql_run(archive, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;", e);
}

/* Runs that are still called running though their coordinator is gone. */
static bool abort_orphans(struct archive *archive, struct err *e)
{
    struct owner *owners = NULL;
    int64_t *runs = NULL;
    size_t count = 0;
    bool ok = row_read_all(archive, &TABLE_OWNER, 0, &owners, &count, &runs, e);
    for (size_t i = 0; ok && i < count; i++)
        if (owner_is_gone(&owners[i])) {
            sqlite3_stmt *update = sql_prepare(archive,
                                               "UPDATE run SET status = 'aborted', why = '" OWNER_GONE
                                               "' WHERE no = ?1 AND status = 'running'",
                                               &runs[i], 1, e);
            ok = sql_finish(archive, update, e);
        }
    free(owners);
    free(runs);
    return ok;
}

bool archive_open(const char *path, struct archive **archive, struct err *e)
{
    struct archive *opened = NULL;
    int64_t version = 0;
    if (!make_directories(path, e) || !make_file(path, e) || !connect_to(path, "", SQLITE_OPEN_READWRITE, &opened, e))
        return false;
    bool ok = look_at_file(opened, &version, e) && (version == UPGRADE_NEWEST || make_tables(opened, e)) &&
              settle(opened, e) && abort_orphans(opened, e);
    if (ok)
        *archive = opened;
    else
        archive_close(&opened);
    return ok;
}

/* ---- where nothing can be written: a read-only medium, another user's directory ---- */

/* To read a WAL archive SQLite makes files beside it; where it cannot, and no writer has made them,
 * nobody writes, and the file can be taken as it is. */
static bool is_sealed(const char *path)
{
    char part[PATH_MAX + 8] = "";
    text_append(part, sizeof part, "%s-shm", path);
    if (access(part, F_OK) == 0)
        return false;
    text_copy(part, sizeof part, path);
    char *slash = strrchr(part, '/');
    if (slash)
        slash[slash == part] = '\0';
    return faccessat(AT_FDCWD, slash ? part : ".", W_OK, AT_EACCESS) != 0;
}

/* "file:PATH?immutable=1", in which some characters of a path would mean something else
 * (https://www.sqlite.org/uri.html). */
static bool sealed_name(const char *path, char *name, size_t size, struct err *e)
{
    char log[PATH_MAX + 8] = "";
    struct stat st;
    text_append(log, sizeof log, "%s-wal", path);
    if (stat(log, &st) == 0 && st.st_size > 0)
        return err_set(e, ERR_USAGE,
                       "archive %s: its newest trials are in %s, which cannot be read where nothing can be written: "
                       "copy both to a directory of your own",
                       path, log);
    bool fits = true;
    name[0] = '\0';
    fits &= text_append(name, size, "file:%s", path[0] == '/' ? "//" : "");
    for (const char *c = path; *c; c++)
        fits &= text_append(name, size, strchr("?#%", *c) ? "%%%02x" : "%c", (unsigned char)*c);
    fits &= text_append(name, size, "?immutable=1");
    return fits || err_set(e, ERR_USAGE, "archive %.64s...: the path is too long", path);
}

bool archive_open_read(const char *path, struct archive **archive, struct err *e)
{
    char sealed[3 * PATH_MAX] = "";
    struct archive *opened = NULL;
    int64_t version = 0;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return err_set(e, ERR_USAGE, "archive %s: there is none; `tare run` makes it", path);
    if (access(path, R_OK) != 0)
        return err_errno(e, errno, "archive %s: cannot be read", path);
    if (is_sealed(path) && !sealed_name(path, sealed, sizeof sealed, e))
        return false;
    if (!connect_to(path, sealed, SQLITE_OPEN_READONLY, &opened, e))
        return false;
    bool ok = look_at_file(opened, &version, e);
    if (ok && version == 0)
        ok = err_set(e, ERR_USAGE, "archive %s: not a tare archive, the file is empty", path);
    ok = ok && (version == UPGRADE_NEWEST || upgrade_view(opened, version, e));
    if (ok)
        *archive = opened;
    else
        archive_close(&opened);
    return ok;
}

void archive_close(struct archive **archive)
{
    if (!archive || !*archive)
        return;
    sqlite3_close((*archive)->db);
    free((*archive)->path);
    free(*archive);
    *archive = NULL;
}
