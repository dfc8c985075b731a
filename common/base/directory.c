#include "directory.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

bool directory_make_all(const char *path, mode_t mode, struct err *e)
{
    char part[PATH_MAX];
    if (!*path || !text_copy(part, sizeof part, path))
        return err_set(e, ERR_USAGE, "%.200s...: no path, or too long", path);
    for (char *at = strchr(part + 1, '/');; at = strchr(at + 1, '/')) {
        if (at)
            *at = '\0';
        if (mkdir(part, mode) != 0 && errno != EEXIST)
            return err_errno(e, errno, "%s", part);
        if (!at)
            return true;
        *at = '/';
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

bool directory_remove_all(const char *path, struct err *e)
{
    enum { DESCRIPTORS = 16 };
    return nftw(path, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 || errno == ENOENT ||
           err_errno(e, errno, "cannot remove '%s'", path);
}
