#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/text.h"
#include "wire/message.h"

/* Fillers, made from the list itself: each message with every field at random, or at its limit. */
enum fill { AT_RANDOM, SMALLEST, LARGEST };

static uint64_t number(struct random *r, enum fill fill, uint64_t smallest, uint64_t largest)
{
    return fill == SMALLEST ? smallest : fill == LARGEST ? largest : random_next(r) >> random_below(r, 64);
}

static void fill_text(struct random *r, enum fill fill, char *at, size_t max)
{
    size_t length = fill == SMALLEST ? 0 : fill == LARGEST ? max - 1 : random_below(r, max);
    for (size_t i = 0; i < length; i++)
        at[i] = (char)(1 + random_below(r, 255));
}

static size_t fill_bytes(struct random *r, enum fill fill, unsigned char *at, size_t max)
{
    size_t size = fill == SMALLEST ? 0 : fill == LARGEST ? max : random_below(r, max + 1);
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)random_next(r);
    return size;
}

#define U_FILL(T, f) m->T.f = (uint32_t)number(r, fill, 0, UINT32_MAX);
#define I_FILL(T, f) m->T.f = (int64_t)number(r, fill, (uint64_t)INT64_MIN, INT64_MAX);
#define S_FILL(T, f, max) fill_text(r, fill, m->T.f, max);
#define B_FILL(T, f, max) m->T.f##_size = fill_bytes(r, fill, m->T.f, max);
#define FILL(number_, NAME, member) \
    case MESSAGE_##NAME: NAME##_FIELDS(member, U_FILL, I_FILL, S_FILL, B_FILL) break;

static void fill_message(struct random *r, enum fill fill, enum message_type type, struct message *m)
{
    memset(m, 0, sizeof *m);
    m->type = type;
    switch (type) {
        MESSAGES(FILL)
    }
    if (message_magic(type)) { /* what makes it one of ours: all maps begin alike */
        memset(m->hello.magic, 0, sizeof m->hello.magic);
        text_copy(m->hello.magic, sizeof m->hello.magic, message_magic(type));
        m->hello.major = WIRE_MAJOR;
    }
}

static void encode(const struct message *m, msgpack_sbuffer *frame)
{
    struct err e = { 0 };
    msgpack_sbuffer_init(frame);
    if (!message_encode(m, frame, &e))
        fail_msg("%s: %s", message_name(m->type), e.text);
}

static void every_message_survives_the_journey_at_random_and_at_its_limits(void **unused)
{
    (void)unused;
    struct random r = { 1 };
    const enum message_type *type;
    static struct message sent, got;
    for (size_t n = 0; (type = message_nth(n)); n++)
        for (int i = 0; i < 200; i++) {
            msgpack_sbuffer frame;
            struct err e = { 0 };
            fill_message(&r, i == 0 ? SMALLEST : i == 1 ? LARGEST : AT_RANDOM, *type, &sent);
            encode(&sent, &frame);
            assert_true(frame.size <= MESSAGE_FRAME_MAX);
            memset(&got, 0, sizeof got);
            if (!message_decode(frame.data, frame.size, &got, &e))
                fail_msg("%s: %s", message_name(*type), e.text);
            assert_memory_equal(&got, &sent, sizeof got);
            msgpack_sbuffer_destroy(&frame);
        }
}

static void the_list_ends_and_numbers_and_names_differ(void **unused)
{
    (void)unused;
    size_t count = 0;
    while (message_nth(count))
        count++;
    assert_null(message_nth(count + 1));
    assert_null(message_nth(SIZE_MAX));
    for (size_t a = 0; a < count; a++) {
        assert_string_not_equal(message_name(*message_nth(a)), "?");
        for (size_t b = 0; b < a; b++) {
            assert_true(*message_nth(a) != *message_nth(b));
            assert_string_not_equal(message_name(*message_nth(a)), message_name(*message_nth(b)));
        }
    }
    assert_string_equal(message_name((enum message_type)0), "?");
    assert_string_equal(message_name((enum message_type)9999), "?");
}

static void every_part_of_every_message_is_refused(void **unused)
{
    (void)unused;
    struct random r = { 2 };
    const enum message_type *type;
    static struct message sent, got;
    for (size_t n = 0; (type = message_nth(n)); n++) {
        msgpack_sbuffer frame;
        struct err e = { 0 };
        fill_message(&r, AT_RANDOM, *type, &sent);
        encode(&sent, &frame);
        for (size_t cut = 0; cut < frame.size; cut += 1 + cut / 32) {
            char *part = malloc(cut ? cut : 1); /* of its size, for the sanitizer */
            assert_non_null(part);
            memcpy(part, frame.data, cut);
            assert_false(message_decode(part, cut, &got, &e));
            free(part);
        }
        msgpack_sbuffer_destroy(&frame);
    }
}

