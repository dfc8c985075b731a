/* table.h - columns of cells, laid out for a width: where it is too narrow, the less important columns
 * are left out. Who owns the rows says what stands in a cell.
 */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include "report/page.h"

enum { TABLE_CELL = 96, TABLE_COLUMNS_MAX = 24 };

/* The column `drop` = 1 is the last to go, 0 never goes. */
struct table_column {
    const char *head;
    bool left;
    int drop;
};

struct table {
    const void *rows; /* what `cell` and `tone` read */
    size_t row_count, column_count;
    const struct table_column *(*column)(size_t column);
    /* The text of a cell, clean, into `out` of TABLE_CELL bytes. */
    void (*cell)(const void *rows, size_t row, size_t column, char *out);
    enum tone (*tone)(const void *rows, size_t row, size_t column); /* NULL: all plain */
};

struct table_layout {
    int width[TABLE_COLUMNS_MAX]; /* 0: left out */
};

/* For the `count` rows from `from` on: a column that says nothing ("") in any of them is left out; the widths are
 * those of all rows. What is too wide even so is cut from the first column, then from the last. */
struct table_layout table_lay_out(const struct table *table, size_t from, size_t count, int width);

void table_put_head(const struct page *page, const struct table *table, const struct table_layout *layout);
void table_put_row(const struct page *page, const struct table *table, const struct table_layout *layout, size_t row);

#endif
