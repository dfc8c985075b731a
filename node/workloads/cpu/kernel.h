/* kernel.h - one test of the workload `cpu`: work that is the same on every machine, and proves its result.
 *
 * A kernel has one block of memory, the same in size and alignment everywhere, and no other state. All
 * that it works on comes from seeds of its own. One unit of work goes through load, work, check; only
 * `work` is timed. `check` is a proof of the result, not a comparison with what `work` computes the same
 * way, so a wrong result is found however it came about.
 */
#ifndef TARE_KERNEL_H
#define TARE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "catalogue/cpu_test.h"

enum { KERNEL_ALIGNMENT = 4096 };

struct kernel {
    size_t bytes; /* of its state */
    /* Once, on zeroed memory: what every unit starts from. */
    void (*make)(void *state);
    /* The input of one unit. */
    void (*load)(void *state);
    /* Returns how much was done, in the test's unit. */
    uint64_t (*work)(void *state);
    /* False when the result is wrong. */
    bool (*check)(const void *state, struct err *e);
};

/* By enum cpu_test_id. */
extern const struct kernel *const KERNELS[CPU_TEST_COUNT];

extern const struct kernel KERNEL_NUMERIC_SORT, KERNEL_STRING_SORT, KERNEL_BITFIELD, KERNEL_FP_EMULATION,
    KERNEL_FOURIER, KERNEL_ASSIGNMENT, KERNEL_IDEA, KERNEL_HUFFMAN, KERNEL_NEURAL_NET, KERNEL_LU;

#endif