/* A frame put together by hand: the fields of the message as msgpack objects, one of them changed. */
static void one_field_less_or_more_is_refused(void **unused)
{
    (void)unused;
    struct random r = { 3 };
    const enum message_type *type;
    static struct message sent, got;
    for (size_t n = 0; (type = message_nth(n)); n++) {
        if (message_magic(*type)) /* a map */
            continue;
        msgpack_sbuffer frame;
        fill_message(&r, SMALLEST, *type, &sent);
        encode(&sent, &frame);
        msgpack_unpacked whole;
        msgpack_unpacked_init(&whole);
        size_t used = 0;
        assert_int_equal(msgpack_unpack_next(&whole, frame.data, frame.size, &used), MSGPACK_UNPACK_SUCCESS);
        const msgpack_object_array *array = &whole.data.via.array;
        for (uint32_t size = 1; size <= array->size + 1; size++) {
            if (size == array->size)
                continue;
            msgpack_sbuffer other;
            msgpack_sbuffer_init(&other);
            msgpack_packer pk;
            msgpack_packer_init(&pk, &other, msgpack_sbuffer_write);
            msgpack_pack_array(&pk, size);
            for (uint32_t i = 0; i < size; i++)
                if (i < array->size)
                    msgpack_pack_object(&pk, array->ptr[i]);
                else
                    msgpack_pack_nil(&pk);
            struct err e = { 0 };
            char says[64];
            snprintf(says, sizeof says, "%s has %u fields, expected %u", message_name(*type), size - 1,
                     array->size - 1);
            assert_false(message_decode(other.data, other.size, &got, &e));
            assert_string_equal(e.text, says);
            msgpack_sbuffer_destroy(&other);
        }
        msgpack_unpacked_destroy(&whole);
        msgpack_sbuffer_destroy(&frame);
    }
}

/* Every field of every message once in each kind of msgpack: it is taken, or refused by its name. */
static void a_field_of_the_wrong_kind_is_named(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t size;
    } KINDS[] = { { "\xc0", 1 },  { "\xc3", 1 },    { "\xcb\x3f\xf0\0\0\0\0\0\0", 9 },
                  { "\x90", 1 },  { "\x80", 1 },    { "\x91\x01", 2 },
                  { "\xa1x", 2 }, { "\xc4\1x", 3 }, { "\x05", 1 } };
    struct random r = { 4 };
    const enum message_type *type;
    static struct message sent, got;
    for (size_t n = 0; (type = message_nth(n)); n++) {
        if (message_magic(*type)) /* a map */
            continue;
        msgpack_sbuffer frame;
        fill_message(&r, SMALLEST, *type, &sent);
        encode(&sent, &frame);
        msgpack_unpacked whole;
        msgpack_unpacked_init(&whole);
        size_t used = 0;
        assert_int_equal(msgpack_unpack_next(&whole, frame.data, frame.size, &used), MSGPACK_UNPACK_SUCCESS);
        const msgpack_object_array *array = &whole.data.via.array;
        for (uint32_t changed = 1; changed < array->size; changed++) {
            int taken = 0;
            for (size_t kind = 0; kind < ARRAY_SIZE(KINDS); kind++) {
                msgpack_sbuffer other;
                msgpack_sbuffer_init(&other);
                msgpack_packer pk;
                msgpack_packer_init(&pk, &other, msgpack_sbuffer_write);
                msgpack_pack_array(&pk, array->size);
                for (uint32_t i = 0; i < array->size; i++)
                    if (i == changed)
                        msgpack_sbuffer_write(&other, KINDS[kind].bytes, KINDS[kind].size);
                    else
                        msgpack_pack_object(&pk, array->ptr[i]);
                struct err e = { 0 };
                char begins[64];
                int length = snprintf(begins, sizeof begins, "%s: ", message_name(*type));
                if (message_decode(other.data, other.size, &got, &e))
                    taken++;
                else
                    assert_memory_equal(e.text, begins, (size_t)length);
                msgpack_sbuffer_destroy(&other);
            }
            assert_int_equal(taken, 1); /* a field has one kind */
        }
        msgpack_unpacked_destroy(&whole);
        msgpack_sbuffer_destroy(&frame);
    }
}

