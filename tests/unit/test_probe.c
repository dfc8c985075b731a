#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "wire/probe.h"
#include "wire/probe_window.h"

static const struct probe_key TO_AGENT = { PROBE_FROM_COORDINATOR, "the coordinator seals with these" };
static const struct probe_key TO_COORDINATOR = { PROBE_FROM_AGENT, "and the agent with these others." };

static const struct probe_packet DIAL = { .kind = PROBE_DIAL, .session = 7, .sequence = 1 };
static const struct probe_packet ASK = { .kind = PROBE_ASK, .session = UINT64_MAX, .sequence = 2 };
static const struct probe_packet ANSWER = {
    .kind = PROBE_ANSWER,
    .session = UINT64_C(0x0123456789abcdef),
    .sequence = UINT64_C(0xfedcba9876543210),
    .t2_ns = INT64_MIN,
    .t3_ns = -1,
    .is_t2_kernel = true,
    .moves = PROBE_MOVES - 1,
    .earlier = 254,
    .earlier_t3_ns = INT64_MAX,
};

static const struct probe_key *key_for(enum probe_kind kind) { return kind == PROBE_ASK ? &TO_AGENT : &TO_COORDINATOR; }

static void seal(const struct probe_packet *packet, unsigned char out[PROBE_SIZE])
{
    struct err e = { 0 };
    if (!probe_seal(packet, key_for(packet->kind), out, &e))
        fail_msg("%s", e.text);
}

static void refused(const void *bytes, size_t size, const struct probe_key *key, const char *because)
{
    struct probe_packet untouched = { .sequence = 99 };
    struct err e = { 0 };
    assert_false(probe_open(bytes, size, key, &untouched, &e));
    assert_int_equal(e.exit, ERR_PARTIAL);
    if (!strstr(e.text, because))
        fail_msg("says: %s", e.text);
    assert_int_equal(untouched.sequence, 99);
}

static void packets_survive_the_journey(void **unused)
{
    (void)unused;
    const struct probe_packet all[] = { DIAL, ASK, ANSWER };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        unsigned char bytes[PROBE_SIZE];
        struct probe_packet got;
        struct err e = { 0 };
        seal(&all[i], bytes);
        assert_true(probe_open(bytes, sizeof bytes, key_for(all[i].kind), &got, &e));
        assert_int_equal(got.kind, all[i].kind);
        assert_int_equal(got.session, all[i].session);
        assert_int_equal(got.sequence, all[i].sequence);
        assert_int_equal(got.t2_ns, all[i].t2_ns);
        assert_int_equal(got.t3_ns, all[i].t3_ns);
        assert_int_equal(got.is_t2_kernel, all[i].is_t2_kernel);
        assert_int_equal(got.moves, all[i].moves);
        assert_int_equal(got.earlier, all[i].earlier);
        assert_int_equal(got.earlier_t3_ns, all[i].earlier_t3_ns);
    }
}

static void the_layout_is_the_documented_one(void **unused)
{
    (void)unused;
    unsigned char bytes[PROBE_SIZE];
    seal(&ANSWER, bytes);
    static const unsigned char EXPECTED[48] = {
        't',  'a',  'r',  'e',  2,    3,    0xff, 0xfe, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
        0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10, 0x80, 0,    0,    0,    0,    0,    0,    0,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    assert_memory_equal(bytes, EXPECTED, sizeof EXPECTED);
}

static void every_flipped_bit_is_refused(void **unused)
{
    (void)unused;
    const struct probe_packet all[] = { DIAL, ASK, ANSWER };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++)
        for (size_t bit = 0; bit < (size_t)8 * PROBE_SIZE; bit++) {
            unsigned char bytes[PROBE_SIZE];
            seal(&all[i], bytes);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            refused(bytes, sizeof bytes, key_for(all[i].kind), "another key, or damaged");
        }
}

static void other_sizes_are_refused(void **unused)
{
    (void)unused;
    unsigned char bytes[PROBE_SIZE + 1] = { 0 };
    seal(&ANSWER, bytes);
    for (size_t size = 0; size <= sizeof bytes; size++)
        if (size != PROBE_SIZE)
            refused(bytes, size, &TO_COORDINATOR, "instead of 64");
}

static void what_is_reflected_is_refused(void **unused)
{
    (void)unused;
    unsigned char bytes[PROBE_SIZE];
    seal(&ASK, bytes);
    refused(bytes, sizeof bytes, &TO_COORDINATOR, "another key");
    /* Even if both directions had the same bytes for a key, the kind says which way it goes. */
    struct probe_key same = TO_AGENT;
    same.sender = PROBE_FROM_AGENT;
    refused(bytes, sizeof bytes, &same, "goes the other way");
}

