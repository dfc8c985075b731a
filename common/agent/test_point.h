/* test_point.h - fault injection of the test builds, at a named point: die as kill -9 would have it, or a clock that
 * steps. */
#ifndef TARE_TEST_POINT_H
#define TARE_TEST_POINT_H

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* "NAME" or "NAME:N": at its n-th passing of the point. */
static inline bool test_point_is(const char *wanted, const char *point, int *passed)
{
    const char *count = wanted ? strchrnul(wanted, ':') : NULL;
    return wanted && strlen(point) == (size_t)(count - wanted) && strncmp(wanted, point, strlen(point)) == 0 &&
           ++*passed == (*count ? strtol(count + 1, NULL, 10) : 1);
}

/* What is to happen at which point; NULL for never. */
struct test_points {
    const char *die_at;
    const char *step_at; /* RAW steps by TEST_STEP_MS */
    int passed;          /* of the one that is set */
};
enum { TEST_STEP_MS = 50 };

static inline void test_point_pass(struct test_points *points, const char *point)
{
#ifdef TARE_TEST_FLAGS
    if (test_point_is(points->die_at, point, &points->passed))
        kill(getpid(), SIGKILL);
    if (test_point_is(points->step_at, point, &points->passed))
        clock_test_step(clock_ms(TEST_STEP_MS));
#else
    (void)points, (void)point;
#endif
}

#endif