static void what_holds_more_than_its_limit_is_not_sent(void **unused)
{
    (void)unused;
    static struct message m = { .type = MESSAGE_SAMPLE };
    m.sample.points_size = sizeof m.sample.points + 1;
    msgpack_sbuffer frame;
    msgpack_sbuffer_init(&frame);
    struct err e = { 0 };
    assert_false(message_encode(&m, &frame, &e));
    assert_non_null(strstr(e.text, "SAMPLE: points holds"));
    assert_false(message_encode(&(struct message){ .type = (enum message_type)99 }, &frame, &e));
    msgpack_sbuffer_destroy(&frame);
}

static void refused(const char *bytes, size_t size, const char *because)
{
    struct message untouched = { .type = MESSAGE_ARM, .arm = { .trial = 99 } };
    struct err e = { 0 };
    assert_false(message_decode(bytes, size, &untouched, &e));
    if (!strstr(e.text, because))
        fail_msg("says '%s', not '%s'", e.text, because);
    assert_int_equal(e.exit, ERR_PARTIAL);
    assert_int_equal(untouched.type, MESSAGE_ARM);
    assert_int_equal(untouched.arm.trial, 99);
}
#define REFUSED(bytes, because) refused(bytes, sizeof bytes - 1, because)

static void hostile_frames_are_named_and_change_nothing(void **unused)
{
    (void)unused;
    REFUSED("", "not a message");
    REFUSED("\xdd\x0f\xff\xff\xff", "not a message"); /* claims 268 million elements */
    REFUSED("\x91\xdd\x0f\xff\xff\xff", "not a message");
    REFUSED("\x92\x05", "not a message");             /* cut short */
    REFUSED("\x92\x05\x00\x00", "not a message");     /* one byte too many */
    REFUSED("\x92\x05\xd4\x01\x02", "not a message"); /* an extension */
    REFUSED("\x07", "not a message");
    REFUSED("\xa5hello", "not a message");
    REFUSED("\x90", "not a message");
    REFUSED("\x91\xff", "not a message");
    REFUSED("\x91\xa1x", "not a message");
    REFUSED("\x92\x63\x07", "unknown message type 99");
    REFUSED("\x91\xcf\x00\x00\x00\x01\x00\x00\x00\x05", "unknown message type 4294967301"); /* not 5 again */
    REFUSED("\x91\x00", "unknown message type 0");
    REFUSED("\x91\x01", "unknown message type 1"); /* HELLO is no array */
    REFUSED("\x92\x05\xff", "PING: sequence is not a 32-bit number");
    REFUSED("\x92\x05\xcf\x00\x00\x00\x01\x00\x00\x00\x00", "PING: sequence is not a 32-bit number");
    REFUSED("\x95\x09\x01\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00", "ARM: at_ns is not a 64-bit signed number");
    REFUSED("\x92\x10\xa3"
            "a\0b",
            "BYE: reason is not text");
    REFUSED("\x92\x10\xc4\x01x", "BYE: reason is not text");
}

static void a_text_one_byte_too_long_is_refused(void **unused)
{
    (void)unused;
    char frame[8 + MESSAGE_REASON] = "\x92\x10\xda";
    for (size_t length = MESSAGE_REASON - 2; length <= MESSAGE_REASON; length++) {
        struct message m;
        struct err e = { 0 };
        frame[3] = (char)(length >> 8);
        frame[4] = (char)length;
        memset(frame + 5, 'x', length);
        assert_int_equal(message_decode(frame, 5 + length, &m, &e), length < MESSAGE_REASON);
        if (length < MESSAGE_REASON)
            assert_int_equal(strlen(m.bye.reason), length);
    }
}

static void a_frame_larger_than_any_is_refused_unread(void **unused)
{
    (void)unused;
    static char frame[MESSAGE_FRAME_MAX + 1] = "\xdb\x00\x00\xff\xfc"; /* otherwise in order */
    refused(frame, sizeof frame, "not a message (65537 bytes)");
}

/* ---- HELLO, frozen for ever ---- */

struct pair {
    const char *key, *text; /* text NULL: the number */
    uint64_t number;
};

static const struct pair GOOD[] = {
    { "magic", HELLO_MAGIC, 0 }, { "major", NULL, WIRE_MAJOR }, { "minor", NULL, 7 },
    { "program", "node", 0 },    { "version", "9.9", 0 },       { "name", "a", 0 },
    { "instance", "i", 0 },      { "boot_id", "b", 0 },
};

