/* test_point.h - fault injection of the test builds: die as kill -9 would have it, at a named point. */
#ifndef TARE_TEST_POINT_H
#define TARE_TEST_POINT_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* At the n-th passing of the point that `wanted` names, "NAME" or "NAME:N"; NULL for never. */
static inline void test_point_pass(const char *wanted, const char *point, int *passed)
{
#ifdef TARE_TEST_FLAGS
    const char *count = wanted ? strchrnul(wanted, ':') : NULL;
    if (!wanted || strlen(point) != (size_t)(count - wanted) || strncmp(wanted, point, strlen(point)) != 0)
        return;
    if (++*passed >= (*count ? strtol(count + 1, NULL, 10) : 1))
        kill(getpid(), SIGKILL);
#else
    (void)wanted, (void)point, (void)passed;
#endif
}

#endif
