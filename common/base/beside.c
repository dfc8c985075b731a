#include "beside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

static const char *const PLACES[] = { "", "/../lib/tare" };

bool beside_find(const char *program, const char *name, char path[PATH_MAX])
{
    char real[PATH_MAX], tried[PATH_MAX];
    if (!realpath(program, real))
        return false;
    *strrchr(real, '/') = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++) {
        tried[0] = '\0';
        if (text_append(tried, sizeof tried, "%s%s/%s", real, PLACES[i], name) && access(tried, R_OK) == 0)
            return text_copy(path, PATH_MAX, tried);
    }
    return false;
}
