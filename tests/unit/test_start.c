#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "result/start.h"

enum { T = 1000000, TOLERANCE = 1000 };

/* A first operation so many ns after T, +- bound. */
struct first {
    const char *node;
    int64_t after_ns, bound_ns;
};

static struct stream *add(struct trial *t, struct first f)
{
    struct stream *s = trial_add_stream(t);
    assert_non_null(s);
    text_copy(s->node, sizeof s->node, f.node);
    s->operates = true;
    s->first_op_ns = T + f.after_ns;
    s->first_op_bound_ns = f.bound_ns;
    return s;
}

static struct trial judged(const struct first *all, size_t count)
{
    struct trial t = { .at_ns = T };
    struct err e = { 0 };
    for (size_t i = 0; i < count; i++)
        add(&t, all[i]);
    assert_true(start_judge(&t, TOLERANCE, &e));
    return t;
}

static void verdict_is(enum verdict expected, const char *late, const struct first *all, size_t count)
{
    struct trial t = judged(all, count);
    assert_string_equal(verdict_name(t.verdict), verdict_name(expected));
    assert_string_equal(t.late, late);
    trial_clear(&t);
}
#define FIRSTS(...) \
    (const struct first[]){ __VA_ARGS__ }, sizeof((const struct first[]){ __VA_ARGS__ }) / sizeof(struct first)

static void starts_within_the_tolerance_are_together(void **unused)
{
    (void)unused;
    verdict_is(VERDICT_TOGETHER, "", FIRSTS({ "a", 0, 0 }, { "b", 0, 0 }));
    verdict_is(VERDICT_TOGETHER, "", FIRSTS({ "a", 10, 100 }, { "b", 300, 200 }, { "c", 5, 50 }));
    /* Bound included: exactly the tolerance is within it. */
    verdict_is(VERDICT_TOGETHER, "", FIRSTS({ "a", 0, 200 }, { "b", 500, 300 }));
    verdict_is(VERDICT_TOGETHER, "", FIRSTS({ "a", 500, 200 }, { "b", 0, 300 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 200 }, { "b", 501, 300 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 201 }, { "b", 500, 300 }));
}

static void one_pair_outside_is_enough(void **unused)
{
    (void)unused;
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", -600, 0 }, { "b", 0, 0 }, { "c", 600, 0 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 0 }, { "b", 0, 0 }, { "c", 0, 5000 }));
}

static void who_surely_began_after_the_tolerance_is_late_by_name(void **unused)
{
    (void)unused;
    verdict_is(VERDICT_LATE, "b", FIRSTS({ "a", 0, 10 }, { "b", 5000, 10 }));
    verdict_is(VERDICT_LATE, "a", FIRSTS({ "a", 5000, 10 }, { "b", 0, 10 }));
    /* Of two that are late, the one that surely was later: not the one with the wider bound. */
    verdict_is(VERDICT_LATE, "b", FIRSTS({ "a", 9000, 6000 }, { "b", 5000, 10 }, { "c", 0, 0 }));
    verdict_is(VERDICT_LATE, "c", FIRSTS({ "a", 3000, 10 }, { "b", 5000, 10 }, { "c", 5001, 10 }));
    /* All of them at one moment, but long after T. */
    verdict_is(VERDICT_LATE, "a", FIRSTS({ "a", 5000, 10 }, { "b", 5000, 10 }));
    /* Bound excluded: what may have been in time is not called late. */
    verdict_is(VERDICT_LATE, "b", FIRSTS({ "a", 0, 0 }, { "b", 1011, 10 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 0 }, { "b", 1010, 10 }));
}

static void a_bound_wider_than_what_is_asked_proves_nothing(void **unused)
{
    (void)unused;
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 600 }, { "b", 0, 600 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 1000000 }, { "b", 500000, 1000000 }));
}

