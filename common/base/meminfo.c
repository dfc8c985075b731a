#include "meminfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"

enum { FILE_MOST = 8192, KIB = 1024 };

int64_t meminfo_read(const char *root, const char *key)
{
    char text[FILE_MOST];
    const size_t length = strlen(key);
    if (!small_file_read(root, "/proc/meminfo", text, sizeof text))
        return -1;
    for (const char *line = text; line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        if (strncmp(line, key, length) != 0 || line[length] != ':')
            continue;
        char *end;
        errno = 0;
        long long value = strtoll(line + length + 1, &end, 10);
        if (end == line + length + 1 || errno != 0 || value < 0)
            return -1;
        if (strncmp(end, " kB", 3) != 0)
            return value;
        return value <= INT64_MAX / KIB ? value * KIB : -1;
    }
    return -1;
}
