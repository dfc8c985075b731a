#include "soft_float.h"

#include <math.h>
#include <string.h>

enum { BITS = 16 * SOFT_FLOAT_WORDS, HIGH_BIT = 0x8000 };

/* A number on its way to a result: one word more, whose highest bit is what rounding looks at first and
 * whose lowest also stands for all that fell off behind it. */
enum { WIDE = SOFT_FLOAT_WORDS + 1 };

/* ---- words, the highest first ---- */

static uint16_t shift_left(uint16_t *words, int count, uint16_t in)
{
    for (int i = count; i-- > 0;) {
        uint16_t out = words[i] >> 15;
        words[i] = (uint16_t)(words[i] << 1 | in);
        in = out;
    }
    return in;
}

static uint16_t shift_right(uint16_t *words, int count, uint16_t in)
{
    for (int i = 0; i < count; i++) {
        uint16_t out = words[i] & 1;
        words[i] = (uint16_t)(words[i] >> 1 | in << 15);
        in = out;
    }
    return in;
}

static void shift_right_sticky(uint16_t words[WIDE]) { words[WIDE - 1] |= shift_right(words, WIDE, 0); }

/* a += b, a -= b; they return what is carried or borrowed. */
static uint16_t add(uint16_t *a, const uint16_t *b, int count)
{
    uint32_t carry = 0;
    for (int i = count; i-- > 0; carry >>= 16) {
        carry += (uint32_t)a[i] + b[i];
        a[i] = (uint16_t)carry;
    }
    return (uint16_t)carry;
}

static uint16_t subtract(uint16_t *a, const uint16_t *b, int count)
{
    uint16_t borrow = 0;
    for (int i = count; i-- > 0;) {
        uint32_t difference = (uint32_t)a[i] - b[i] - borrow;
        a[i] = (uint16_t)difference;
        borrow = difference >> 16 != 0;
    }
    return borrow;
}

