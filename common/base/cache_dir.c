#include "cache_dir.h"

#include <stdio.h>
#include <stdlib.h>

#include "directory.h"

bool cache_dir_path(const char *part, char *path, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = cache && *cache == '/' ? snprintf(path, size, "%s/tare/%s", cache, part)
                 : home && *home == '/' ? snprintf(path, size, "%s/.cache/tare/%s", home, part)
                                        : -1;
    return length >= 0 && (size_t)length < size;
}

bool cache_dir_get(const char *part, char *path, size_t size, struct err *e)
{
    if (!cache_dir_path(part, path, size))
        return err_set(e, ERR_USAGE,
                       "neither XDG_CACHE_HOME nor HOME says where to keep what is made once, or it is too long");
    return directory_make_all(path, 0755, e);
}
