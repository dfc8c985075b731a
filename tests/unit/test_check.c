#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <msgpack.h>

#include "base/random.h"
#include "base/text.h"
#include "wire/check.h"
#include "wire/message.h"

enum { MOST = 64 * 1024 };

/* A copy of exactly its size, so that a sanitizer sees the first byte read beyond it. */
static bool check(const void *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    if (size > 0)
        memcpy(copy, bytes, size);
    bool ok = frame_check(copy, size, MOST);
    free(copy);
    return ok;
}

#define TAKEN(bytes) assert_true(check(bytes, sizeof bytes - 1))
#define REFUSED(bytes) assert_false(check(bytes, sizeof bytes - 1))

static void pack_random(msgpack_packer *pk, struct random *r, int depth)
{
    static const char TEXT[70000];
    static const size_t SIZES[] = { 0, 1, 15, 16, 31, 32, 255, 256, 300 }; /* where the formats change */
    size_t size = SIZES[random_below(r, ARRAY_SIZE(SIZES))], few = random_below(r, 4);
    switch (random_below(r, depth < CHECK_DEPTH_MAX ? 10 : 8)) {
    case 0: msgpack_pack_nil(pk); break;
    case 1: random_below(r, 2) ? msgpack_pack_true(pk) : msgpack_pack_false(pk); break;
    case 2: msgpack_pack_uint64(pk, random_next(r) >> random_below(r, 64)); break;
    case 3: msgpack_pack_int64(pk, -(int64_t)(random_next(r) >> (1 + random_below(r, 63)))); break;
    case 4: msgpack_pack_float(pk, 0.5f); break;
    case 5: msgpack_pack_double(pk, 0.1); break;
    case 6: msgpack_pack_str_with_body(pk, TEXT, size); break;
    case 7: msgpack_pack_bin_with_body(pk, TEXT, size); break;
    case 8:
        msgpack_pack_array(pk, few);
        for (size_t i = 0; i < few; i++)
            pack_random(pk, r, depth + 1);
        break;
    default:
        msgpack_pack_map(pk, few);
        for (size_t i = 0; i < 2 * few; i++)
            pack_random(pk, r, depth + 1);
    }
}

static void every_format_of_the_specification_is_known(void **unused)
{
    (void)unused;
    TAKEN("\x00");
    TAKEN("\x7f");
    TAKEN("\xe0");
    TAKEN("\xff");
    TAKEN("\xc0");
    TAKEN("\xc2");
    TAKEN("\xc3");
    TAKEN("\xcc\1");
    TAKEN("\xcd\1\2");
    TAKEN("\xce\1\2\3\4");
    TAKEN("\xcf\1\2\3\4\5\6\7\x8");
    TAKEN("\xd0\1");
    TAKEN("\xd1\1\2");
    TAKEN("\xd2\1\2\3\4");
    TAKEN("\xd3\1\2\3\4\5\6\7\x8");
    TAKEN("\xca\1\2\3\4");
    TAKEN("\xcb\1\2\3\4\5\6\7\x8");
    TAKEN("\xa0");
    TAKEN("\xa3"
          "abc");
    TAKEN("\xd9\1a");
    TAKEN("\xda\0\1a");
    TAKEN("\xdb\0\0\0\1a");
    TAKEN("\xc4\1a");
    TAKEN("\xc5\0\1a");
    TAKEN("\xc6\0\0\0\1a");
    TAKEN("\x90");
    TAKEN("\x92\xc0\xc0");
    TAKEN("\xdc\0\1\xc0");
    TAKEN("\xdd\0\0\0\1\xc0");
    TAKEN("\x80");
    TAKEN("\x81\xc0\xc0");
    TAKEN("\xde\0\1\xc0\xc0");
    TAKEN("\xdf\0\0\0\1\xc0\xc0");
}

static void extensions_and_the_unused_tag_are_refused(void **unused)
{
    (void)unused;
    REFUSED("\xc1");
    REFUSED("\xc7\0\1");
    REFUSED("\xc8\0\0\1");
    REFUSED("\xc9\0\0\0\0\1");
    REFUSED("\xd4\1\2");
    REFUSED("\xd5\1\2\3");
    REFUSED("\xd6\1\2\3\4\5");
    REFUSED("\xd7\1\2\3\4\5\6\7\x8\x9");
    REFUSED("\xd8\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\x11");
    REFUSED("\x91\xc1");
}

static void whatever_msgpack_writes_is_taken_and_every_part_of_it_refused(void **unused)
{
    (void)unused;
    struct random r = { 1 };
    for (int i = 0; i < 3000; i++) {
        msgpack_sbuffer out;
        msgpack_sbuffer_init(&out);
        msgpack_packer pk;
        msgpack_packer_init(&pk, &out, msgpack_sbuffer_write);
        pack_random(&pk, &r, 0);
        assert_true(check(out.data, out.size));
        for (size_t cut = 0; cut < out.size; cut += 1 + cut / 16)
            assert_false(check(out.data, cut));
        assert_false(check(out.data, out.size - 1));
        msgpack_pack_nil(&pk);
        assert_false(check(out.data, out.size)); /* one object, and nothing after it */
        msgpack_sbuffer_destroy(&out);
    }
}

