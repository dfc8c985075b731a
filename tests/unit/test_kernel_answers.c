/* The kernels of `cpu` against answers that were known before: published vectors, brute force, closed forms,
 * the machine's own floats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "base/random.h"
#include "base/text.h"
#include "workloads/cpu/assignment.h"
#include "workloads/cpu/bitfield.h"
#include "workloads/cpu/fourier.h"
#include "workloads/cpu/huffman.h"
#include "workloads/cpu/idea.h"
#include "workloads/cpu/letters.h"
#include "workloads/cpu/lu.h"
#include "workloads/cpu/neural_net.h"
#include "workloads/cpu/numeric_sort.h"
#include "workloads/cpu/soft_float.h"
#include "workloads/cpu/string_sort.h"

static void nearly(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%.17g instead of %.17g", value, expected);
}

/* ---- sorts ---- */

static int by_number(const void *a, const void *b)
{
    return *(const int32_t *)a < *(const int32_t *)b ? -1 : *(const int32_t *)a > *(const int32_t *)b;
}

static void numbers_are_sorted_as_qsort_does(void **unused)
{
    (void)unused;
    struct random r = { 1 };
    int32_t numbers[70], expected[70];
    for (size_t count = 0; count <= 70; count++)
        for (uint64_t kinds = 1; kinds < UINT64_C(1) << 40; kinds <<= 13) { /* from all alike to all different */
            for (size_t i = 0; i < count; i++)
                expected[i] = numbers[i] = (int32_t)(uint32_t)random_below(&r, kinds) - 5000;
            qsort(expected, count, sizeof *expected, by_number);
            numeric_sort(numbers, count);
            assert_memory_equal(numbers, expected, count * sizeof *numbers);
        }
    int32_t extremes[] = { 0, INT32_MAX, -1, INT32_MIN, 1, INT32_MIN, INT32_MAX };
    const int32_t sorted[] = { INT32_MIN, INT32_MIN, -1, 0, 1, INT32_MAX, INT32_MAX };
    numeric_sort(extremes, 7);
    assert_memory_equal(extremes, sorted, sizeof sorted);
}

static void string_is(const struct string_pool *pool, uint32_t i, const char *text)
{
    const unsigned char *string = &pool->bytes[pool->at[i]];
    assert_int_equal(string[0], strlen(text));
    assert_memory_equal(string + 1, text, string[0]);
}

static void strings_of_all_lengths_are_sorted_and_stay_packed(void **unused)
{
    (void)unused;
    static const char *const TEXTS[] = {
        "zz", "b", "abc", "ab", "abcd", "a", "b", "\377", "\001", "longest of them all"
    };
    static const char *const SORTED[] = { "\001", "a",   "ab", "abc", "abcd", "b", "b", "longest of them all",
                                          "zz",   "\377" };
    static struct string_pool pool;
    for (size_t count = 0; count <= 10; count++) {
        memset(&pool, 0, sizeof pool);
        for (size_t i = 0; i < count; i++)
            string_pool_add(&pool, (const unsigned char *)TEXTS[i], strlen(TEXTS[i]));
        uint32_t used = pool.used;
        string_sort(&pool);
        assert_int_equal(pool.used, used);
        for (uint32_t i = 1; i < count; i++) {
            const unsigned char *before = &pool.bytes[pool.at[i - 1]];
            assert_int_equal(pool.at[i], pool.at[i - 1] + before[0] + 1);
        }
    }
    for (uint32_t i = 0; i < 10; i++)
        string_is(&pool, i, SORTED[i]);
}

/* ---- bits ---- */

