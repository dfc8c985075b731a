/* Histograms against the sorted values themselves. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "stats/hist.h"

static const double SHARES[] = { 0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1 };
static const double ERROR = 1.0 / 128;

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct hist *new_hist(void)
{
    struct hist *h = calloc(1, sizeof *h);
    assert_non_null(h);
    return h;
}

/* Times of all magnitudes, a narrow hump of them, or few values over and over. */
static int64_t any_value(struct random *r, int kind)
{
    switch (kind) {
    case 0: return (int64_t)(random_next(r) >> (24 + random_below(r, 40)));
    case 1: return 20000 + (int64_t)random_below(r, 3000);
    default: return (int64_t)random_below(r, 5) * 1000;
    }
}

static void percentiles_are_those_of_the_sorted_values_within_the_bound(void **unused)
{
    (void)unused;
    enum { MOST = 20000 };
    struct random r = { 7 };
    int64_t *values = calloc(MOST, sizeof *values);
    assert_non_null(values);
    for (int round = 0; round < 60; round++) {
        struct hist *h = new_hist();
        size_t count = 1 + random_below(&r, MOST - 1);
        for (size_t i = 0; i < count; i++)
            hist_add(h, values[i] = any_value(&r, round % 3));
        qsort(values, count, sizeof *values, ascending);
        for (size_t k = 0; k < sizeof SHARES / sizeof *SHARES; k++) {
            size_t rank = (size_t)ceil(SHARES[k] * (double)count);
            double exact = (double)values[rank > 0 ? rank - 1 : 0], read = hist_percentile(h, SHARES[k]);
            if (fabs(read - exact) > exact * ERROR || (exact < 128 && fabs(read - exact) > 0))
                fail_msg("p%g of %zu: %g, exactly %g", SHARES[k] * 100, count, read, exact);
        }
        assert_int_equal(h->least_ns, values[0]);
        assert_int_equal(h->most_ns, values[count - 1]);
        free(h);
    }
    free(values);
}

static void every_value_is_in_the_bucket_that_covers_it(void **unused)
{
    (void)unused;
    unsigned before = 0;
    for (int64_t v = 0; v < 5000; v++) { /* without a gap or a step back */
        unsigned bucket = hist_bucket(v);
        assert_true(bucket == before || bucket == before + 1);
        before = bucket;
    }
    assert_int_equal(hist_bucket(-1), 0);
    assert_int_equal(hist_bucket(HIST_MOST_NS), HIST_BUCKETS - 1);
    assert_int_equal(hist_bucket(INT64_MAX), HIST_BUCKETS - 1);
}

static void what_is_merged_is_the_histogram_of_all_values(void **unused)
{
    (void)unused;
    struct random r = { 3 };
    struct hist *all = new_hist(), *sum = new_hist();
    for (int part = 0; part < 7; part++) {
        struct hist *one = new_hist();
        for (int i = 0; part != 3 && i < 1000; i++) { /* one of them stays empty */
            int64_t value = any_value(&r, part % 3);
            hist_add(one, value);
            hist_add(all, value);
        }
        hist_merge(sum, one);
        free(one);
    }
    assert_memory_equal(sum, all, sizeof *all);
    free(sum);
    free(all);
}

static void without_values_there_is_no_percentile(void **unused)
{
    (void)unused;
    struct hist *h = new_hist();
    unsigned char blob[HIST_PACKED_MAX];
    struct err e = { 0 };
    assert_true(hist_percentile(h, 0.5) <= 0);
    assert_int_equal(hist_pack(h, blob), 0);
    h->total = 5;
    assert_true(hist_unpack(blob, 0, h, &e));
    assert_int_equal(h->total, 0);
    free(h);
}

static void what_is_packed_is_read_back(void **unused)
{
    (void)unused;
    struct random r = { 11 };
    unsigned char blob[HIST_PACKED_MAX];
    struct err e = { 0 };
    for (int round = 0; round < 100; round++) {
        struct hist *h = new_hist(), *again = new_hist();
        for (size_t i = random_below(&r, 3000); i > 0; i--)
            hist_add(h, any_value(&r, round % 3));
        size_t size = hist_pack(h, blob);
        if (!hist_unpack(blob, size, again, &e))
            fail_msg("%s", e.text);
        assert_memory_equal(again, h, sizeof *h);
        free(h);
        free(again);
    }
    /* The longest there can be. */
    struct hist *h = new_hist(), *again = new_hist();
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        h->counts[i] = UINT64_C(1) << 35;
    for (size_t i = 0; i < 40; i++)
        h->counts[i * 50] = UINT64_C(1) << 42;
    for (size_t i = 0; i < HIST_BUCKETS; i++)
        h->total += h->counts[i];
    h->most_ns = HIST_MOST_NS;
    assert_true(hist_unpack(blob, hist_pack(h, blob), again, &e));
    assert_memory_equal(again, h, sizeof *h);
    free(h);
    free(again);
}

/* Whatever comes is refused or is a histogram that packs to the same bytes. */
static void a_damaged_blob_is_refused_or_is_another_histogram(void **unused)
{
    (void)unused;
    struct random r = { 19 };
    unsigned char blob[HIST_PACKED_MAX], again[HIST_PACKED_MAX];
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
        struct hist *h = new_hist();
        struct err e = { 0 };
        for (size_t i = 1 + random_below(&r, 20); i > 0; i--)
            hist_add(h, any_value(&r, round % 3));
        size_t size = hist_pack(h, blob);
        blob[random_below(&r, size)] ^= (unsigned char)(1 + random_below(&r, 255));
        if (random_below(&r, 3) == 0)
            size -= random_below(&r, size);
        uint64_t total = h->total;
        if (hist_unpack(blob, size, h, &e)) {
            assert_int_equal(hist_pack(h, again), size);
            assert_memory_equal(again, blob, size);
        } else {
            assert_int_equal(h->total, total);
            refused++;
        }
        free(h);
    }
    assert_true(refused > 300);
    struct hist *h = new_hist();
    static const struct {
        unsigned char bytes[16];
        size_t size;
    } BAD[] = {
        { { 1 }, 1 },                                                       /* cut short */
        { { 1, 1 }, 2 },                                                    /* no bucket */
        { { 1, 1, 1, 0 }, 4 },                                              /* an empty bucket */
        { { 2, 1, 1, 1 }, 4 },                                              /* the least is more than the most */
        { { 1, 1, 2, 1 }, 4 },                                              /* the least has no bucket */
        { { 1, 1, 0x81, 0x00, 1 }, 5 },                                     /* a number with a byte too many */
        { { 1, 1, 0x80, 0x12, 1 }, 5 },                                     /* past the last bucket */
        { { 1, 1, 1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 3 }, 13 } /* more than 64 bits */
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct err e = { 0 };
        assert_false(hist_unpack(BAD[i].bytes, BAD[i].size, h, &e));
        assert_non_null(strstr(e.text, "no histogram"));
    }
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values_within_the_bound),
        cmocka_unit_test(every_value_is_in_the_bucket_that_covers_it),
        cmocka_unit_test(what_is_merged_is_the_histogram_of_all_values),
        cmocka_unit_test(without_values_there_is_no_percentile),
        cmocka_unit_test(what_is_packed_is_read_back),
        cmocka_unit_test(a_damaged_blob_is_refused_or_is_another_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