static int compare(const uint16_t *a, const uint16_t *b, int count)
{
    for (int i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static bool is_zero(const uint16_t *words, int count)
{
    for (int i = 0; i < count; i++)
        if (words[i] != 0)
            return false;
    return true;
}

/* ---- numbers ---- */

static void special(struct soft_float *result, enum soft_float_kind kind, bool is_negative)
{
    *result = (struct soft_float){ .kind = (uint8_t)kind, .is_negative = is_negative };
}

/* The number words / 2^(16 * WIDE - 1) * 2^exponent, not zero, rounded. */
static void finish(struct soft_float *result, uint16_t words[WIDE], int exponent, bool is_negative)
{
    static const uint16_t ONE[SOFT_FLOAT_WORDS] = { [SOFT_FLOAT_WORDS - 1] = 1 };
    for (; !(words[0] & HIGH_BIT); exponent--)
        shift_left(words, WIDE, 0);
    uint16_t rest = words[WIDE - 1], is_odd = words[WIDE - 2] & 1;
    if ((rest > HIGH_BIT || (rest == HIGH_BIT && is_odd)) && add(words, ONE, SOFT_FLOAT_WORDS)) {
        words[0] = HIGH_BIT; /* all were ones, so all are zeros now */
        exponent++;
    }
    if (exponent > SOFT_FLOAT_EXPONENT_MAX || exponent < -SOFT_FLOAT_EXPONENT_MAX) {
        special(result, exponent > 0 ? SOFT_FLOAT_INFINITE : SOFT_FLOAT_ZERO, is_negative);
        return;
    }
    *result = (struct soft_float){ SOFT_FLOAT_NORMAL, is_negative, (int16_t)exponent, { 0 } };
    memcpy(result->mantissa, words, sizeof result->mantissa);
}

static void widen(const struct soft_float *a, uint16_t words[WIDE])
{
    memcpy(words, a->mantissa, sizeof a->mantissa);
    words[WIDE - 1] = 0;
}

static bool is_larger(const struct soft_float *a, const struct soft_float *b)
{
    return a->exponent != b->exponent ? a->exponent > b->exponent
                                      : compare(a->mantissa, b->mantissa, SOFT_FLOAT_WORDS) >= 0;
}

/* Both normal. */
static void add_normal(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    const struct soft_float *large = is_larger(a, b) ? a : b, *small = large == a ? b : a;
    uint16_t sum[WIDE], other[WIDE];
    int exponent = large->exponent, distance = large->exponent - small->exponent;
    widen(large, sum);
    widen(small, other);
    if (distance > BITS + 2)
        distance = BITS + 2; /* no more than its being there can be seen */
    while (distance-- > 0)
        shift_right_sticky(other);
    if (!a->is_negative == !b->is_negative) {
        if (add(sum, other, WIDE)) {
            shift_right_sticky(sum);
            sum[0] |= HIGH_BIT;
            exponent++;
        }
    } else {
        subtract(sum, other, WIDE);
    }
    if (is_zero(sum, WIDE))
        special(result, SOFT_FLOAT_ZERO, false);
    else
        finish(result, sum, exponent, large->is_negative);
}

/* Shift and add: the product grows down from the high half into the low one, from which the bits of the
 * multiplier leave. */
static void multiply_normal(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    uint16_t product[2 * SOFT_FLOAT_WORDS] = { 0 }, *low = product + SOFT_FLOAT_WORDS;
    memcpy(low, b->mantissa, sizeof b->mantissa);
    for (int i = 0; i < BITS; i++) {
        uint16_t carry = low[SOFT_FLOAT_WORDS - 1] & 1 ? add(product, a->mantissa, SOFT_FLOAT_WORDS) : 0;
        shift_right(product, 2 * SOFT_FLOAT_WORDS, carry);
    }
    product[WIDE - 1] |= !is_zero(product + WIDE, 2 * SOFT_FLOAT_WORDS - WIDE);
    finish(result, product, a->exponent + b->exponent + 1, !a->is_negative != !b->is_negative);
}

/* Subtract and shift. */
static void divide_normal(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    uint16_t quotient[WIDE] = { 0 }, rest[SOFT_FLOAT_WORDS];
    memcpy(rest, a->mantissa, sizeof rest);
    uint16_t over = 0; /* the bit of the rest that is above its words */
    for (int i = 0; i < 16 * WIDE; i++) {
        uint16_t fits = over || compare(rest, b->mantissa, SOFT_FLOAT_WORDS) >= 0;
        if (fits)
            subtract(rest, b->mantissa, SOFT_FLOAT_WORDS);
        shift_left(quotient, WIDE, fits);
        over = shift_left(rest, SOFT_FLOAT_WORDS, 0);
    }
    quotient[WIDE - 1] |= over || !is_zero(rest, SOFT_FLOAT_WORDS);
    finish(result, quotient, a->exponent - b->exponent, !a->is_negative != !b->is_negative);
}

static void add_any(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    if (a->kind == SOFT_FLOAT_NORMAL && b->kind == SOFT_FLOAT_NORMAL)
        add_normal(a, b, result);
    else if (a->kind == SOFT_FLOAT_NAN || b->kind == SOFT_FLOAT_NAN ||
             (a->kind == SOFT_FLOAT_INFINITE && b->kind == SOFT_FLOAT_INFINITE && !a->is_negative != !b->is_negative))
        special(result, SOFT_FLOAT_NAN, false);
    else if (a->kind == SOFT_FLOAT_ZERO && b->kind == SOFT_FLOAT_ZERO)
        special(result, SOFT_FLOAT_ZERO, a->is_negative && b->is_negative);
    else
        *result = a->kind == SOFT_FLOAT_INFINITE || b->kind == SOFT_FLOAT_ZERO ? *a : *b;
}

static void multiply_any(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    bool is_any_zero = a->kind == SOFT_FLOAT_ZERO || b->kind == SOFT_FLOAT_ZERO;
    bool is_any_infinite = a->kind == SOFT_FLOAT_INFINITE || b->kind == SOFT_FLOAT_INFINITE;
    if (a->kind == SOFT_FLOAT_NORMAL && b->kind == SOFT_FLOAT_NORMAL)
        multiply_normal(a, b, result);
    else if (a->kind == SOFT_FLOAT_NAN || b->kind == SOFT_FLOAT_NAN || (is_any_zero && is_any_infinite))
        special(result, SOFT_FLOAT_NAN, false);
    else
        special(result, is_any_zero ? SOFT_FLOAT_ZERO : SOFT_FLOAT_INFINITE, !a->is_negative != !b->is_negative);
}

static void divide_any(const struct soft_float *a, const struct soft_float *b, struct soft_float *result)
{
    bool is_same_kind = a->kind == b->kind && a->kind != SOFT_FLOAT_NORMAL;
    if (a->kind == SOFT_FLOAT_NORMAL && b->kind == SOFT_FLOAT_NORMAL)
        divide_normal(a, b, result);
    else if (a->kind == SOFT_FLOAT_NAN || b->kind == SOFT_FLOAT_NAN || is_same_kind)
        special(result, SOFT_FLOAT_NAN, false);
    else if (a->kind == SOFT_FLOAT_ZERO || b->kind == SOFT_FLOAT_INFINITE)
        special(result, SOFT_FLOAT_ZERO, !a->is_negative != !b->is_negative);
    else
        special(result, SOFT_FLOAT_INFINITE, !a->is_negative != !b->is_negative);
}

void soft_float_do(enum soft_float_operation operation, const struct soft_float *a, const struct soft_float *b,
                   struct soft_float *result)
{
    struct soft_float minus_b;
    switch (operation) {
    case SOFT_FLOAT_ADD: add_any(a, b, result); break;
    case SOFT_FLOAT_MULTIPLY: multiply_any(a, b, result); break;
    case SOFT_FLOAT_DIVIDE: divide_any(a, b, result); break;
    default:
        minus_b = *b;
        minus_b.is_negative = !b->is_negative;
        add_any(a, &minus_b, result);
    }
}

struct soft_float soft_float_from(double value)
{
    struct soft_float a = { .kind = SOFT_FLOAT_NORMAL, .is_negative = signbit(value) != 0 };
    int exponent = 0;
    if (isnan(value) || isinf(value) || value == 0) {
        a.kind = isnan(value) ? SOFT_FLOAT_NAN : isinf(value) ? SOFT_FLOAT_INFINITE : SOFT_FLOAT_ZERO;
        return a;
    }
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(value), &exponent), BITS);
    a.exponent = (int16_t)(exponent - 1);
    for (int i = SOFT_FLOAT_WORDS; i-- > 0; mantissa >>= 16)
        a.mantissa[i] = (uint16_t)mantissa;
    return a;
}

double soft_float_to_double(const struct soft_float *a)
{
    uint64_t mantissa = 0;
    double magnitude = 0;
    for (int i = 0; i < SOFT_FLOAT_WORDS; i++)
        mantissa = mantissa << 16 | a->mantissa[i];
    switch (a->kind) {
    case SOFT_FLOAT_ZERO: break;
    case SOFT_FLOAT_NORMAL: magnitude = ldexp((double)mantissa, a->exponent - (BITS - 1)); break;
    case SOFT_FLOAT_INFINITE: magnitude = INFINITY; break;
    default: return NAN;
    }
    return a->is_negative ? -magnitude : magnitude;
}
