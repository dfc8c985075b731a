#include "row.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { STATEMENT_MAX = 1024 };

static int key_count(const struct table *table)
{
    int count = 0;
    while (count < 2 && table->keys[count][0])
        count++;
    return count;
}

static bool bind_blob(sqlite3_stmt *statement, int at, const void *field)
{
    struct column_blob blob;
    memcpy(&blob, field, sizeof blob);
    return (blob.size == 0 ? sqlite3_bind_null(statement, at)
                           : sqlite3_bind_blob64(statement, at, blob.bytes, blob.size, SQLITE_STATIC)) == SQLITE_OK;
}

static bool bind(sqlite3_stmt *statement, int at, const struct column *column, const char *row)
{
    const void *field = row + column->offset;
    const char *text = NULL;
    double real = NAN;
    switch (column->kind) {
    case COLUMN_TEXT: text = field; break;
    case COLUMN_STRING:
        memcpy(&text, field, sizeof text);
        text = text ? text : "";
        break;
    case COLUMN_BLOB: return bind_blob(statement, at, field);
    case COLUMN_WORD: text = words_name(column->words, *(const int *)field); break;
    case COLUMN_INT: return sqlite3_bind_int(statement, at, *(const int *)field) == SQLITE_OK;
    case COLUMN_BOOL: return sqlite3_bind_int(statement, at, *(const bool *)field) == SQLITE_OK;
    case COLUMN_I64:
    case COLUMN_U64: return sqlite3_bind_int64(statement, at, *(const int64_t *)field) == SQLITE_OK;
    case COLUMN_REAL:
    case COLUMN_MAYBE:
        memcpy(&real, field, sizeof real);
        return sqlite3_bind_double(statement, at, real) == SQLITE_OK; /* SQLite makes NULL of NaN */
    }
    return sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

bool row_insert(struct archive *archive, const struct table *table, const int64_t keys[2], const void *row,
                struct err *e)
{
    char sql[STATEMENT_MAX] = "", marks[256] = "";
    text_append(sql, sizeof sql, "INSERT INTO \"%s\" (", table->name);
    int given = key_count(table);
    for (int i = 0; i < given; i++) {
        text_append(sql, sizeof sql, "%s\"%s\"", i ? "," : "", table->keys[i]);
        text_append(marks, sizeof marks, "%s?", i ? "," : "");
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const char *comma = given || i ? "," : "";
        text_append(sql, sizeof sql, "%s\"%s\"", comma, table->columns[i].name);
        text_append(marks, sizeof marks, "%s?", comma);
    }
    if (!text_append(sql, sizeof sql, ") VALUES (%s) %s", marks, table->conflict))
        return err_set(e, ERR_INTERNAL, "table %s has too many columns for row.c", table->name);

    sqlite3_stmt *statement = sql_prepare(archive, sql, keys, given, e);
    if (!statement)
        return false;
    bool bound = true;
    for (size_t i = 0; bound && i < table->column_count; i++)
        bound = bind(statement, given + (int)i + 1, &table->columns[i], row);
    if (bound)
        return sql_finish(archive, statement, e);
    sqlite3_finalize(statement);
    return sql_fail(archive, "binding a row", e);
}

bool row_insert_all(struct archive *archive, const struct table *table, int64_t parent, const void *rows, size_t count,
                    struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const char *row = (const char *)rows + i * table->row_size;
        if (!row_insert(archive, table, (const int64_t[]){ parent, (int64_t)i }, row, e))
            return false;
    }
    return true;
}

/* The text in the statement's column, NULL where it is none or holds a NUL. */
static const char *column_text(sqlite3_stmt *statement, int at)
{
    if (sqlite3_column_type(statement, at) != SQLITE_TEXT)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return text && strlen(text) == (size_t)sqlite3_column_bytes(statement, at) ? text : NULL;
}

static const char *fetch_blob(sqlite3_stmt *statement, int at, void *field)
{
    struct column_blob blob = { .size = 0 };
    if (sqlite3_column_type(statement, at) == SQLITE_NULL)
        return NULL; /* the row is zeroed */
    if (sqlite3_column_type(statement, at) != SQLITE_BLOB)
        return "is no blob";
    const void *bytes = sqlite3_column_blob(statement, at);
    blob.size = (size_t)sqlite3_column_bytes(statement, at);
    blob.bytes = blob.size > 0 ? malloc(blob.size) : NULL;
    if (blob.size > 0 && !blob.bytes)
        return "does not fit into memory";
    if (blob.size > 0)
        memcpy(blob.bytes, bytes, blob.size);
    memcpy(field, &blob, sizeof blob);
    return NULL;
}