static void pack_hello(msgpack_sbuffer *frame, const struct pair *pairs, size_t count)
{
    msgpack_packer pk;
    msgpack_sbuffer_init(frame);
    msgpack_packer_init(&pk, frame, msgpack_sbuffer_write);
    msgpack_pack_map(&pk, count);
    for (size_t i = 0; i < count; i++) {
        msgpack_pack_str_with_body(&pk, pairs[i].key, strlen(pairs[i].key));
        if (pairs[i].text)
            msgpack_pack_str_with_body(&pk, pairs[i].text, strlen(pairs[i].text));
        else
            msgpack_pack_uint64(&pk, pairs[i].number);
    }
}

/* Decode GOOD with the entry at `index` replaced (or left out: NULL). */
static bool hello_with(size_t index, const struct pair *instead, struct message *m, struct err *e)
{
    struct pair pairs[ARRAY_SIZE(GOOD) + 1];
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++)
        if (i != index)
            pairs[count++] = GOOD[i];
    if (instead)
        pairs[count++] = *instead;
    msgpack_sbuffer frame;
    pack_hello(&frame, pairs, count);
    bool ok = message_decode(frame.data, frame.size, m, e);
    msgpack_sbuffer_destroy(&frame);
    return ok;
}

static void a_hello_in_any_order_is_read(void **unused)
{
    (void)unused;
    for (size_t last = 0; last < ARRAY_SIZE(GOOD); last++) {
        struct message m;
        struct err e = { 0 };
        assert_true(hello_with(last, &GOOD[last], &m, &e));
        assert_int_equal(m.type, MESSAGE_HELLO);
        assert_int_equal(m.hello.minor, 7);
        assert_string_equal(m.hello.name, "a");
        assert_string_equal(m.hello.boot_id, "b");
    }
}

static void unknown_keys_of_a_hello_are_skipped_whatever_they_hold(void **unused)
{
    (void)unused;
    static const char *const EXTRA[] = { ("\xa5"
                                          "extra\xc0"),
                                         "\x05\x06", "\x91\x01\xc3", "\xc4\x05magic\x01",
                                         "\xa5magix\x93\x01\x02\x81\xa1x\xc0" };
    static const size_t SIZES[] = { 7, 2, 3, 8, 13 };
    for (size_t i = 0; i < ARRAY_SIZE(EXTRA); i++) {
        for (int is_first = 0; is_first < 2; is_first++) {
            msgpack_sbuffer plain, frame;
            pack_hello(&plain, GOOD, ARRAY_SIZE(GOOD));
            msgpack_sbuffer_init(&frame);
            msgpack_sbuffer_write(&frame, "\x89", 1);
            if (is_first)
                msgpack_sbuffer_write(&frame, EXTRA[i], SIZES[i]);
            msgpack_sbuffer_write(&frame, plain.data + 1, plain.size - 1);
            if (!is_first)
                msgpack_sbuffer_write(&frame, EXTRA[i], SIZES[i]);
            struct message m;
            struct err e = { 0 };
            if (!message_decode(frame.data, frame.size, &m, &e))
                fail_msg("%zu: %s", i, e.text);
            assert_string_equal(m.hello.name, "a");
            msgpack_sbuffer_destroy(&plain);
            msgpack_sbuffer_destroy(&frame);
        }
    }
}

static void a_missing_key_of_a_hello_is_named(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++) {
        struct message m;
        struct err e = { 0 };
        char says[64];
        snprintf(says, sizeof says, "HELLO has no %s", GOOD[i].key);
        assert_false(hello_with(i, NULL, &m, &e));
        assert_string_equal(e.text, says);
    }
    REFUSED("\x80", "HELLO has no magic");
}

static void another_major_is_told_even_where_keys_are_missing(void **unused)
{
    (void)unused;
    static const uint64_t MAJORS[] = { 0, WIRE_MAJOR + 1, UINT32_MAX };
    for (size_t i = 0; i < ARRAY_SIZE(MAJORS); i++) {
        const struct pair pairs[] = { { "magic", HELLO_MAGIC, 0 },
                                      { "major", NULL, MAJORS[i] },
                                      { "version", "x", 0 } };
        msgpack_sbuffer frame;
        struct message m;
        struct err e = { 0 };
        pack_hello(&frame, pairs, ARRAY_SIZE(pairs));
        if (!message_decode(frame.data, frame.size, &m, &e))
            fail_msg("major %u: %s", (unsigned)MAJORS[i], e.text);
        assert_int_equal(m.hello.major, MAJORS[i]);
        assert_string_equal(m.hello.version, "x");
        assert_string_equal(m.hello.name, "");
        msgpack_sbuffer_destroy(&frame);
    }
}

