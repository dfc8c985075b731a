/* fourier.h - coefficients of the Fourier series of (x + 1)^x on [0, 2], by the trapezoid rule. */
#ifndef TARE_FOURIER_H
#define TARE_FOURIER_H

/* 2/2 of the integral of (x + 1)^x times cos or sin (n pi x), half of it for n = 0, in `steps` steps. */
double fourier_cosine(int n, int steps);
double fourier_sine(int n, int steps);

#endif
