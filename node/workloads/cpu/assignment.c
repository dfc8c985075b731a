#include "assignment.h"

#include <stdbool.h>
#include <string.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"

enum { COST_BOUND = 5000000, SEED = 6 };

static void reduce_rows(struct assignment *a)
{
    for (size_t i = 0; i < a->size; i++) {
        int32_t least = a->reduced[i][0];
        for (size_t j = 1; j < a->size; j++)
            least = a->reduced[i][j] < least ? a->reduced[i][j] : least;
        for (size_t j = 0; j < a->size; j++)
            a->reduced[i][j] -= least;
    }
}

static void reduce_columns(struct assignment *a)
{
    for (size_t j = 0; j < a->size; j++) {
        int32_t least = a->reduced[0][j];
        for (size_t i = 1; i < a->size; i++)
            least = a->reduced[i][j] < least ? a->reduced[i][j] : least;
        for (size_t i = 0; i < a->size; i++)
            a->reduced[i][j] -= least;
    }
}

static void assign_free_zeros(struct assignment *a)
{
    for (size_t i = 0; i < a->size; i++)
        for (size_t j = 0; j < a->size && a->column_of[i] < 0; j++)
            if (a->reduced[i][j] == 0 && a->row_of[j] < 0) {
                a->column_of[i] = (int32_t)j;
                a->row_of[j] = (int32_t)i;
            }
}

/* Lines through the assigned columns; how many. */
static size_t cover_assigned(struct assignment *a)
{
    size_t count = 0;
    for (size_t j = 0; j < a->size; j++) {
        a->column_covered[j] = a->row_of[j] >= 0;
        a->row_covered[j] = 0;
        a->primed[j] = -1;
        count += a->column_covered[j];
    }
    return count;
}

static bool find_open_zero(const struct assignment *a, size_t *row, size_t *column)
{
    for (size_t i = 0; i < a->size; i++) {
        if (a->row_covered[i])
            continue;
        for (size_t j = 0; j < a->size; j++)
            if (a->reduced[i][j] == 0 && !a->column_covered[j]) {
                *row = i;
                *column = j;
                return true;
            }
    }
    return false;
}

/* The least that no line covers: taken from all of these, added where two lines cross. */
static void make_open_zero(struct assignment *a)
{
    int32_t least = INT32_MAX;
    for (size_t i = 0; i < a->size; i++)
        for (size_t j = 0; j < a->size; j++)
            if (!a->row_covered[i] && !a->column_covered[j] && a->reduced[i][j] < least)
                least = a->reduced[i][j];
    for (size_t i = 0; i < a->size; i++)
        for (size_t j = 0; j < a->size; j++)
            a->reduced[i][j] +=
                a->row_covered[i] ? (a->column_covered[j] ? least : 0) : (a->column_covered[j] ? 0 : -least);
}

/* From a primed zero whose row has no assignment: each column's assigned row moves on to its primed zero. */
static void augment(struct assignment *a, size_t row)
{
    for (int32_t i = (int32_t)row; i >= 0;) {
        int32_t column = a->primed[i], before = a->row_of[column];
        a->column_of[i] = column;
        a->row_of[column] = i;
        i = before;
    }
}

void assignment_solve(struct assignment *a)
{
    for (size_t i = 0; i < a->size; i++) {
        memcpy(a->reduced[i], a->costs[i], a->size * sizeof a->costs[i][0]);
        a->column_of[i] = a->row_of[i] = -1;
    }
    reduce_rows(a);
    reduce_columns(a);
    assign_free_zeros(a);
    size_t covered = cover_assigned(a), row = 0, column = 0;
    while (covered < a->size) {
        if (!find_open_zero(a, &row, &column)) {
            make_open_zero(a);
            continue;
        }
        a->primed[row] = (int32_t)column;
        if (a->column_of[row] >= 0) {
            a->row_covered[row] = 1;
            a->column_covered[a->column_of[row]] = 0;
        } else {
            augment(a, row);
            covered = cover_assigned(a);
        }
    }
}

_Bool assignment_is_optimal(const struct assignment *a)
{
    bool is_taken[ASSIGNMENT_MOST] = { false };
    for (size_t i = 0; i < a->size; i++) {
        int32_t column = a->column_of[i];
        if (column < 0 || (size_t)column >= a->size || is_taken[column] || a->reduced[i][column] != 0)
            return false;
        is_taken[column] = true;
        int32_t off_row = a->costs[i][0] - a->reduced[i][0];
        for (size_t j = 0; j < a->size; j++) {
            int32_t off_column = a->costs[0][j] - a->reduced[0][j] - (a->costs[0][0] - a->reduced[0][0]);
            if (a->reduced[i][j] < 0 || a->costs[i][j] - a->reduced[i][j] != off_row + off_column)
                return false;
        }
    }
    return true;
}

static void make(void *state)
{
    struct assignment *a = state;
    struct random r = { SEED };
    a->size = ASSIGNMENT_MOST;
    for (size_t i = 0; i < a->size; i++)
        for (size_t j = 0; j < a->size; j++)
            a->costs[i][j] = (int32_t)random_below(&r, COST_BOUND);
}

static void load(void *state)
{
    struct assignment *a = state;
    memset(a->reduced, -1, sizeof a->reduced);
    memset(a->column_of, -1, sizeof a->column_of);
}

static uint64_t work(void *state)
{
    assignment_solve(state);
    return 1;
}

static bool check(const void *state, struct err *e)
{
    return assignment_is_optimal(state) || err_set(e, ERR_INTERNAL, "the assignment is not proven the cheapest");
}

const struct kernel KERNEL_ASSIGNMENT = { sizeof(struct assignment), make, load, work, check };