static void hello_says(size_t index, struct pair instead, const char *because)
{
    struct message m;
    struct err e = { 0 };
    assert_false(hello_with(index, &instead, &m, &e));
    if (!strstr(e.text, because))
        fail_msg("says '%s', not '%s'", e.text, because);
}

static void a_hello_of_something_else_is_refused(void **unused)
{
    (void)unused;
    hello_says(0, (struct pair){ "magic", "tarf", 0 }, "not from an agent of tare");
    hello_says(0, (struct pair){ "magic", "", 0 }, "not from an agent of tare");
    hello_says(0, (struct pair){ "magic", "taretare", 0 }, "HELLO: magic is not text of at most 7 bytes");
    hello_says(0, (struct pair){ "magic", NULL, 1 }, "HELLO: magic is not text");
    hello_says(1, (struct pair){ "major", "1", 0 }, "HELLO: major is not a 32-bit number");
    hello_says(1, (struct pair){ "major", NULL, UINT64_C(1) << 32 | WIRE_MAJOR }, "HELLO: major is not a 32-bit");
    hello_says(5, (struct pair){ "name", "0123456789012345678901234567890123456789012345678901234567890123", 0 },
               "HELLO: name is not text of at most 63 bytes");
}

static void a_key_that_comes_twice_in_a_hello_is_refused(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < ARRAY_SIZE(GOOD); i++) {
        struct message m;
        struct err e = { 0 };
        char says[64];
        snprintf(says, sizeof says, "HELLO has %s twice", GOOD[i].key);
        assert_false(hello_with(SIZE_MAX, &GOOD[i], &m, &e));
        assert_string_equal(e.text, says);
    }
}

/* ---- seeds for the fuzzer ---- */

/* One file a message and size into the directory TARE_SEEDS, for tests/fuzz/corpus/message. */
static void seeds_are_written_where_asked_for(void **unused)
{
    (void)unused;
    const char *directory = getenv("TARE_SEEDS");
    if (!directory)
        skip();
    static struct message m;
    struct random r = { 5 };
    const enum message_type *type;
    for (size_t n = 0; (type = message_nth(n)); n++)
        for (int fill = AT_RANDOM; fill <= SMALLEST; fill++) { /* the largest would only slow the fuzzer */
            char path[512];
            msgpack_sbuffer frame;
            fill_message(&r, (enum fill)fill, *type, &m);
            encode(&m, &frame);
            snprintf(path, sizeof path, "%s/%s-%s", directory, message_name(*type),
                     fill == SMALLEST ? "smallest" : "random");
            FILE *file = fopen(path, "wb");
            assert_non_null(file);
            assert_int_equal(fwrite(frame.data, 1, frame.size, file), frame.size);
            assert_int_equal(fclose(file), 0);
            msgpack_sbuffer_destroy(&frame);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_the_journey_at_random_and_at_its_limits),
        cmocka_unit_test(the_list_ends_and_numbers_and_names_differ),
        cmocka_unit_test(every_part_of_every_message_is_refused),
        cmocka_unit_test(one_field_less_or_more_is_refused),
        cmocka_unit_test(a_field_of_the_wrong_kind_is_named),
        cmocka_unit_test(what_holds_more_than_its_limit_is_not_sent),
        cmocka_unit_test(hostile_frames_are_named_and_change_nothing),
        cmocka_unit_test(a_text_one_byte_too_long_is_refused),
        cmocka_unit_test(a_frame_larger_than_any_is_refused_unread),
        cmocka_unit_test(a_hello_in_any_order_is_read),
        cmocka_unit_test(unknown_keys_of_a_hello_are_skipped_whatever_they_hold),
        cmocka_unit_test(a_missing_key_of_a_hello_is_named),
        cmocka_unit_test(another_major_is_told_even_where_keys_are_missing),
        cmocka_unit_test(a_hello_of_something_else_is_refused),
        cmocka_unit_test(a_key_that_comes_twice_in_a_hello_is_refused),
        cmocka_unit_test(seeds_are_written_where_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