static void bits_one_by_one_are_bits_by_words(void **unused)
{
    (void)unused;
    for (int operation = 0; operation < BITFIELD_OPERATION_COUNT; operation++)
        for (size_t first = 0; first < 128; first += 5)
            for (size_t count = 0; first + count <= 128; count++) {
                uint32_t one[4] = { 0x12345678, 0xdeadbeef, 0, UINT32_MAX }, other[4];
                memcpy(other, one, sizeof other);
                bitfield_run(one, (enum bitfield_operation)operation, first, count);
                bitfield_run_words(other, (enum bitfield_operation)operation, first, count);
                assert_memory_equal(one, other, sizeof one);
            }
    uint32_t words[2] = { 0, 0 };
    bitfield_run(words, BITFIELD_SET, 30, 4);
    assert_true(words[0] == 0xc0000000 && words[1] == 3);
    bitfield_run(words, BITFIELD_CLEAR, 31, 1);
    bitfield_run(words, BITFIELD_FLIP, 0, 64);
    assert_true(words[0] == 0xbfffffff && words[1] == 0xfffffffc);
}

/* ---- IDEA ---- */

/* From Lai's thesis ("On the Design and Security of Block Ciphers", 1992): key 1 to 8, plain 0 to 3. */
static void idea_is_the_published_cipher(void **unused)
{
    (void)unused;
    static const uint16_t KEY[] = { 1, 2, 3, 4, 5, 6, 7, 8 }, PLAIN[] = { 0, 1, 2, 3 };
    static const uint16_t CIPHER[] = { 0x11fb, 0xed2b, 0x0198, 0x6de5 };
    static const uint16_t LAST_SUBKEYS[] = { 0x0080, 0x00c0, 0x0100, 0x0140 };
    uint16_t encrypt[IDEA_SUBKEYS], decrypt[IDEA_SUBKEYS], block[4];
    idea_encryption_key(KEY, encrypt);
    assert_memory_equal(encrypt + 48, LAST_SUBKEYS, sizeof LAST_SUBKEYS);
    idea_block(encrypt, PLAIN, block);
    assert_memory_equal(block, CIPHER, sizeof CIPHER);
    idea_decryption_key(encrypt, decrypt);
    idea_block(decrypt, block, block);
    assert_memory_equal(block, PLAIN, sizeof PLAIN);
}

/* The vector of Bouncy Castle's tests: key 00112233445566778899aabbccddeeff, two blocks. */
static void idea_agrees_with_another_implementation(void **unused)
{
    (void)unused;
    static const uint16_t KEY[] = { 0x0011, 0x2233, 0x4455, 0x6677, 0x8899, 0xaabb, 0xccdd, 0xeeff };
    static const uint16_t PLAIN[] = { 0x0001, 0x0203, 0x0405, 0x0607, 0x0809, 0x0a0b, 0x0c0d, 0x0e0f };
    static const uint16_t CIPHER[] = { 0xed73, 0x2271, 0xa7b3, 0x9f47, 0x5b4b, 0x2b67, 0x19f1, 0x94bf };
    uint16_t encrypt[IDEA_SUBKEYS], blocks[8];
    idea_encryption_key(KEY, encrypt);
    for (int i = 0; i < 8; i += 4)
        idea_block(encrypt, PLAIN + i, blocks + i);
    assert_memory_equal(blocks, CIPHER, sizeof CIPHER);
}

static void idea_undoes_itself_under_any_key(void **unused)
{
    (void)unused;
    struct random r = { 2 };
    for (int i = 0; i < 300; i++) {
        uint16_t key[8], encrypt[IDEA_SUBKEYS], decrypt[IDEA_SUBKEYS], plain[4], block[4];
        for (int j = 0; j < 8; j++) /* with zeros, which stand for 2^16 where it multiplies */
            key[j] = random_below(&r, 3) ? (uint16_t)random_next(&r) : 0;
        for (int j = 0; j < 4; j++)
            plain[j] = random_below(&r, 3) ? (uint16_t)random_next(&r) : 0;
        idea_encryption_key(key, encrypt);
        idea_decryption_key(encrypt, decrypt);
        idea_block(encrypt, plain, block);
        idea_block(decrypt, block, block);
        assert_memory_equal(block, plain, sizeof plain);
    }
}

/* ---- Huffman ---- */

