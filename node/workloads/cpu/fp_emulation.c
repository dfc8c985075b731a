/* fp_emulation.c - software floats: four additions, four subtractions, five multiplications, three divisions,
 * and so on. */
#include <math.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"
#include "workloads/cpu/soft_float.h"

enum { ELEMENTS = 3000, CYCLE = 16, SEED = 5 };

struct emulation_state {
    struct soft_float a[ELEMENTS], b[ELEMENTS], result[ELEMENTS];
    double expected[ELEMENTS]; /* by the machine's own floats */
};

static enum soft_float_operation operation_of(int element)
{
    static const uint8_t OPERATIONS[CYCLE] = {
        SOFT_FLOAT_ADD,      SOFT_FLOAT_ADD,      SOFT_FLOAT_ADD,      SOFT_FLOAT_ADD,
        SOFT_FLOAT_SUBTRACT, SOFT_FLOAT_SUBTRACT, SOFT_FLOAT_SUBTRACT, SOFT_FLOAT_SUBTRACT,
        SOFT_FLOAT_MULTIPLY, SOFT_FLOAT_MULTIPLY, SOFT_FLOAT_MULTIPLY, SOFT_FLOAT_MULTIPLY,
        SOFT_FLOAT_MULTIPLY, SOFT_FLOAT_DIVIDE,   SOFT_FLOAT_DIVIDE,   SOFT_FLOAT_DIVIDE,
    };
    return (enum soft_float_operation)OPERATIONS[element % CYCLE];
}

static double by_hardware(enum soft_float_operation operation, double a, double b)
{
    switch (operation) {
    case SOFT_FLOAT_ADD: return a + b;
    case SOFT_FLOAT_SUBTRACT: return a - b;
    case SOFT_FLOAT_MULTIPLY: return a * b;
    default: return a / b;
    }
}

/* +-1 to 2 times 2^-16 to 2^15, all bits of a double at random. */
static double random_double(struct random *r)
{
    double mantissa = 1 + ldexp((double)(random_next(r) >> 12), -52);
    int exponent = (int)random_below(r, 32) - 16;
    return ldexp(random_below(r, 2) ? -mantissa : mantissa, exponent);
}

static void make(void *state)
{
    struct emulation_state *s = state;
    struct random r = { SEED };
    for (int i = 0; i < ELEMENTS; i++) {
        double a = random_double(&r), b = random_double(&r);
        s->a[i] = soft_float_from(a);
        s->b[i] = soft_float_from(b);
        s->expected[i] = by_hardware(operation_of(i), a, b);
    }
}

static void load(void *state)
{
    struct emulation_state *s = state;
    for (int i = 0; i < ELEMENTS; i++)
        s->result[i] = (struct soft_float){ .kind = SOFT_FLOAT_NAN };
}

static uint64_t work(void *state)
{
    struct emulation_state *s = state;
    for (int i = 0; i < ELEMENTS; i++)
        soft_float_do(operation_of(i), &s->a[i], &s->b[i], &s->result[i]);
    return 1;
}

/* Both are correctly rounded, ours to 64 bits first: half a unit of a double's last place, and a little. */
static bool check(const void *state, struct err *e)
{
    const struct emulation_state *s = state;
    for (int i = 0; i < ELEMENTS; i++) {
        double result = soft_float_to_double(&s->result[i]);
        if (!(fabs(result - s->expected[i]) <= ldexp(fabs(s->expected[i]), -52)))
            return err_set(e, ERR_INTERNAL, "result %d is %.17g instead of %.17g", i, result, s->expected[i]);
    }
    return true;
}

const struct kernel KERNEL_FP_EMULATION = { sizeof(struct emulation_state), make, load, work, check };
