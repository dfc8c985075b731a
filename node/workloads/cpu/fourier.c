#include "fourier.h"

#include <math.h>

#include "workloads/cpu/kernel.h"

enum { HARMONICS = 100, STEPS = 200, COEFFICIENTS = 2 * HARMONICS - 1 /* there is no sine of 0 */ };

struct fourier_state {
    double cosines[HARMONICS], sines[HARMONICS];
    double expected_cosines[HARMONICS], expected_sines[HARMONICS];
};

static const double PERIOD = 2;

enum wave { NONE, COSINE, SINE };

static double value(double x, double omega_n, enum wave wave)
{
    double y = pow(x + 1, x);
    return wave == NONE ? y : wave == COSINE ? y * cos(omega_n * x) : y * sin(omega_n * x);
}

/* The trapezoid rule over one period. */
static double integral(int n, enum wave wave, int steps)
{
    double omega_n = n * 2 * M_PI / PERIOD, step = PERIOD / steps;
    double sum = (value(0, omega_n, wave) + value(PERIOD, omega_n, wave)) / 2;
    for (int i = 1; i < steps; i++)
        sum += value(i * step, omega_n, wave);
    return sum * step;
}

double fourier_cosine(int n, int steps)
{
    return n == 0 ? integral(0, NONE, steps) / PERIOD : integral(n, COSINE, steps) * 2 / PERIOD;
}

double fourier_sine(int n, int steps) { return integral(n, SINE, steps) * 2 / PERIOD; }

/* The same sums another way: at the i-th of 200 points the n-th wave has gone round n * i / 200 times, so
 * that a table of one turn serves them all. (Both ends of the period are one point of it.) */
static void make(void *state)
{
    struct fourier_state *s = state;
    double heights[STEPS], cosines[STEPS], sines[STEPS];
    for (int i = 0; i < STEPS; i++) {
        heights[i] = pow(1 + PERIOD * i / STEPS, PERIOD * i / STEPS) * 2 / STEPS;
        cosines[i] = cos(2 * M_PI * i / STEPS);
        sines[i] = sin(2 * M_PI * i / STEPS);
    }
    heights[0] = (1 + pow(1 + PERIOD, PERIOD)) / 2 * 2 / STEPS;
    for (int n = 0; n < HARMONICS; n++)
        for (int i = 0; i < STEPS; i++) {
            s->expected_cosines[n] += heights[i] * cosines[n * i % STEPS] / (n == 0 ? 2 : 1);
            s->expected_sines[n] += heights[i] * sines[n * i % STEPS];
        }
}

static void load(void *state)
{
    struct fourier_state *s = state;
    for (int n = 0; n < HARMONICS; n++)
        s->cosines[n] = s->sines[n] = 0;
}

static uint64_t work(void *state)
{
    struct fourier_state *s = state;
    s->cosines[0] = fourier_cosine(0, STEPS);
    for (int n = 1; n < HARMONICS; n++) {
        s->cosines[n] = fourier_cosine(n, STEPS);
        s->sines[n] = fourier_sine(n, STEPS);
    }
    return COEFFICIENTS;
}

static bool check(const void *state, struct err *e)
{
    const struct fourier_state *s = state;
    const double tolerance = 1e-11; /* two ways of adding 200 numbers of up to 0.09; errors were below 1e-13 */
    for (int n = 0; n < HARMONICS; n++)
        if (!(fabs(s->cosines[n] - s->expected_cosines[n]) < tolerance) ||
            !(fabs(s->sines[n] - s->expected_sines[n]) < tolerance))
            return err_set(e, ERR_INTERNAL, "coefficients %d are %.15g, %.15g instead of %.15g, %.15g", n,
                           s->cosines[n], s->sines[n], s->expected_cosines[n], s->expected_sines[n]);
    return true;
}

const struct kernel KERNEL_FOURIER = { sizeof(struct fourier_state), make, load, work, check };