static size_t round_trip(const unsigned char *text, size_t size)
{
    struct huffman code;
    unsigned char bits[2049], again[2048];
    assert_true(size <= sizeof again);
    memset(bits, 0xa5, sizeof bits);
    huffman_build(&code, text, size);
    size_t bit_count = huffman_encode(&code, text, size, bits);
    assert_true(bit_count <= (size + 1) * 8);
    assert_int_equal(bits[(bit_count + 7) / 8], 0xa5); /* nothing beyond */
    assert_int_equal(huffman_decode(&code, bits, bit_count, again, size), size);
    assert_memory_equal(again, text, size);
    return bit_count;
}

static size_t round_trip_of(const char *text) { return round_trip((const unsigned char *)text, strlen(text)); }

/* What the least code of `count` messages takes, from first principles: the two least frequent weights are joined until
 * one is left, and each joint lengthens by one bit all the messages below it. Nothing of the kernel's own is used. */
static int least_bits(const int *frequencies, size_t count)
{
    int weights[16], bits = 0;
    assert_true(count <= ARRAY_SIZE(weights));
    memcpy(weights, frequencies, count * sizeof *weights);
    for (; count > 1; count--) {
        qsort(weights, count, sizeof *weights, by_number);
        weights[0] += weights[1];
        bits += weights[0];
        weights[1] = weights[count - 1];
    }
    return bits;
}

/* D. A. Huffman, "A Method for the Construction of Minimum-Redundancy Codes", Proc. IRE 40 (1952), table I: 13 messages
 * of these probabilities, in hundredths, take 3.42 binary digits on the average, by codes of 2 3 3 3 3 4 5 5 5 5 5 6 6
 * digits. The table is held against what follows from it, then the kernel against the table. Where frequencies are
 * alike, lengths may differ from the table's, their mean may not. */
static void huffman_codes_are_those_of_his_paper(void **unused)
{
    (void)unused;
    static const int HUNDREDTHS[] = { 20, 18, 10, 10, 10, 6, 6, 4, 4, 4, 4, 3, 1 };
    static const int DIGITS[] = { 2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5, 6, 6 };
    unsigned char text[100];
    size_t used = 0;
    int bits = 0, leaves = 0;
    for (size_t i = 0; i < ARRAY_SIZE(HUNDREDTHS); i++) {
        bits += HUNDREDTHS[i] * DIGITS[i];
        leaves += 1 << (6 - DIGITS[i]); /* of a full tree of 6 levels */
        for (int j = 0; j < HUNDREDTHS[i]; j++)
            text[used++] = (unsigned char)('A' + i);
    }
    assert_int_equal(used, sizeof text);                                   /* they are all there is */
    assert_int_equal(leaves, 1 << 6);                                      /* a prefix code, with nothing to spare */
    assert_int_equal(bits, 342);                                           /* that takes what he says */
    assert_int_equal(least_bits(HUNDREDTHS, ARRAY_SIZE(HUNDREDTHS)), 342); /* and no other takes less */
    assert_int_equal(round_trip(text, sizeof text), 342);
}

/* The example of most textbooks (Cormen and others, 16.3): frequencies 45, 13, 12, 16, 9, 5 take 224 bits. */
static void huffman_codes_are_as_short_as_can_be(void **unused)
{
    (void)unused;
    static const struct {
        char letter;
        int times;
    } LETTERS_OF_100[] = { { 'a', 45 }, { 'b', 13 }, { 'c', 12 }, { 'd', 16 }, { 'e', 9 }, { 'f', 5 } };
    char text[101] = "";
    for (size_t i = 0, at = 0; i < 6; at += (size_t)LETTERS_OF_100[i].times, i++)
        memset(text + at, LETTERS_OF_100[i].letter, (size_t)LETTERS_OF_100[i].times);
    assert_int_equal(round_trip_of(text), 224);
    assert_int_equal(round_trip_of("x"), 1);
    assert_int_equal(round_trip_of("xxxxx"), 5);
    assert_int_equal(round_trip_of("xyxyx"), 5);
    unsigned char all[2048];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (unsigned char)i;
    assert_int_equal(round_trip(all, sizeof all), 8 * sizeof all);
}

