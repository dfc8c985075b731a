/* row.h - rows to structs and back, by a table of columns: no column is named twice.
 *
 * The statements are composed from the table, and what comes back is checked against it: its type,
 * its range, its words. An archive may come from anywhere.
 */
#ifndef TARE_ROW_H
#define TARE_ROW_H

#include <stddef.h>

#include "archive/sql.h"
#include "result/model.h"

enum column_kind {
    COLUMN_TEXT,   /* char[size] */
    COLUMN_STRING, /* char *, owned; NULL is kept as "" */
    COLUMN_BLOB,   /* struct column_blob, owned; of size 0 NULL */
    COLUMN_INT,    /* int */
    COLUMN_I64,    /* int64_t */
    COLUMN_U64,    /* uint64_t, kept with the sign that its bits give */
    COLUMN_BOOL,   /* bool, 0 or 1 */
    COLUMN_REAL,   /* double */
    COLUMN_MAYBE,  /* double; NaN is NULL */
    COLUMN_WORD,   /* one of the model's enums, kept as its word */
};

struct column_blob {
    unsigned char *bytes;
    size_t size;
};

struct column {
    const char *name;
    enum column_kind kind;
    size_t offset, size;
    const struct words *words;
};

struct table {
    const char *name;
    const char *keys[2];  /* columns that the caller of row_insert gives, "" where there is no further one */
    const char *conflict; /* what an insert does when the row is there: "" fails */
    const char *id;       /* the column that a row's children refer to */
    const char *where;    /* the rows of parent ?1, in order */
    size_t row_size;
    const struct column *columns;
    size_t column_count;
};

/* Insert `row` with its keys. Its rowid is then sqlite3_last_insert_rowid. */
MUST_CHECK bool row_insert(struct archive *archive, const struct table *table, const int64_t keys[2], const void *row,
                           struct err *e);

/* Insert `count` rows of an array under `parent`; the second key is the row's place. */
MUST_CHECK bool row_insert_all(struct archive *archive, const struct table *table, int64_t parent, const void *rows,
                               size_t count, struct err *e);

/* Fill the columns of `row` from the first row of `parent`. */
MUST_CHECK bool row_read(struct archive *archive, const struct table *table, int64_t parent, void *row, struct err *e);

/* All rows of `parent` as a new array: `array` is the address of a pointer to the struct. `ids`
 * (may be NULL) becomes an array of their ids, to be freed. */
MUST_CHECK bool row_read_all(struct archive *archive, const struct table *table, int64_t parent, void *array,
                             size_t *count, int64_t **ids, struct err *e);

#endif