static void one_first_operation_is_measured_against_the_instant(void **unused)
{
    (void)unused;
    verdict_is(VERDICT_SINGLE, "", FIRSTS({ "a", 0, 0 }));
    verdict_is(VERDICT_SINGLE, "", FIRSTS({ "a", 700, 300 }));
    verdict_is(VERDICT_SINGLE, "", FIRSTS({ "a", -700, 300 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 701, 300 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", -701, 300 }));
    verdict_is(VERDICT_UNPROVEN, "", FIRSTS({ "a", 0, 1001 }));
    verdict_is(VERDICT_LATE, "a", FIRSTS({ "a", 1302, 300 }));
    struct trial t = judged(FIRSTS({ "a", 0, 0 }));
    assert_int_equal(t.skew_count, 0);
    trial_clear(&t);
}

static void no_first_operation_is_none(void **unused)
{
    (void)unused;
    struct trial t = { .at_ns = T };
    struct err e = { 0 };
    assert_true(start_judge(&t, TOLERANCE, &e));
    assert_int_equal(t.verdict, VERDICT_NONE);
    trial_clear(&t);
    /* Nor do those count who only received, or whose moment is not known. */
    t = (struct trial){ .at_ns = T };
    add(&t, (struct first){ "a", 5000, 0 })->operates = false;
    add(&t, (struct first){ "b", 0, 0 })->first_op_ns = 0;
    assert_true(start_judge(&t, TOLERANCE, &e));
    assert_int_equal(t.verdict, VERDICT_NONE);
    trial_clear(&t);
}

static void who_receives_does_not_enter_the_skew(void **unused)
{
    (void)unused;
    struct trial t = { .at_ns = T };
    struct err e = { 0 };
    add(&t, (struct first){ "a", 0, 0 });
    add(&t, (struct first){ "peer", 100000, 0 })->operates = false;
    add(&t, (struct first){ "b", 0, 0 });
    assert_true(start_judge(&t, TOLERANCE, &e));
    assert_int_equal(t.verdict, VERDICT_TOGETHER);
    assert_int_equal(t.skew_count, 1);
    trial_clear(&t);
}

static void a_start_that_is_not_known_leaves_the_rest_unproven(void **unused)
{
    (void)unused;
    for (int at = 0; at < 3; at++) {
        struct trial t = { .at_ns = T };
        struct err e = { 0 };
        for (int i = 0; i < 3; i++) {
            struct stream *s = add(&t, (struct first){ &"abc"[i], 0, 0 });
            if (i == at)
                s->first_op_ns = s->first_op_bound_ns = 0;
        }
        assert_true(start_judge(&t, TOLERANCE, &e));
        assert_int_equal(t.verdict, VERDICT_UNPROVEN);
        trial_clear(&t);
    }
}

static void every_pair_is_told_once_with_the_sum_of_its_bounds(void **unused)
{
    (void)unused;
    struct trial t = judged(FIRSTS({ "a", 10, 1 }, { "b", 30, 2 }, { "c", 5, 4 }, { "d", 0, 8 }));
    assert_int_equal(t.skew_count, 6);
    for (size_t i = 0; i < t.skew_count; i++) {
        const struct stream *a = NULL, *b = NULL;
        for (size_t s = 0; s < t.stream_count; s++) {
            a = strcmp(t.streams[s].node, t.skews[i].a) == 0 ? &t.streams[s] : a;
            b = strcmp(t.streams[s].node, t.skews[i].b) == 0 ? &t.streams[s] : b;
        }
        assert_true(a && b && a != b);
        assert_int_equal(t.skews[i].ns, a->first_op_ns - b->first_op_ns);
        assert_int_equal(t.skews[i].bound_ns, a->first_op_bound_ns + b->first_op_bound_ns);
        for (size_t other = 0; other < i; other++)
            assert_false((strcmp(t.skews[other].a, t.skews[i].a) == 0 && strcmp(t.skews[other].b, t.skews[i].b) == 0) ||
                         (strcmp(t.skews[other].a, t.skews[i].b) == 0 && strcmp(t.skews[other].b, t.skews[i].a) == 0));
    }
    trial_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_within_the_tolerance_are_together),
        cmocka_unit_test(one_pair_outside_is_enough),
        cmocka_unit_test(who_surely_began_after_the_tolerance_is_late_by_name),
        cmocka_unit_test(a_bound_wider_than_what_is_asked_proves_nothing),
        cmocka_unit_test(one_first_operation_is_measured_against_the_instant),
        cmocka_unit_test(no_first_operation_is_none),
        cmocka_unit_test(who_receives_does_not_enter_the_skew),
        cmocka_unit_test(a_start_that_is_not_known_leaves_the_rest_unproven),
        cmocka_unit_test(every_pair_is_told_once_with_the_sum_of_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
