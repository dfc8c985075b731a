#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/random.h"
#include "base/text.h"
#include "stats/meter.h"

static void points_survive_the_journey(void **unused)
{
    (void)unused;
    enum { COUNT = 128 };
    static struct meter_point sent[COUNT], got[COUNT];
    struct random r = { 3 };
    for (size_t i = 1; i < COUNT; i++)
        sent[i] = (struct meter_point){ sent[i - 1].raw_ns + (int64_t)random_below(&r, INT64_MAX / COUNT),
                                        sent[i - 1].bytes + random_below(&r, UINT64_MAX / COUNT),
                                        sent[i - 1].operations + random_below(&r, 3) };
    sent[COUNT - 1] = (struct meter_point){ INT64_MAX, UINT64_MAX, UINT64_MAX };
    unsigned char blob[COUNT * METER_POINT_BYTES];
    meter_pack(sent, COUNT, blob);
    struct err e = { 0 };
    for (size_t count = 0; count <= COUNT; count++) {
        memset(got, 0, sizeof got);
        assert_true(meter_unpack(blob, count * METER_POINT_BYTES, got, &e));
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(got[i].raw_ns, sent[i].raw_ns);
            assert_int_equal(got[i].bytes, sent[i].bytes);
            assert_int_equal(got[i].operations, sent[i].operations);
        }
    }
}

static void a_point_is_three_big_endian_numbers(void **unused)
{
    (void)unused;
    unsigned char out[METER_POINT_BYTES];
    meter_pack(&(struct meter_point){ 0x0102030405060708, 0xf1f2f3f4f5f6f7f8, 9 }, 1, out);
    assert_memory_equal(out, "\1\2\3\4\5\6\7\x8\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\0\0\0\0\0\0\0\x9", sizeof out);
}

static void a_part_of_a_point_is_refused(void **unused)
{
    (void)unused;
    unsigned char blob[2 * METER_POINT_BYTES] = { 0 };
    struct meter_point points[2];
    for (size_t size = 0; size <= sizeof blob; size++) {
        struct err e = { 0 };
        bool is_whole = size % METER_POINT_BYTES == 0;
        assert_int_equal(meter_unpack(blob, size, points, &e), is_whole);
        if (!is_whole)
            assert_non_null(strstr(e.text, "no whole number of points"));
    }
}

static void refused_at(const struct meter_point *points, size_t count, size_t at)
{
    unsigned char blob[3 * METER_POINT_BYTES];
    struct meter_point got[3];
    struct err e = { 0 };
    char says[64];
    snprintf(says, sizeof says, "point %zu goes backwards", at);
    meter_pack(points, count, blob);
    assert_false(meter_unpack(blob, count * METER_POINT_BYTES, got, &e));
    assert_string_equal(e.text, says);
    assert_int_equal(e.exit, ERR_PARTIAL);
}

static void neither_stamps_nor_counters_go_backwards(void **unused)
{
    (void)unused;
    refused_at((struct meter_point[]){ { 5, 5, 5 }, { 4, 6, 6 } }, 2, 1);
    refused_at((struct meter_point[]){ { 5, 5, 5 }, { 6, 4, 6 } }, 2, 1);
    refused_at((struct meter_point[]){ { 5, 5, 5 }, { 6, 6, 4 } }, 2, 1);
    refused_at((struct meter_point[]){ { 5, 5, 5 }, { 6, 6, 6 }, { 6, 6, 5 } }, 3, 2);
    refused_at((struct meter_point[]){ { -1, 5, 5 } }, 1, 0);
    refused_at((struct meter_point[]){ { INT64_MIN, 5, 5 } }, 1, 0);
}

static void a_meter_that_stands_still_is_in_order(void **unused)
{
    (void)unused;
    unsigned char blob[2 * METER_POINT_BYTES];
    struct meter_point got[2];
    struct err e = { 0 };
    meter_pack((struct meter_point[]){ { 7, 1, 1 }, { 7, 1, 1 } }, 2, blob);
    assert_true(meter_unpack(blob, sizeof blob, got, &e));
}

enum { ADDS = 200000, STEP = 1000 };

static void *add_many(void *meter)
{
    for (int i = 0; i < ADDS; i++)
        meter_add(meter, STEP);
    return NULL;
}

static void a_reader_sees_counters_that_only_grow(void **unused)
{
    (void)unused;
    static struct meter meter;
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, add_many, &meter), 0);
    struct meter_point before = meter_read(&meter), now;
    do {
        now = meter_read(&meter);
        assert_true(now.raw_ns >= before.raw_ns && now.bytes >= before.bytes && now.operations >= before.operations);
        assert_int_equal(now.bytes % STEP, 0);
        before = now;
    } while (now.operations < ADDS);
    pthread_join(writer, NULL);
    assert_int_equal(meter_read(&meter).bytes, (uint64_t)ADDS * STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_survive_the_journey),
        cmocka_unit_test(a_point_is_three_big_endian_numbers),
        cmocka_unit_test(a_part_of_a_point_is_refused),
        cmocka_unit_test(neither_stamps_nor_counters_go_backwards),
        cmocka_unit_test(a_meter_that_stands_still_is_in_order),
        cmocka_unit_test(a_reader_sees_counters_that_only_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
