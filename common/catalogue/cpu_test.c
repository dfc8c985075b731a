#include "cpu_test.h"

#include <math.h>

#define CPU_TEST_ROW(NAME, name, index, p90, k6, unit, doc) \
    [CPU_TEST_##NAME] = { name, CPU_INDEX_##index, { p90, k6 }, unit, doc },
const struct cpu_test CPU_TEST_TABLE[CPU_TEST_COUNT] = { CPU_TESTS(CPU_TEST_ROW) };

const char *const CPU_INDEX_NAMES[CPU_INDEX_COUNT] = { "mem", "int", "fp" };
const char *const CPU_BASE_NAMES[CPU_BASE_COUNT] = { "p90", "k6" };

double cpu_index_of(const double rates[CPU_TEST_COUNT], enum cpu_index index, enum cpu_base base)
{
    double log_sum = 0;
    int count = 0;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        if (CPU_TEST_TABLE[i].index != index)
            continue;
        if (!(rates[i] > 0))
            return NAN;
        log_sum += log(rates[i] / CPU_TEST_TABLE[i].base[base]);
        count++;
    }
    return exp(log_sum / count);
}