static void huffman_expands_what_it_compressed(void **unused)
{
    (void)unused;
    struct random r = { 3 };
    unsigned char text[2048];
    for (int i = 0; i < 20; i++) {
        size_t size = 1 + random_below(&r, sizeof text), kinds = 1 + random_below(&r, 256);
        for (size_t j = 0; j < size; j++)
            text[j] = (unsigned char)(random_below(&r, kinds) * random_below(&r, 256) / 255); /* uneven */
        round_trip(text, size);
    }
}

static void bits_that_are_cut_short_give_less_text(void **unused)
{
    (void)unused;
    struct huffman code;
    unsigned char text[] = "abracadabra", bits[sizeof text + 1], again[sizeof text];
    huffman_build(&code, text, sizeof text);
    size_t bit_count = huffman_encode(&code, text, sizeof text, bits);
    assert_true(huffman_decode(&code, bits, bit_count / 2, again, sizeof again) < sizeof text);
    assert_int_equal(huffman_decode(&code, bits, bit_count, again, 3), 3);
}

/* ---- floats ---- */

static const enum soft_float_operation OPERATIONS[] = { SOFT_FLOAT_ADD, SOFT_FLOAT_SUBTRACT, SOFT_FLOAT_MULTIPLY,
                                                        SOFT_FLOAT_DIVIDE };

/* To 64 bits of mantissa where the machine has such floats (x87), to a double's 53 elsewhere. */
static long double by_machine(enum soft_float_operation operation, long double a, long double b)
{
    switch (operation) {
    case SOFT_FLOAT_ADD: return a + b;
    case SOFT_FLOAT_SUBTRACT: return a - b;
    case SOFT_FLOAT_MULTIPLY: return a * b;
    default: return a / b;
    }
}

static long double widest(const struct soft_float *a)
{
    uint64_t mantissa = 0;
    for (int i = 0; i < SOFT_FLOAT_WORDS; i++)
        mantissa = mantissa << 16 | a->mantissa[i];
    if (a->kind != SOFT_FLOAT_NORMAL)
        return soft_float_to_double(a);
    long double magnitude = ldexpl((long double)mantissa, a->exponent - 63);
    return a->is_negative ? -magnitude : magnitude;
}

static void same_as_the_machine(double a, double b)
{
    struct soft_float x = soft_float_from(a), y = soft_float_from(b), result;
    for (size_t i = 0; i < 4; i++) {
        soft_float_do(OPERATIONS[i], &x, &y, &result);
        long double got = widest(&result), expected = by_machine(OPERATIONS[i], a, b);
        bool is_same = LDBL_MANT_DIG == 64 ? got == expected : fabsl(got - expected) <= fabsl(expected) * DBL_EPSILON;
        if (!is_same && !(isnan(got) && isnan(expected)))
            fail_msg("operation %zu of %a and %a: %.21Lg instead of %.21Lg", i, a, b, got, expected);
        if (!isnan(got) && LDBL_MANT_DIG == 64)
            assert_int_equal(signbit(got) != 0, signbit(expected) != 0);
    }
}

static void software_floats_are_the_machines(void **unused)
{
    (void)unused;
    struct random r = { 4 };
    for (int i = 0; i < 4000; i++) {
        double a = ldexp((double)(random_next(&r) >> 11), (int)random_below(&r, 130) - 117);
        double b = ldexp((double)(random_next(&r) >> (11 + random_below(&r, 50))), (int)random_below(&r, 130) - 117);
        same_as_the_machine(random_below(&r, 2) ? -a : a, random_below(&r, 2) ? -b : b);
    }
    /* Neighbours, whose difference loses all but the last bit, and sums that carry out of all ones. */
    for (int i = 0; i < 60; i++) {
        double one = ldexp(1, i - 30);
        same_as_the_machine(one, nextafter(one, 2 * one));
        same_as_the_machine(nextafter(one, 0), one);
        same_as_the_machine(nextafter(1, 0), ldexp(1, -i));
        same_as_the_machine(1, -ldexp(1, -i - 30));
    }
}

