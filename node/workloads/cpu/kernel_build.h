/* kernel_build.h - what made the kernels of this program: their rates are also its own. */
#ifndef TARE_KERNEL_BUILD_H
#define TARE_KERNEL_BUILD_H

#include <stddef.h>

/* Compiler, its flags and the C library whose functions they call, as one line:
 * "GCC 12.2.0, -O2 -ffp-contract=off, glibc 2.36". Returns `out`. */
const char *kernel_build(char *out, size_t size);

#endif
