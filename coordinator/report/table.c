#include "table.h"

#include "base/text.h"
#include "report/print.h"

enum { FIRST_LEAST = 8, LAST_LEAST = 4 };

static int layout_width(const struct table *table, const struct table_layout *layout)
{
    int width = PAGE_MARGIN - PAGE_GAP;
    for (size_t i = 0; i < table->column_count; i++)
        width += layout->width[i] ? PAGE_GAP + layout->width[i] : 0;
    return width;
}

/* The width of a column over all rows; 0 when it says nothing in the `count` rows from `first` on. */
static int column_width(const struct table *table, size_t column, size_t first, size_t count)
{
    int width = print_width(table->column(column)->head);
    bool says = false;
    for (size_t r = 0; r < table->row_count; r++) {
        char cell[TABLE_CELL];
        table->cell(table->rows, r, column, cell);
        int columns = print_width(cell);
        width = columns > width ? columns : width;
        says |= columns > 0 && r >= first && r - first < count;
    }
    return says ? width : 0;
}

struct table_layout table_lay_out(const struct table *table, size_t from, size_t count, int width)
{
    struct table_layout layout = { 0 };
    for (size_t i = 0; i < table->column_count; i++)
        layout.width[i] = column_width(table, i, from, count);
    for (int drop = TABLE_COLUMNS_MAX; drop > 0 && layout_width(table, &layout) > width; drop--)
        for (size_t i = 0; i < table->column_count; i++)
            if (table->column(i)->drop == drop)
                layout.width[i] = 0;
    int *first = &layout.width[0], *last = &layout.width[table->column_count - 1];
    int over = layout_width(table, &layout) - width, spare = *first - FIRST_LEAST;
    if (over > 0 && spare > 0)
        *first -= over < spare ? over : spare;
    over = layout_width(table, &layout) - width;
    if (over > 0)
        *last = over < *last - LAST_LEAST ? *last - over : LAST_LEAST;
    return layout;
}

/* `row` past the last one: the heads. */
static void put_line(const struct page *page, const struct table *table, const struct table_layout *layout, size_t row)
{
    bool first = true;
    size_t last = table->column_count - 1;
    while (last > 0 && layout->width[last] == 0)
        last--;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_column *column = table->column(i);
        char cell[TABLE_CELL];
        enum tone tone = TONE_FAINT;
        if (layout->width[i] == 0)
            continue;
        text_copy(cell, sizeof cell, column->head);
        if (row < table->row_count) {
            table->cell(table->rows, row, i, cell);
            tone = table->tone ? table->tone(table->rows, row, i) : TONE_PLAIN;
        }
        fprintf(page->out, "%*s", first ? PAGE_MARGIN : PAGE_GAP, "");
        page_cell(page, tone, cell, layout->width[i], column->left, i == last);
        first = false;
    }
    fputc('\n', page->out);
}

void table_put_head(const struct page *page, const struct table *table, const struct table_layout *layout)
{
    put_line(page, table, layout, table->row_count);
}

void table_put_row(const struct page *page, const struct table *table, const struct table_layout *layout, size_t row)
{
    put_line(page, table, layout, row);
}
