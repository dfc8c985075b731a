#include "numeric_sort.h"

#include "base/random.h"
#include "workloads/cpu/digest.h"
#include "workloads/cpu/kernel.h"

enum { COUNT = 8111, SEED = 1 };

struct numeric_state {
    int32_t numbers[COUNT];
    uint64_t digest; /* of the numbers in any order */
};

/* Let the number at `at` sink to its place in heap[0, end). */
static void sift(int32_t *heap, size_t at, size_t end)
{
    int32_t sinking = heap[at];
    for (size_t child; (child = 2 * at + 1) < end; at = child) {
        if (child + 1 < end && heap[child + 1] > heap[child])
            child++;
        if (heap[child] <= sinking)
            break;
        heap[at] = heap[child];
    }
    heap[at] = sinking;
}

void numeric_sort(int32_t *numbers, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift(numbers, i, count);
    for (size_t end = count; end-- > 1;) {
        int32_t largest = numbers[0];
        numbers[0] = numbers[end];
        numbers[end] = largest;
        sift(numbers, 0, end);
    }
}

static uint64_t digest_of(const int32_t *numbers)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < COUNT; i++)
        digest += digest_word((uint32_t)numbers[i]);
    return digest;
}

static void load(void *state)
{
    struct numeric_state *s = state;
    struct random r = { SEED };
    for (size_t i = 0; i < COUNT; i++)
        s->numbers[i] = (int32_t)(uint32_t)random_next(&r);
}

static void make(void *state)
{
    struct numeric_state *s = state;
    load(s);
    s->digest = digest_of(s->numbers);
}

static uint64_t work(void *state)
{
    struct numeric_state *s = state;
    numeric_sort(s->numbers, COUNT);
    return 1;
}

static bool check(const void *state, struct err *e)
{
    const struct numeric_state *s = state;
    for (size_t i = 1; i < COUNT; i++)
        if (s->numbers[i - 1] > s->numbers[i])
            return err_set(e, ERR_INTERNAL, "number %zu is out of order", i);
    if (digest_of(s->numbers) != s->digest)
        return err_set(e, ERR_INTERNAL, "the sorted numbers are not those that were there before");
    return true;
}

const struct kernel KERNEL_NUMERIC_SORT = { sizeof(struct numeric_state), make, load, work, check };
