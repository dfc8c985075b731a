#include "file_way.h"

#include <string.h>

#include "base/text.h"

void file_way_how(const char *path, char *out, size_t size)
{
    out[0] = '\0';
    text_append(out, size, "%.*s", (int)strcspn(path, ";"), path);
}

void file_way_place(const char *path, char *out, size_t size)
{
    const char *last = strrchr(path, '|'), *own = strstr(path, "; ");
    out[0] = '\0';
    text_append(out, size, "%s", last ? last + 2 : own ? own + 2 : "");
}

bool file_way_is_cached(const char *path)
{
    char how[64];
    file_way_how(path, how, sizeof how);
    return strstr(how, "cached") != NULL;
}