static void zeros_infinities_and_nans_are_the_machines(void **unused)
{
    (void)unused;
    static const double VALUES[] = { 0, -0.0, 1, -2.5, INFINITY, -INFINITY, NAN };
    for (size_t i = 0; i < 7; i++)
        for (size_t j = 0; j < 7; j++)
            same_as_the_machine(VALUES[i], VALUES[j]);
}

static void what_is_too_large_is_infinite_and_too_small_is_zero(void **unused)
{
    (void)unused;
    struct soft_float huge = { SOFT_FLOAT_NORMAL, true, SOFT_FLOAT_EXPONENT_MAX, { 0xffff, 0xffff, 0xffff, 0xffff } };
    struct soft_float tiny = { SOFT_FLOAT_NORMAL, false, -SOFT_FLOAT_EXPONENT_MAX, { 0x8000 } }, result;
    soft_float_do(SOFT_FLOAT_ADD, &huge, &huge, &result);
    assert_true(result.kind == SOFT_FLOAT_INFINITE && result.is_negative);
    soft_float_do(SOFT_FLOAT_MULTIPLY, &huge, &huge, &result);
    assert_true(result.kind == SOFT_FLOAT_INFINITE && !result.is_negative);
    soft_float_do(SOFT_FLOAT_MULTIPLY, &tiny, &tiny, &result);
    assert_int_equal(result.kind, SOFT_FLOAT_ZERO);
    soft_float_do(SOFT_FLOAT_DIVIDE, &tiny, &huge, &result);
    assert_true(result.kind == SOFT_FLOAT_ZERO && result.is_negative);
}

/* ---- Fourier ---- */

/* Simpson's rule with 20000 steps stands for the integral. */
static double simpson(int n, bool is_sine)
{
    enum { STEPS = 20000 };
    double sum = 0;
    for (int i = 0; i <= STEPS; i++) {
        double x = 2.0 * i / STEPS, weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
        sum += weight * pow(x + 1, x) * (is_sine ? sin(n * M_PI * x) : cos(n * M_PI * x));
    }
    return sum * 2 / STEPS / 3;
}

/* The error of the trapezoid rule is (f'(2) - f'(0)) h^2 / 12 and what is of higher order in h (Euler,
 * Maclaurin). For f = (x+1)^x cos(n pi x): f' = (x+1)^x (ln(x+1) + x/(x+1)) at both ends; for the sine
 * f' = n pi (x+1)^x there. */
static void coefficients_are_the_integrals(void **unused)
{
    (void)unused;
    const double at_end = 9 * (log(3) + 2.0 / 3), at_start = 0, h = 0.01;
    for (int n = 0; n < 6; n++) {
        double half = n == 0 ? 0.5 : 1;
        nearly(fourier_cosine(n, 200), half * (simpson(n, false) + (at_end - at_start) * h * h / 12), 1e-6 * half);
        nearly(fourier_sine(n, 200), n == 0 ? 0 : simpson(n, true) + n * M_PI * (9 - 1) * h * h / 12, 1e-4 * (n + 1));
        nearly(fourier_cosine(n, 20000), half * simpson(n, false), 1e-7);
    }
    nearly(fourier_cosine(0, 20000), 2.8819, 5e-4);     /* half of 5.7638, the area below the curve */
    nearly(fourier_cosine(0, 1), (1 + 9) / 2.0, 1e-14); /* one step: the mean of both ends */
    nearly(fourier_cosine(0, 2), (1 + 9) / 4.0 + 2 / 2.0, 1e-14);
}

/* ---- assignment ---- */

