/* That the compiler has not dropped the work of `cpu`: instructions, counted one by one (ptrace(2)), of small
 * problems. They are at least what the work takes, and so much more work takes so many more, exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "workloads/cpu/assignment.h"
#include "workloads/cpu/bitfield.h"
#include "workloads/cpu/fourier.h"
#include "workloads/cpu/huffman.h"
#include "workloads/cpu/idea.h"
#include "workloads/cpu/lu.h"
#include "workloads/cpu/neural_net.h"
#include "workloads/cpu/numeric_sort.h"
#include "workloads/cpu/soft_float.h"
#include "workloads/cpu/string_sort.h"

/* What a piece of work needs; made before, so that only the work is counted. */
static struct {
    int32_t numbers[64];
    struct string_pool pool;
    uint32_t words[64];
    struct soft_float a, b, result;
    double sum;
    struct assignment assignment;
    uint16_t encrypt[IDEA_SUBKEYS], decrypt[IDEA_SUBKEYS], plain[4], cipher[4];
    struct huffman code;
    unsigned char text[32], bits[33];
    struct neural_net net;
    struct neural_net_pattern patterns[3];
    struct lu lu;
} data;

static void nothing(int amount) { (void)amount; }
static void sort_numbers(int count) { numeric_sort(data.numbers, (size_t)count); }
static void flip_bits(int count) { bitfield_run(data.words, BITFIELD_FLIP, 0, (size_t)count); }
static void add_steps(int steps) { data.sum = fourier_sine(1, steps); }
static void encrypt(int times) { idea_to_and_fro(data.encrypt, data.decrypt, data.plain, data.cipher, 4, times); }
static void learn(int patterns) { data.sum = neural_net_pass(&data.net, data.patterns, (size_t)patterns); }

static void compress(int bytes)
{
    size_t bits = huffman_encode(&data.code, data.text, (size_t)bytes, data.bits);
    huffman_decode(&data.code, data.bits, bits, data.text, (size_t)bytes);
}

static void multiply(int times)
{
    while (times-- > 0)
        soft_float_do(SOFT_FLOAT_MULTIPLY, &data.a, &data.b, &data.result);
}

static void divide(int times)
{
    while (times-- > 0)
        soft_float_do(SOFT_FLOAT_DIVIDE, &data.a, &data.b, &data.result);
}

static void sort_strings(int count)
{
    data.pool.count = (uint32_t)count;
    data.pool.used = (uint32_t)count * 5;
    string_sort(&data.pool);
}

static void assign(int size)
{
    data.assignment.size = (size_t)size;
    assignment_solve(&data.assignment);
}

static void solve(int size)
{
    data.lu.size = (size_t)size;
    lu_solve(&data.lu);
}

static int make_data(void **unused)
{
    (void)unused;
    struct random r = { 1 };
    static const uint16_t KEY[IDEA_KEY_WORDS] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    for (int i = 0; i < 64; i++)
        data.numbers[i] = (int32_t)random_below(&r, 1000);
    for (int i = 0; i < 16; i++)
        string_pool_add(&data.pool, (const unsigned char *)&data.numbers[i], 4);
    data.a = soft_float_from(1.1);
    data.b = soft_float_from(1.3);
    for (size_t i = 0; i < ASSIGNMENT_MOST; i++)
        for (size_t j = 0; j < ASSIGNMENT_MOST; j++) {
            data.assignment.costs[i][j] = (int32_t)((i + 1) * (j + 1));                   /* the more the harder */
            data.lu.matrix[i][j] = (double)random_below(&r, 1000) + (i == j ? 10000 : 0); /* no row is exchanged */
        }
    idea_encryption_key(KEY, data.encrypt);
    idea_decryption_key(data.encrypt, data.decrypt);
    memcpy(data.text, "so many words and so few letters", sizeof data.text);
    huffman_build(&data.code, data.text, sizeof data.text);
    neural_net_start(&data.net, 1);
    return 0;
}

/* Let a child of ours do the work once, so that what is loaded on first use is there, and then again, step
 * by step from one stop to the next. -1 where it may not be watched. */
static long instructions_of(void (*work)(int), int amount)
{
    int status = 0;
    long count = 0;
    fflush(stdout); /* not twice */
    pid_t child = fork();
    if (child == 0) {
        work(amount);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(77);
        raise(SIGSTOP);
        work(amount);
        raise(SIGUSR1);
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFEXITED(status))
        return -1;
    while (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 && waitpid(child, &status, 0) == child &&
           WIFSTOPPED(status) && WSTOPSIG(status) != SIGUSR1)
        count++;
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return count;
}

/* A sanitizer's own instructions are counted too, and those depend on what it has seen. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
enum { IS_PLAIN = 0 };
#else
enum { IS_PLAIN = 1 };
#endif

static void each_kernel_does_its_work_and_more_work_takes_more(void **unused)
{
    (void)unused;
    /* Two or three amounts; the least number of instructions that lies between each and the next; whether both
     * distances are the same, as they are where the amount is a count of like things. */
    static const struct {
        const char *name;
        void (*work)(int);
        int amounts[3];
        long least;
        int is_even;
    } CASES[] = {
        { "numeric sort", sort_numbers, { 4, 6, 9 }, 2 * 3 * 3, 0 },
        { "string sort", sort_strings, { 1, 2, 3 }, 2 * 2 * 5, 0 },
        { "bits", flip_bits, { 10, 20, 30 }, 3 * 10, 1 },        /* read, change, write */
        { "multiplication", multiply, { 0, 1, -1 }, 64 * 8, 0 }, /* shift eight words for each bit */
        { "division", divide, { 0, 1, -1 }, 64 * 8, 0 },
        { "fourier", add_steps, { 1, 2, 3 }, 40, 0 }, /* a power and a sine */
        { "assignment", assign, { 2, 3, 4 }, 3 * 3, 0 },
        { "idea", encrypt, { 1, 2, 3 }, 2 * 34 * 4, 1 },            /* to and fro, 34 multiplications each */
        { "huffman", compress, { 2, 4, 6 }, 2 * 3 * 4, 0 },         /* more than three bits for each byte */
        { "neural net", learn, { 0, 1, 2 }, 2 * 344 + 344 / 2, 0 }, /* forward, back; changes two at a time */
        { "lu", solve, { 2, 3, 4 }, (3 * 3 * 3 - 2 * 2 * 2) / 3 * 3, 0 },
    };
    long before = instructions_of(nothing, 0);
    if (before < 0) {
        print_message("skip: no process may be traced here\n");
        skip();
    }
    assert_int_equal(instructions_of(nothing, 1), before); /* what is counted does not vary */
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const int has_third = CASES[i].amounts[2] >= 0;
        long counts[3] = { 0 };
        for (int j = 0; j < 2 + has_third; j++)
            counts[j] = instructions_of(CASES[i].work, CASES[i].amounts[j]) - before;
        long first = counts[1] - counts[0], second = has_third ? counts[2] - counts[1] : first;
        if (first < CASES[i].least || second < CASES[i].least || (CASES[i].is_even && IS_PLAIN && first != second))
            fail_msg("%s: %ld, %ld and %ld instructions", CASES[i].name, counts[0], counts[1], counts[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_kernel_does_its_work_and_more_work_takes_more) };
    return cmocka_run_group_tests(tests, make_data, NULL);
}
