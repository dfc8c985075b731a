#include "module.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/beside.h"

bool module_load(const char *name, const struct provider **provider, struct err *e)
{
    char file[NAME_MAX], path[PATH_MAX];
    snprintf(file, sizeof file, "guests-%.64s.so", name);
    if (!beside_find(BESIDE_THIS, file, path))
        return err_set(e, ERR_USAGE, "the module %s is not installed: it stands beside tare-node or in ../lib/tare",
                       file);
    static void *module; /* never closed: threads of its libraries run to the end */
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
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