/* The least cost over all permutations of the columns from row `row` on. */
static int64_t cheapest(const struct assignment *a, size_t row, unsigned taken)
{
    int64_t least = INT64_MAX;
    if (row == a->size)
        return 0;
    for (size_t j = 0; j < a->size; j++) {
        if (taken & 1U << j)
            continue;
        int64_t cost = a->costs[row][j] + cheapest(a, row + 1, taken | 1U << j);
        least = cost < least ? cost : least;
    }
    return least;
}

static int64_t cost_of(const struct assignment *a)
{
    int64_t cost = 0;
    for (size_t i = 0; i < a->size; i++)
        cost += a->costs[i][a->column_of[i]];
    return cost;
}

static void assignments_are_as_cheap_as_brute_force_finds(void **unused)
{
    (void)unused;
    static struct assignment a;
    struct random r = { 5 };
    for (int i = 0; i < 120; i++) {
        a.size = 1 + (size_t)i % 6;
        uint64_t bound = i % 3 ? 5000000 : 4; /* with many alike */
        for (size_t j = 0; j < a.size * a.size; j++)
            a.costs[j / a.size][j % a.size] = (int32_t)random_below(&r, bound);
        assignment_solve(&a);
        assert_true(assignment_is_optimal(&a));
        assert_int_equal(cost_of(&a), cheapest(&a, 0, 0));
    }
}

static void a_dearer_assignment_is_not_taken_for_optimal(void **unused)
{
    (void)unused;
    static struct assignment a;
    static const int32_t COSTS[3][3] = { { 4, 1, 3 }, { 2, 0, 5 }, { 3, 2, 2 } };
    a.size = 3;
    for (size_t i = 0; i < 3; i++)
        memcpy(a.costs[i], COSTS[i], sizeof COSTS[i]);
    assignment_solve(&a);
    assert_int_equal(cost_of(&a), 5); /* 1 + 2 + 2 */
    int32_t first = a.column_of[0];
    a.column_of[0] = a.column_of[1];
    assert_false(assignment_is_optimal(&a)); /* one column twice */
    a.column_of[1] = first;
    assert_false(assignment_is_optimal(&a)); /* exchanged */
    a.column_of[1] = a.column_of[0];
    a.column_of[0] = first;
    a.reduced[2][0]++;
    assert_false(assignment_is_optimal(&a)); /* a proof that is none */
}

/* ---- LU ---- */

static void a_system_with_a_known_solution_is_solved(void **unused)
{
    (void)unused;
    static struct lu s;
    static const double A[3][3] = { { 0, 2, 1 }, { 1, 1, 1 }, { 4, -2, 3 } }, X[3] = { 3, -1, 2 }; /* 0 is no pivot */
    s.size = 3;
    for (size_t i = 0; i < 3; i++) {
        memcpy(s.matrix[i], A[i], sizeof A[i]);
        s.right[i] = A[i][0] * X[0] + A[i][1] * X[1] + A[i][2] * X[2];
    }
    assert_true(lu_solve(&s));
    for (size_t i = 0; i < 3; i++)
        nearly(s.x[i], X[i], 1e-14);
    nearly(lu_residual(&s), 0, 1e-14);
    s.factors[1][2] += 0.5;
    assert_true(lu_residual(&s) > 0.1);
    s.factors[1][2] -= 0.5;
    s.x[0] += 1;
    assert_true(lu_residual(&s) > 0.1);
}

static void a_singular_matrix_is_told(void **unused)
{
    (void)unused;
    static struct lu s;
    s.size = 2;
    s.matrix[0][0] = s.matrix[1][0] = 1;
    s.matrix[0][1] = s.matrix[1][1] = 2;
    assert_false(lu_solve(&s));
}

/* Hilbert's matrix is solved badly by any method, but L U is A all the same. */
static void factors_multiply_to_the_matrix_even_where_it_is_ill_conditioned(void **unused)
{
    (void)unused;
    static struct lu s;
    s.size = 8;
    for (size_t i = 0; i < s.size; i++) {
        for (size_t j = 0; j < s.size; j++)
            s.matrix[i][j] = 1.0 / (double)(i + j + 1);
        s.right[i] = 1;
    }
    assert_true(lu_solve(&s));
    nearly(lu_residual(&s), 0, 1e-9);
}

