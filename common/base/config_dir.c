#include "config_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "directory.h"

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

bool config_dir_make(const char *path, struct err *e)
{
    struct stat st;
    if (!directory_make_all(path, 0700, e))
        return false;
    if (stat(path, &st) != 0)
        return err_errno(e, errno, "%s", path);
    return (st.st_mode & 077) == 0 ||
           err_set(e, ERR_USAGE, "%s: mode %04o lets others at the keys: chmod 700 %s", path, st.st_mode & 07777, path);
}
