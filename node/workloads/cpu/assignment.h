/* assignment.h - the cheapest assignment of rows to columns, by the Hungarian method in the form that works
 * on the matrix (H. W. Kuhn 1955, J. Munkres 1957). */
#ifndef TARE_ASSIGNMENT_H
#define TARE_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

enum { ASSIGNMENT_MOST = 101 };

struct assignment {
    size_t size;                                       /* rows, and columns */
    int32_t costs[ASSIGNMENT_MOST][ASSIGNMENT_MOST];   /* 0 or more */
    int32_t reduced[ASSIGNMENT_MOST][ASSIGNMENT_MOST]; /* out: the costs less a number a row and one a column */
    int32_t column_of[ASSIGNMENT_MOST];                /* out: of each row */
    int32_t row_of[ASSIGNMENT_MOST];                   /* of each column, -1: none yet */
    int32_t primed[ASSIGNMENT_MOST];                   /* of each row the column of its primed zero, -1: none */
    unsigned char row_covered[ASSIGNMENT_MOST], column_covered[ASSIGNMENT_MOST];
};

void assignment_solve(struct assignment *a);

/* Whether the assignment is one, and is proven the cheapest by `reduced`: nothing in it is below 0, it
 * differs from `costs` by a number a row and a number a column, and what is assigned is 0 in it (duality). */
_Bool assignment_is_optimal(const struct assignment *a);

#endif
