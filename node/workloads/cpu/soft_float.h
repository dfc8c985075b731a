/* soft_float.h - floating point by 16-bit integers: what a machine without an FPU does.
 *
 * A mantissa of 64 bits in four words, worked on a bit at a time; results are rounded to nearest, ties to
 * even, as the x87 does in its extended format, whose results these are but for the exponent's range: there
 * are no subnormal numbers, what is too small becomes zero.
 */
#ifndef TARE_SOFT_FLOAT_H
#define TARE_SOFT_FLOAT_H

#include <stdbool.h>
#include <stdint.h>

enum soft_float_kind { SOFT_FLOAT_ZERO, SOFT_FLOAT_NORMAL, SOFT_FLOAT_INFINITE, SOFT_FLOAT_NAN };
enum { SOFT_FLOAT_WORDS = 4, SOFT_FLOAT_EXPONENT_MAX = 16383 };

struct soft_float {
    uint8_t kind;                        /* enum soft_float_kind */
    uint8_t is_negative;                 /* 0 or 1: any byte may be read, a damaged one too, which no bool allows */
    int16_t exponent;                    /* of 2, -MAX to MAX */
    uint16_t mantissa[SOFT_FLOAT_WORDS]; /* the highest word first; 1 <= mantissa / 2^63 < 2 */
};

enum soft_float_operation { SOFT_FLOAT_ADD, SOFT_FLOAT_SUBTRACT, SOFT_FLOAT_MULTIPLY, SOFT_FLOAT_DIVIDE };

void soft_float_do(enum soft_float_operation operation, const struct soft_float *a, const struct soft_float *b,
                   struct soft_float *result);

/* Exact, but for subnormal numbers. */
struct soft_float soft_float_from(double value);

/* The nearest double. */
double soft_float_to_double(const struct soft_float *a);

#endif
