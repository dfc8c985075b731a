#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "sync/hull.h"

__extension__ typedef __int128 wide;

enum { POINTS = 200 };

static bool is_less(struct hull_point a, struct hull_point b, int64_t at, int64_t value)
{
    return (wide)(a.value - value) * (at - b.at) < (wide)(b.value - value) * (at - a.at);
}

static struct hull_point flattest(const struct hull_point *points, size_t count, int64_t at, int64_t value)
{
    struct hull_point best = points[0];
    for (size_t i = 1; i < count; i++)
        if (is_less(points[i], best, at, value))
            best = points[i];
    return best;
}

/* Noise around a line, a parabola of either sign, or nothing; all times apart or many alike. */
static struct hull_point draw(struct random *state, int kind, int64_t index, int64_t spread)
{
    int64_t at = kind / 4 ? index / 3 * 1000 : index * 1000 + (int64_t)(random_next(state) % 999);
    int64_t value = (int64_t)(random_next(state) % (uint64_t)spread);
    switch (kind % 4) {
    case 0: return (struct hull_point){ at, value };
    case 1: return (struct hull_point){ at, value + at * 7 };
    case 2: return (struct hull_point){ at, value + at * at / 100000 };
    default: return (struct hull_point){ at, value - at * at / 100000 };
    }
}

/* `shuffled`: in any order, else in that of time. */
static void compare_with_all_pairs(bool shuffled)
{
    struct random state = { 5 };
    for (int round = 0; round < 400; round++) {
        struct hull_point points[POINTS];
        struct hull hull;
        size_t count = 1 + random_next(&state) % POINTS;
        assert_true(hull_init(&hull));
        for (size_t i = 0; i < count; i++)
            points[i] = draw(&state, round % 8, (int64_t)i, 1 + 3 * round);
        for (size_t i = 0; shuffled && i < count; i++) {
            size_t other = random_next(&state) % count;
            struct hull_point keep = points[i];
            points[i] = points[other];
            points[other] = keep;
        }
        int64_t last = INT64_MIN;
        for (size_t i = 0; i < count; i++) {
            hull_add(&hull, points[i]);
            last = points[i].at > last ? points[i].at : last;
            for (size_t k = 1; k < hull.count; k++)
                assert_true(hull.points[k - 1].at < hull.points[k].at);
            int64_t at = last + 1 + (int64_t)(random_next(&state) % 5000);
            int64_t value = (int64_t)(random_next(&state) % 4000) - 2000;
            struct hull_point found = hull_tangent(&hull, at, value), best = flattest(points, i + 1, at, value);
            assert_false(is_less(best, found, at, value));
        }
        hull_clear(&hull);
    }
}

static void the_tangent_is_the_flattest_of_all_lines(void **unused)
{
    (void)unused;
    compare_with_all_pairs(false);
}

static void it_is_so_in_whatever_order_points_come(void **unused)
{
    (void)unused;
    compare_with_all_pairs(true);
}

/* A parabola: every point of it is a vertex. Some have to go; those that are left are points of it. */
static void memory_is_bounded_where_every_point_is_a_vertex(void **unused)
{
    (void)unused;
    struct hull hull;
    assert_true(hull_init(&hull));
    for (int64_t i = 0; i < 100000; i++) {
        hull_add(&hull, (struct hull_point){ i, i * i });
        assert_true(hull.count <= HULL_CAP && hull.room <= HULL_CAP);
        assert_int_equal(hull.points[hull.count - 1].at, i);
        assert_int_equal(hull.points[0].at, 0);
    }
    assert_true(hull.count > HULL_CAP / 2);
    for (size_t k = 0; k < hull.count; k++)
        assert_int_equal(hull.points[k].value, hull.points[k].at * hull.points[k].at);
    hull_clear(&hull);
}

static void the_widest_differences_do_not_overflow(void **unused)
{
    (void)unused;
    const int64_t far = INT64_C(1) << 60, high = INT64_C(1) << 61;
    struct hull hull;
    assert_true(hull_init(&hull));
    hull_add(&hull, (struct hull_point){ -far, high });
    hull_add(&hull, (struct hull_point){ 0, -high });
    hull_add(&hull, (struct hull_point){ far - 1, high });
    assert_int_equal(hull.count, 3);
    assert_int_equal(hull_tangent(&hull, far, -high).at, 0);
    assert_int_equal(hull_tangent(&hull, far, high).at, 0);
    hull_clear(&hull);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tangent_is_the_flattest_of_all_lines),
        cmocka_unit_test(it_is_so_in_whatever_order_points_come),
        cmocka_unit_test(memory_is_bounded_where_every_point_is_a_vertex),
        cmocka_unit_test(the_widest_differences_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
