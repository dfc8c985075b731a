#include "config_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

bool config_dir_path(char *path, size_t size, struct err *e)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    int length = config && *config == '/' ? snprintf(path, size, "%s/tare", config)
                 : home && *home == '/'   ? snprintf(path, size, "%s/.config/tare", home)
                                          : -1;
    if (length < 0)
        return err_set(e, ERR_USAGE, "neither XDG_CONFIG_HOME nor HOME says where the keys are");
    return (size_t)length < size || err_set(e, ERR_USAGE, "%.200s...: the path is too long", path);
}

/* mkdir -p, each new one 0700. */
static bool make_all(const char *path, struct err *e)
{
    char part[512];
    if (!*path || !text_copy(part, sizeof part, path))
        return err_set(e, ERR_USAGE, "%.200s...: no path, or too long", path);
    for (char *at = strchr(part + 1, '/');; at = strchr(at + 1, '/')) {
        if (at)
            *at = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return err_errno(e, errno, "%s", part);
        if (!at)
            return true;
        *at = '/';
    }
}

bool config_dir_make(const char *path, struct err *e)
{
    struct stat st;
    if (!make_all(path, e))
        return false;
    if (stat(path, &st) != 0)
        return err_errno(e, errno, "%s", path);
    return (st.st_mode & 077) == 0 ||
           err_set(e, ERR_USAGE, "%s: mode %04o lets others at the keys: chmod 700 %s", path, st.st_mode & 07777, path);
}
