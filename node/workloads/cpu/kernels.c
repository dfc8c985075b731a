#include "kernel.h"

#define KERNEL_ROW(NAME, ...) [CPU_TEST_##NAME] = &KERNEL_##NAME,
const struct kernel *const KERNELS[CPU_TEST_COUNT] = { CPU_TESTS(KERNEL_ROW) };
