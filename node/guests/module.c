#include "module.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* From the directory of this very program: a build's own modules, not older ones that are installed. */
static const char *const PLACES[] = { "", "/../lib/tare" };

bool module_load(const char *name, const struct provider **provider, struct err *e)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return err_errno(e, errno, "cannot read '/proc/self/exe'");
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++) {
        char path[PATH_MAX] = "";
        if (!text_append(path, sizeof path, "%s%s/guests-%s.so", self, PLACES[i], name) || access(path, R_OK) != 0)
            continue;
        void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        const struct provider *found = module ? dlsym(module, PROVIDER_SYMBOL) : NULL;
        if (!found)
            return err_set(e, ERR_USAGE, "cannot load '%s': %s", path, dlerror());
        if (strcmp(found->version, TARE_VERSION) != 0)
            return err_set(e, ERR_USAGE, "'%s' is of tare %s, this program of %s: install the same version", path,
                           found->version, TARE_VERSION);
        if (found->shape != PROVIDER_SHAPE)
            return err_set(e, ERR_USAGE, "'%s' is of another build of tare %s than this program: build or install both",
                           path, TARE_VERSION);
        *provider = found;
        return true;
    }
    return err_set(e, ERR_USAGE,
                   "the module guests-%s.so is not installed: it stands beside tare-node or in ../lib/tare", name);
}
