/* cpu_test.h - the tests of the workload `cpu`: what one unit of each is, and the rates of two machines of
 * the past that it is compared with.
 *
 * The tests and both baselines are those of BYTEmark, later Nbench (BYTE Magazine 1995, Linux port by
 * U. F. Mayer 1996-2011): a Dell with a Pentium 90, and an AMD K6/233. They are written afresh.
 */
#ifndef TARE_CPU_TEST_H
#define TARE_CPU_TEST_H

#include <stddef.h>

enum cpu_index { CPU_INDEX_MEM, CPU_INDEX_INT, CPU_INDEX_FP, CPU_INDEX_COUNT };
enum cpu_base { CPU_BASE_P90, CPU_BASE_K6, CPU_BASE_COUNT };

/* enum, name, index, units a second of the Pentium 90, of the K6/233, unit, work */
#define CPU_TESTS(X)                                                                                   \
    X(NUMERIC_SORT, "numeric_sort", INT, 38.993, 118.73, "arrays", "heapsort of 8111 32-bit integers") \
    X(STRING_SORT, "string_sort", MEM, 2.238, 14.459, "arrays", "heapsort of strings in 8111 bytes")   \
    X(BITFIELD, "bitfield", MEM, 5829704, 27910000, "bits", "runs of bits set, cleared and flipped")   \
    X(FP_EMULATION, "fp_emulation", INT, 2.084, 9.0314, "loops", "3000 operations of software floats") \
    X(FOURIER, "fourier", FP, 879.278, 1565.5, "coefficients", "coefficients of (x+1)^x by 200 steps") \
    X(ASSIGNMENT, "assignment", MEM, 0.2628, 1.0132, "problems", "101 x 101 assignment problem")       \
    X(IDEA, "idea", INT, 65.382, 220.21, "loops", "IDEA, 4000 bytes to and fro")                       \
    X(HUFFMAN, "huffman", INT, 36.062, 112.93, "loops", "Huffman, 5000 bytes to and fro")              \
    X(NEURAL_NET, "neural_net", FP, 0.6225, 1.4799, "trainings", "a 35-8-8 net learns 26 letters")     \
    X(LU, "lu_decomposition", FP, 19.3031, 26.732, "systems", "101 x 101 linear system")

#define CPU_TEST_ENUM(NAME, ...) CPU_TEST_##NAME,
enum cpu_test_id { CPU_TESTS(CPU_TEST_ENUM) CPU_TEST_COUNT };

struct cpu_test {
    const char *name;
    enum cpu_index index;
    double base[CPU_BASE_COUNT]; /* units a second */
    const char *unit;            /* of which a rate is so many a second */
    const char *doc;
};

extern const struct cpu_test CPU_TEST_TABLE[CPU_TEST_COUNT];

/* "mem", "int", "fp" and "p90", "k6". */
extern const char *const CPU_INDEX_NAMES[CPU_INDEX_COUNT];
extern const char *const CPU_BASE_NAMES[CPU_BASE_COUNT];

/* Geometric mean of rate / base over the tests of `index`, from the units a second of all tests; NaN where a
 * rate is missing (not above 0). */
double cpu_index_of(const double rates[CPU_TEST_COUNT], enum cpu_index index, enum cpu_base base);

#endif
