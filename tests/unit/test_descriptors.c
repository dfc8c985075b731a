#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/descriptors.h"

enum { SOFT = 64, HARD = 128, SPARE = 8 };

static void limit(rlim_t soft, rlim_t hard)
{
    const struct rlimit l = { soft, hard };
    if (setrlimit(RLIMIT_NOFILE, &l) != 0)
        _exit(2);
}

/* A limit is for good: each test in a process of its own, which exits with 0 when all is as it should be. */
static int ends_with(int (*test)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(test());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int raises(void)
{
    limit(SOFT, HARD);
    return descriptors_limit() == SOFT && descriptors_raise() == HARD && descriptors_raise() == HARD ? 0 : 1;
}

static void the_soft_limit_goes_up_to_the_hard_one(void **unused)
{
    (void)unused;
    assert_int_equal(ends_with(raises), 0);
}

static int fills(void)
{
    limit(SOFT, SOFT);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC), last = null, before_last = null;
    if (!descriptors_left(null, SPARE))
        return 1;
    while (last < SOFT - SPARE - 1) {
        if (!descriptors_left(null, SPARE))
            return 3;
        last = dup(null);
    }
    if (descriptors_left(null, SPARE))
        return 4;
    for (int fd; (fd = dup(null)) >= 0; last = fd)
        before_last = last;
    if (descriptors_left(null, 1) || descriptors_left(null, SPARE))
        return 5;
    close(before_last);
    close(last);
    return descriptors_left(null, 1) && !descriptors_left(null, SPARE) ? 0 : 6;
}

static void it_is_seen_before_the_last_is_taken_and_when_some_come_back(void **unused)
{
    (void)unused;
    assert_int_equal(ends_with(fills), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_soft_limit_goes_up_to_the_hard_one),
        cmocka_unit_test(it_is_seen_before_the_last_is_taken_and_when_some_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
