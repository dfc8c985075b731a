#include "lu.h"

#include <math.h>
#include <string.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"

enum { SEED = 8 };

struct lu_state {
    struct lu system;
    uint8_t is_solved; /* 0 or 1, as a byte that may be damaged */
};

static void exchange_rows(struct lu *s, size_t a, size_t b)
{
    size_t row = s->row[a];
    s->row[a] = s->row[b];
    s->row[b] = row;
    for (size_t j = 0; j < s->size; j++) {
        double element = s->factors[a][j];
        s->factors[a][j] = s->factors[b][j];
        s->factors[b][j] = element;
    }
}

/* Column after column; each element is one sum of products in the order of the formula. */
static bool decompose(struct lu *s)
{
    double(*f)[LU_MOST] = s->factors;
    for (size_t j = 0; j < s->size; j++) {
        size_t pivot = j;
        for (size_t i = 0; i < s->size; i++) {
            double sum = f[i][j];
            for (size_t k = 0, end = i < j ? i : j; k < end; k++)
                sum -= f[i][k] * f[k][j];
            f[i][j] = sum;
            if (i > j && fabs(sum) > fabs(f[pivot][j]))
                pivot = i;
        }
        if (f[pivot][j] == 0)
            return false;
        if (pivot != j)
            exchange_rows(s, pivot, j);
        for (size_t i = j + 1; i < s->size; i++)
            f[i][j] /= f[j][j];
    }
    return true;
}

static void substitute(struct lu *s)
{
    for (size_t i = 0; i < s->size; i++) {
        double sum = s->right[s->row[i]];
        for (size_t k = 0; k < i; k++)
            sum -= s->factors[i][k] * s->x[k];
        s->x[i] = sum;
    }
    for (size_t i = s->size; i-- > 0;) {
        double sum = s->x[i];
        for (size_t k = i + 1; k < s->size; k++)
            sum -= s->factors[i][k] * s->x[k];
        s->x[i] = sum / s->factors[i][i];
    }
}

bool lu_solve(struct lu *s)
{
    for (size_t i = 0; i < s->size; i++) {
        memcpy(s->factors[i], s->matrix[i], s->size * sizeof s->matrix[i][0]);
        s->row[i] = i;
    }
    if (!decompose(s))
        return false;
    substitute(s);
    return true;
}

static bool is_permutation(const struct lu *s)
{
    bool is_there[LU_MOST] = { false };
    for (size_t i = 0; i < s->size; i++) {
        if (s->row[i] >= s->size || is_there[s->row[i]])
            return false;
        is_there[s->row[i]] = true;
    }
    return true;
}

double lu_residual(const struct lu *s)
{
    double worst = is_permutation(s) ? 0 : INFINITY;
    if (worst > 0)
        return worst;
    for (size_t i = 0; i < s->size; i++) {
        double product[LU_MOST] = { 0 }, left = -s->right[i];
        for (size_t k = 0; k <= i; k++) {
            double l = k == i ? 1 : s->factors[i][k];
            for (size_t j = k; j < s->size; j++)
                product[j] += l * s->factors[k][j];
        }
        for (size_t j = 0; j < s->size; j++) {
            worst = fmax(worst, fabs(product[j] - s->matrix[s->row[i]][j]));
            left += s->matrix[i][j] * s->x[j];
        }
        worst = fmax(worst, fabs(left));
    }
    return worst;
}

/* Elements of -1 to 1. */
static double element(struct random *r) { return ldexp((double)(random_next(r) >> 11), -52) - 1; }

static void make(void *state)
{
    struct lu *s = &((struct lu_state *)state)->system;
    struct random r = { SEED };
    s->size = LU_MOST;
    for (size_t i = 0; i < s->size; i++) {
        for (size_t j = 0; j < s->size; j++)
            s->matrix[i][j] = element(&r);
        s->right[i] = element(&r);
    }
}

static void load(void *state)
{
    struct lu_state *s = state;
    s->is_solved = false;
    memset(s->system.x, 0, sizeof s->system.x);
}

static uint64_t work(void *state)
{
    struct lu_state *s = state;
    s->is_solved = lu_solve(&s->system);
    return 1;
}

static bool check(const void *state, struct err *e)
{
    const struct lu_state *s = state;
    const double tolerance = 1e-11; /* elements of U reach 10, x 30, and 101 of each are added up */
    if (!s->is_solved)
        return err_set(e, ERR_INTERNAL, "a matrix that is regular was found singular");
    double residual = lu_residual(&s->system);
    return residual < tolerance || err_set(e, ERR_INTERNAL, "L U differs from A, or A x from b, by %g", residual);
}

const struct kernel KERNEL_LU = { sizeof(struct lu_state), make, load, work, check };