/* ---- the net ---- */

/* The change of a weight is rate times minus the slope of half the squared error, as a difference shows it. */
static void a_pass_goes_down_the_slope_of_the_error(void **unused)
{
    (void)unused;
    static struct neural_net net, before, moved;
    struct neural_net_pattern p;
    struct random r = { 6 };
    for (int i = 0; i < NEURAL_NET_IN; i++)
        p.in[i] = random_below(&r, 2) ? 0.9 : 0.1;
    for (int k = 0; k < NEURAL_NET_OUT; k++)
        p.out[k] = random_below(&r, 2) ? 0.9 : 0.1;
    neural_net_start(&net, 7);
    before = net;
    neural_net_pass(&net, &p, 1);
    for (int part = 0; part < 2; part++) {
        double error[2];
        for (int side = 0; side < 2; side++) {
            moved = before;
            double step = side ? 1e-4 : -1e-4;
            if (part)
                moved.out_weights[2][3] += step;
            else
                moved.hidden_weights[3][5] += step;
            neural_net_recall(&moved, p.in);
            error[side] = 0;
            for (int k = 0; k < NEURAL_NET_OUT; k++)
                error[side] += (p.out[k] - moved.out[k]) * (p.out[k] - moved.out[k]) / 2;
        }
        double slope = (error[1] - error[0]) / 2e-4;
        double change = part ? net.out_weights[2][3] - before.out_weights[2][3]
                             : net.hidden_weights[3][5] - before.hidden_weights[3][5];
        nearly(change, -0.09 * slope, 1e-9);
    }
}

static void letters_are_26_and_no_two_alike(void **unused)
{
    (void)unused;
    for (int i = 0; i < LETTERS_COUNT; i++) {
        for (int row = 0; row < LETTERS_ROWS; row++) {
            assert_int_equal(strlen(LETTERS[i][row]), LETTERS_COLUMNS);
            assert_int_equal(strspn(LETTERS[i][row], "#."), LETTERS_COLUMNS);
        }
        for (int j = 0; j < i; j++) {
            int points = 0;
            for (int row = 0; row < LETTERS_ROWS; row++)
                for (int column = 0; column < LETTERS_COLUMNS; column++)
                    points += LETTERS[i][row][column] != LETTERS[j][row][column];
            assert_true(points >= 2);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_sorted_as_qsort_does),
        cmocka_unit_test(strings_of_all_lengths_are_sorted_and_stay_packed),
        cmocka_unit_test(bits_one_by_one_are_bits_by_words),
        cmocka_unit_test(idea_is_the_published_cipher),
        cmocka_unit_test(idea_agrees_with_another_implementation),
        cmocka_unit_test(idea_undoes_itself_under_any_key),
        cmocka_unit_test(huffman_codes_are_those_of_his_paper),
        cmocka_unit_test(huffman_codes_are_as_short_as_can_be),
        cmocka_unit_test(huffman_expands_what_it_compressed),
        cmocka_unit_test(bits_that_are_cut_short_give_less_text),
        cmocka_unit_test(software_floats_are_the_machines),
        cmocka_unit_test(zeros_infinities_and_nans_are_the_machines),
        cmocka_unit_test(what_is_too_large_is_infinite_and_too_small_is_zero),
        cmocka_unit_test(coefficients_are_the_integrals),
        cmocka_unit_test(assignments_are_as_cheap_as_brute_force_finds),
        cmocka_unit_test(a_dearer_assignment_is_not_taken_for_optimal),
        cmocka_unit_test(a_system_with_a_known_solution_is_solved),
        cmocka_unit_test(a_singular_matrix_is_told),
        cmocka_unit_test(factors_multiply_to_the_matrix_even_where_it_is_ill_conditioned),
        cmocka_unit_test(a_pass_goes_down_the_slope_of_the_error),
        cmocka_unit_test(letters_are_26_and_no_two_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