/* What is wrong with the column, or NULL and it stands in its field. */
static const char *fetch(sqlite3_stmt *statement, int at, const struct column *column, char *row)
{
    void *field = row + column->offset;
    int type = sqlite3_column_type(statement, at);
    int64_t number = sqlite3_column_int64(statement, at);
    double real = sqlite3_column_double(statement, at);
    const char *text = column_text(statement, at);
    char *copy = NULL;
    int word = -1;
    switch (column->kind) {
    case COLUMN_TEXT: return text && text_copy(field, column->size, text) ? NULL : "is no text, or too long";
    case COLUMN_STRING:
        copy = text ? strdup(text) : NULL;
        memcpy(field, &copy, sizeof copy);
        return copy ? NULL : "is no text";
    case COLUMN_BLOB: return fetch_blob(statement, at, field);
    case COLUMN_WORD:
        word = text ? words_find(column->words, text) : -1;
        memcpy(field, &word, sizeof word);
        return word >= 0 ? NULL : "is a word that this tare does not know";
    case COLUMN_INT:
        if (type != SQLITE_INTEGER || number < INT_MIN || number > INT_MAX)
            return "is no number of 32 bits";
        *(int *)field = (int)number;
        return NULL;
    case COLUMN_BOOL:
        if (type != SQLITE_INTEGER || (number != 0 && number != 1))
            return "is neither 0 nor 1";
        *(bool *)field = number == 1;
        return NULL;
    case COLUMN_I64:
    case COLUMN_U64: memcpy(field, &number, sizeof number); return type == SQLITE_INTEGER ? NULL : "is no whole number";
    case COLUMN_REAL:
    case COLUMN_MAYBE:
        if (column->kind == COLUMN_MAYBE && type == SQLITE_NULL)
            real = NAN;
        else if (type != SQLITE_FLOAT && type != SQLITE_INTEGER)
            return "is no number";
        memcpy(field, &real, sizeof real);
        return NULL;
    }
    return "is of a kind that row.c does not know";
}

static void free_strings(const struct table *table, char *row)
{
    for (size_t i = 0; i < table->column_count; i++) {
        char *text = NULL; /* a blob begins with its pointer likewise */
        if (table->columns[i].kind != COLUMN_STRING && table->columns[i].kind != COLUMN_BLOB)
            continue;
        memcpy(&text, row + table->columns[i].offset, sizeof text);
        free(text);
    }
}

/* `row` is zeroed, and has no strings when this fails. The id is the statement's first column. */
static bool fetch_row(struct archive *archive, const struct table *table, sqlite3_stmt *statement, char *row,
                      struct err *e)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const char *wrong = fetch(statement, (int)i + 1, &table->columns[i], row);
        if (!wrong)
            continue;
        free_strings(table, row);
        return err_set(e, ERR_INTERNAL, "archive %s: damaged: %s.%s %s", archive->path, table->name,
                       table->columns[i].name, wrong);
    }
    return true;
}

static sqlite3_stmt *select_rows(struct archive *archive, const struct table *table, int64_t parent, struct err *e)
{
    char sql[STATEMENT_MAX] = "";
    text_append(sql, sizeof sql, "SELECT \"%s\"", table->id);
    for (size_t i = 0; i < table->column_count; i++)
        text_append(sql, sizeof sql, ",\"%s\"", table->columns[i].name);
    if (!text_append(sql, sizeof sql, " FROM \"%s\" WHERE %s", table->name, table->where)) {
        err_set(e, ERR_INTERNAL, "table %s has too many columns for row.c", table->name);
        return NULL;
    }
    return sql_prepare(archive, sql, &parent, 1, e);
}

bool row_read(struct archive *archive, const struct table *table, int64_t parent, void *row, struct err *e)
{
    sqlite3_stmt *statement = select_rows(archive, table, parent, e);
    if (!statement)
        return false;
    int stepped = sqlite3_step(statement);
    bool ok = stepped == SQLITE_ROW ? fetch_row(archive, table, statement, row, e)
              : stepped == SQLITE_DONE
                  ? err_set(e, ERR_INTERNAL, "archive %s: damaged: a row of %s is missing", archive->path, table->name)
                  : sql_fail(archive, "cannot be read", e);
    sqlite3_finalize(statement);
    return ok;
}

/* Rows as they come in. */
struct pile {
    char *rows;
    int64_t *ids;
    size_t count;
};

static void pile_clear(struct pile *pile, const struct table *table)
{
    for (size_t i = 0; i < pile->count; i++)
        free_strings(table, pile->rows + i * table->row_size);
    free(pile->rows);
    free(pile->ids);
}

static bool pile_add(struct pile *pile, struct archive *archive, const struct table *table, sqlite3_stmt *statement,
                     struct err *e)
{
    char *rows = reallocarray(pile->rows, pile->count + 1, table->row_size);
    if (rows)
        pile->rows = rows;
    int64_t *ids = reallocarray(pile->ids, pile->count + 1, sizeof *ids);
    if (ids)
        pile->ids = ids;
    if (!rows || !ids)
        return err_set(e, ERR_INTERNAL, "archive %s: out of memory", archive->path);
    char *row = rows + pile->count * table->row_size;
    memset(row, 0, table->row_size);
    ids[pile->count] = sqlite3_column_int64(statement, 0);
    if (!fetch_row(archive, table, statement, row, e))
        return false;
    pile->count++;
    return true;
}

bool row_read_all(struct archive *archive, const struct table *table, int64_t parent, void *array, size_t *count,
                  int64_t **ids, struct err *e)
{
    sqlite3_stmt *statement = select_rows(archive, table, parent, e);
    if (!statement)
        return false;
    struct pile pile = { 0 };
    bool ok = true;
    int stepped = SQLITE_ROW;
    while (ok && (stepped = sqlite3_step(statement)) == SQLITE_ROW)
        ok = pile_add(&pile, archive, table, statement, e);
    if (ok && stepped != SQLITE_DONE)
        ok = sql_fail(archive, "cannot be read", e);
    sqlite3_finalize(statement);
    if (!ok) {
        pile_clear(&pile, table);
        return false;
    }
    memcpy(array, &pile.rows, sizeof pile.rows);
    *count = pile.count;
    if (ids)
        *ids = pile.ids;
    else
        free(pile.ids);
    return true;
}
