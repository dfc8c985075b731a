/* lu.h - a linear system by LU decomposition: Crout's method with rows exchanged for the largest pivot. */
#ifndef TARE_LU_H
#define TARE_LU_H

#include <stdbool.h>
#include <stddef.h>

enum { LU_MOST = 101 };

struct lu {
    size_t size;
    double matrix[LU_MOST][LU_MOST];  /* A */
    double factors[LU_MOST][LU_MOST]; /* out: L below the diagonal, without its ones, and U; rows exchanged */
    double right[LU_MOST], x[LU_MOST];
    size_t row[LU_MOST]; /* out: which row of A the i-th of L U is */
};

/* Factors and x of A x = right. False when A is singular. */
bool lu_solve(struct lu *s);

/* The largest |L U - A| and |A x - right|; INFINITY where the rows of A are not all there. */
double lu_residual(const struct lu *s);

#endif