static void eight_containers_deep_is_the_deepest(void **unused)
{
    (void)unused;
    TAKEN("\x91\x91\x91\x91\x91\x91\x91\x91\x01");
    REFUSED("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01");
    TAKEN("\x81\x01\x81\x01\x91\x91\x91\x91\x91\x91\x01");
    REFUSED("\x81\x01\x81\x01\x91\x91\x91\x91\x91\x91\x91\x01");
    REFUSED("\x81\x91\x91\x91\x91\x91\x91\x91\x91\x01\x01"); /* as a key */
    unsigned char deep[MOST];
    memset(deep, 0x91, sizeof deep); /* the walk must not go down 65536 calls either */
    assert_false(check(deep, sizeof deep));
}

static void nothing_and_too_much_are_refused(void **unused)
{
    (void)unused;
    assert_false(check("", 0));
    assert_false(frame_check(NULL, 0, MOST));
    static unsigned char frame[MOST + 1] = { 0xc6, 0, 0, 0xff, 0xfb };
    assert_true(check(frame, MOST));
    frame[4]++;
    assert_false(check(frame, MOST + 1));
}

static void containers_claim_no_more_than_there_are_bytes(void **unused)
{
    (void)unused;
    REFUSED("\xdd\x0f\xff\xff\xff");
    REFUSED("\x91\xdd\x0f\xff\xff\xff");
    REFUSED("\xdf\xff\xff\xff\xff");
    REFUSED("\xdf\x80\x00\x00\x00\xc0"); /* twice that many is 0 in 32 bits */
    REFUSED("\xdc\xff\xff\xc0");
    REFUSED("\xde\xff\xff\xc0");
    REFUSED("\xdb\xff\xff\xff\xff");
    REFUSED("\xc6\xff\xff\xff\xff");
    /* Each claims what is left, the sum much more: work and memory are linear in the bytes. */
    static unsigned char frame[MOST];
    for (size_t i = 0; i < sizeof frame; i++)
        frame[i] = i % 3 == 0 ? 0xdc : 0x7f;
    assert_false(check(frame, sizeof frame));
}

/* The most address space that this process ever had: what is reserved and never touched counts. */
static long peak_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *file = fopen("/proc/self/status", "re");
    assert_non_null(file);
    while (kb < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "VmPeak:", 7) == 0)
            kb = strtol(line + 7, NULL, 10);
    fclose(file);
    assert_true(kb > 0);
    return kb;
}

static void five_bytes_that_claim_gigabytes_cost_nothing(void **unused)
{
    (void)unused;
    long before = peak_kb();
    struct message m = { .type = MESSAGE_BYE };
    struct err e = { 0 };
    assert_false(message_decode("\xdd\x0f\xff\xff\xff", 5, &m, &e));
    assert_false(message_decode("\x92\x02\xdd\x0f\xff\xff\xff", 7, &m, &e));
    assert_false(message_decode("\x81\xdf\x0f\xff\xff\xff\x01", 7, &m, &e));
    assert_true(peak_kb() - before < 64 * 1024);
}

static void random_bytes_are_decided_without_reading_past_them(void **unused)
{
    (void)unused;
    struct random r = { 7 };
    for (int i = 0; i < 200000; i++) {
        unsigned char bytes[24];
        for (size_t at = 0; at < sizeof bytes; at++)
            bytes[at] = (unsigned char)random_next(&r);
        size_t size = random_below(&r, sizeof bytes + 1);
        if (!check(bytes, size))
            continue;
        /* What is taken, msgpack-c takes, and takes whole. */
        msgpack_unpacked unpacked;
        msgpack_unpacked_init(&unpacked);
        size_t used = 0;
        assert_int_equal(msgpack_unpack_next(&unpacked, (char *)bytes, size, &used), MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(used, size);
        msgpack_unpacked_destroy(&unpacked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_bytes_that_claim_gigabytes_cost_nothing), /* first: it looks at the peak */
        cmocka_unit_test(every_format_of_the_specification_is_known),
        cmocka_unit_test(extensions_and_the_unused_tag_are_refused),
        cmocka_unit_test(whatever_msgpack_writes_is_taken_and_every_part_of_it_refused),
        cmocka_unit_test(eight_containers_deep_is_the_deepest),
        cmocka_unit_test(nothing_and_too_much_are_refused),
        cmocka_unit_test(containers_claim_no_more_than_there_are_bytes),
        cmocka_unit_test(random_bytes_are_decided_without_reading_past_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
