/* tempdir.h - a directory of a test's own, gone after it. */
#ifndef TARE_TESTS_TEMPDIR_H
#define TARE_TESTS_TEMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int tempdir_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

/* setup and teardown of cmocka: *state is the path. */
static int tempdir_make(void **state)
{
    const char *parent = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/tare-test-XXXXXX", parent && *parent == '/' ? parent : "/tmp") < 0 || !mkdtemp(path))
        return -1;
    *state = path;
    return 0;
}

static int tempdir_remove(void **state)
{
    int failed = nftw(*state, tempdir_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return failed;
}

#endif
