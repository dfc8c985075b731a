/* The kernels of `cpu` as the workload uses them: each unit proves its result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "workloads/cpu/kernel.h"
#include "workloads/cpu/kernel_build.h"

static void *state_of(const struct kernel *k)
{
    void *state = aligned_alloc(KERNEL_ALIGNMENT, (k->bytes / KERNEL_ALIGNMENT + 1) * KERNEL_ALIGNMENT);
    assert_non_null(state);
    memset(state, 0, k->bytes);
    k->make(state);
    return state;
}

static void each_unit_is_the_same_work_and_proves_its_result(void **unused)
{
    (void)unused;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        const struct kernel *k = KERNELS[i];
        struct err e = { 0 };
        uint64_t done[2];
        void *state = state_of(k), *after = malloc(k->bytes);
        assert_non_null(after);
        for (int unit = 0; unit < 2; unit++) {
            k->load(state);
            done[unit] = k->work(state);
            if (!k->check(state, &e))
                fail_msg("%s: %s", CPU_TEST_TABLE[i].name, e.text);
            if (unit == 0)
                memcpy(after, state, k->bytes);
        }
        assert_true(done[0] > 0 && done[0] == done[1]);
        assert_memory_equal(after, state, k->bytes); /* down to the last bit */
        free(after);
        free(state);
    }
}

static void two_states_of_a_kernel_are_alike(void **unused)
{
    (void)unused;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        void *one = state_of(KERNELS[i]), *other = state_of(KERNELS[i]);
        assert_memory_equal(one, other, KERNELS[i]->bytes);
        free(one);
        free(other);
    }
}

static void work_that_was_not_done_is_found(void **unused)
{
    (void)unused;
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        struct err e = { 0 };
        void *state = state_of(KERNELS[i]);
        KERNELS[i]->load(state);
        if (KERNELS[i]->check(state, &e))
            fail_msg("%s: a unit without its work was taken for right", CPU_TEST_TABLE[i].name);
        assert_true(*e.text && e.exit == ERR_INTERNAL);
        free(state);
    }
}

/* One bit turned over after the work, anywhere in the state: what is result or its proof is most of it, the
 * rest is input, tables and the low bits of floats. */
static void a_result_with_one_bit_wrong_is_found(void **unused)
{
    (void)unused;
    static const int LEAST_PERCENT[CPU_TEST_COUNT] = {
        [CPU_TEST_NUMERIC_SORT] = 99, [CPU_TEST_STRING_SORT] = 14, [CPU_TEST_BITFIELD] = 98,
        [CPU_TEST_FP_EMULATION] = 15, [CPU_TEST_FOURIER] = 25,     [CPU_TEST_ASSIGNMENT] = 95,
        [CPU_TEST_IDEA] = 60,         [CPU_TEST_HUFFMAN] = 40,     [CPU_TEST_NEURAL_NET] = 1,
        [CPU_TEST_LU] = 10,
    };
    enum { FLIPS = 200 };
    struct random r = { 11 };
    for (int i = 0; i < CPU_TEST_COUNT; i++) {
        const struct kernel *k = KERNELS[i];
        unsigned char *state = state_of(k);
        int found = 0;
        k->load(state);
        k->work(state);
        for (int flip = 0; flip < FLIPS; flip++) {
            size_t at = random_below(&r, k->bytes);
            unsigned char bit = (unsigned char)(1U << random_below(&r, 8));
            state[at] ^= bit;
            found += !k->check(state, NULL);
            state[at] ^= bit;
        }
        print_message("%s: %d of %d\n", CPU_TEST_TABLE[i].name, found, FLIPS);
        if (found * 100 < LEAST_PERCENT[i] * FLIPS)
            fail_msg("%s: of %d wrong bits only %d were found", CPU_TEST_TABLE[i].name, FLIPS, found);
        free(state);
    }
}

static void what_built_them_is_told(void **unused)
{
    (void)unused;
    char line[256];
    assert_ptr_equal(kernel_build(line, sizeof line), line);
    assert_non_null(strstr(line, __VERSION__));
    assert_non_null(strstr(line, "-O2 -ffp-contract=off"));
    assert_non_null(strstr(line, "glibc 2."));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_unit_is_the_same_work_and_proves_its_result),
        cmocka_unit_test(two_states_of_a_kernel_are_alike),
        cmocka_unit_test(work_that_was_not_done_is_found),
        cmocka_unit_test(a_result_with_one_bit_wrong_is_found),
        cmocka_unit_test(what_built_them_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