static void nothing_is_sealed_that_would_be_refused(void **unused)
{
    (void)unused;
    static const struct {
        struct probe_packet packet;
        const struct probe_key *key;
        const char *because;
    } CASES[] = {
        { { .kind = PROBE_ASK }, &TO_COORDINATOR, "goes the other way" },
        { { .kind = PROBE_DIAL }, &TO_AGENT, "goes the other way" },
        { { .kind = PROBE_ANSWER }, &TO_AGENT, "goes the other way" },
        { { .kind = 0 }, &TO_AGENT, "unknown kind 0" },
        { { .kind = 4 }, &TO_COORDINATOR, "unknown kind 4" },
        { { .kind = PROBE_ASK, .t2_ns = 1 }, &TO_AGENT, "only an answer has stamps" },
        { { .kind = PROBE_DIAL, .t3_ns = 1 }, &TO_COORDINATOR, "only an answer has stamps" },
        { { .kind = PROBE_DIAL, .earlier = 1 }, &TO_COORDINATOR, "only an answer has stamps" },
        { { .kind = PROBE_ASK, .is_t2_kernel = true }, &TO_AGENT, "only an answer has stamps" },
        { { .kind = PROBE_DIAL, .moves = 1 }, &TO_COORDINATOR, "only an answer has stamps" },
        { { .kind = PROBE_ANSWER, .moves = PROBE_MOVES }, &TO_COORDINATOR, "128 moves" },
        { { .kind = PROBE_ANSWER, .earlier_t3_ns = 1 }, &TO_COORDINATOR, "no earlier answer" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
        unsigned char bytes[PROBE_SIZE];
        struct err e = { 0 };
        assert_false(probe_seal(&CASES[i].packet, CASES[i].key, bytes, &e));
        if (!strstr(e.text, CASES[i].because))
            fail_msg("%zu says: %s", i, e.text);
    }
}

static void keys_are_random_and_wiped(void **unused)
{
    (void)unused;
    struct probe_key one, two;
    struct err e = { 0 };
    assert_true(probe_key_make(PROBE_FROM_AGENT, &one, &e));
    assert_true(probe_key_make(PROBE_FROM_AGENT, &two, &e));
    assert_memory_not_equal(one.bytes, two.bytes, sizeof one.bytes);
    static const unsigned char ZERO[PROBE_KEY_SIZE];
    probe_key_wipe(&one);
    assert_memory_equal(one.bytes, ZERO, sizeof ZERO);
}

static void each_answer_is_taken_once_and_finds_its_question(void **unused)
{
    (void)unused;
    struct probe_window w = { 0 };
    assert_null(probe_window_take(&w, 0, 9, false));
    assert_null(probe_window_take(&w, 1, 9, false));
    uint64_t first = probe_window_ask(&w, 100), second = probe_window_ask(&w, 200), third = probe_window_ask(&w, 300);
    const struct probe_slot *slot = probe_window_take(&w, second, 250, false); /* out of order */
    assert_non_null(slot);
    assert_int_equal(slot->t1_ns, 200);
    assert_int_equal(slot->t4_ns, 250);
    assert_false(slot->is_t1_kernel || slot->is_received_kernel);
    assert_null(probe_window_take(&w, second, 9, false)); /* again */
    assert_null(probe_window_take(&w, third + 1, 9, false));
    assert_null(probe_window_take(&w, 0, 9, false));
    assert_null(probe_window_take(&w, UINT64_MAX, 9, false));
    assert_true(probe_window_stamp(&w, first, 101));
    slot = probe_window_take(&w, first, 150, true);
    assert_int_equal(slot->t1_ns, 101);
    assert_true(slot->is_t1_kernel && slot->is_received_kernel);
    assert_false(probe_window_stamp(&w, first, 102));
    assert_false(probe_window_stamp(&w, third + 1, 102));
    probe_window_clear(&w);
}

static void of_each_answer_its_departure_is_told_once(void **unused)
{
    (void)unused;
    struct probe_window w = { 0 };
    uint64_t first = probe_window_ask(&w, 100), second = probe_window_ask(&w, 200);
    assert_null(probe_window_again(&w, first)); /* not answered yet */
    assert_non_null(probe_window_take(&w, first, 150, true));
    const struct probe_slot *slot = probe_window_again(&w, first);
    assert_int_equal(slot->t4_ns, 150);
    assert_null(probe_window_again(&w, first));
    assert_null(probe_window_again(&w, 0));
    assert_null(probe_window_again(&w, second + 1));
    assert_non_null(probe_window_take(&w, second, 250, true));
    uint64_t third = probe_window_ask(&w, 300);
    probe_window_forget(&w);
    assert_null(probe_window_again(&w, second)); /* of a clock that counts no more */
    assert_null(probe_window_take(&w, third, 350, true));
    assert_int_equal(probe_window_ask(&w, 400), third + 1); /* no sequence is given twice */
    probe_window_clear(&w);
    probe_window_forget(&w);
    assert_null(probe_window_take(&w, third, 350, true));
}

static void what_was_asked_too_long_ago_is_forgotten(void **unused)
{
    (void)unused;
    struct probe_window w = { 0 };
    for (int64_t i = 1; i <= PROBE_WINDOW_SIZE + 1; i++)
        assert_int_equal(probe_window_ask(&w, i * 10), i);
    assert_null(probe_window_take(&w, 1, 9, false)); /* its place is another's now */
    assert_false(probe_window_stamp(&w, 1, 5));
    for (int64_t i = 2; i <= PROBE_WINDOW_SIZE + 1; i++) {
        const struct probe_slot *slot = probe_window_take(&w, (uint64_t)i, 9, false);
        assert_non_null(slot);
        assert_int_equal(slot->t1_ns, i * 10);
    }
    probe_window_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_survive_the_journey),
        cmocka_unit_test(the_layout_is_the_documented_one),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(other_sizes_are_refused),
        cmocka_unit_test(what_is_reflected_is_refused),
        cmocka_unit_test(nothing_is_sealed_that_would_be_refused),
        cmocka_unit_test(keys_are_random_and_wiped),
        cmocka_unit_test(each_answer_is_taken_once_and_finds_its_question),
        cmocka_unit_test(of_each_answer_its_departure_is_told_once),
        cmocka_unit_test(what_was_asked_too_long_ago_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
