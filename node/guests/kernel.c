#include "kernel.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/directory.h"
#include "base/text.h"
#include "guests/errand.h"

enum { FETCH_S = 300, ASK_S = 60, NAME = 256 };

/* Debian's kernel for virtual machines, by what uname calls the processor. */
static const struct {
    const char *machine, *package;
} PACKAGES[] = {
    { "x86_64", "linux-image-cloud-amd64" },
};

static const char IMAGE_PREFIX[] = "vmlinuz-";

/* The kernel `release` below `root`, with its modules: both must be readable. */
static bool is_there(const char *root, const char *release, struct kernel *k)
{
    *k = (struct kernel){ .release = "" };
    bool fits = text_copy(k->release, sizeof k->release, release) &&
                text_append(k->image, sizeof k->image, "%s/boot/%s%s", root, IMAGE_PREFIX, release) &&
                text_append(k->modules, sizeof k->modules, "%s/lib/modules/%s", root, release);
    return fits && access(k->image, R_OK) == 0 && access(k->modules, R_OK | X_OK) == 0;
}

/* The newest by name in `root`/boot. */
static bool find_newest(const char *root, struct kernel *k)
{
    char boot[PATH_MAX] = "", best[NAME] = "";
    struct kernel one;
    DIR *dir = text_append(boot, sizeof boot, "%s/boot", root) ? opendir(boot) : NULL;
    if (!dir)
        return false;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        const char *release = entry->d_name + strlen(IMAGE_PREFIX);
        if (strncmp(entry->d_name, IMAGE_PREFIX, strlen(IMAGE_PREFIX)) == 0 && is_there(root, release, &one) &&
            strverscmp(release, best) > 0 && text_copy(best, sizeof best, release))
            *k = one;
    }
    closedir(dir);
    return *best != '\0';
}

/* What is unpacked in the cache is a tree like the system's own. */
bool kernel_find(const char *root, const char *cache, struct kernel *kernel, struct err *e)
{
    struct utsname system;
    struct kernel k;
    if (uname(&system) != 0)
        return err_errno(e, errno, "uname");
    bool is_running = is_there(root, system.release, &k);
    if (!is_running && !find_newest(root, &k) && !find_newest(cache, &k))
        return false;
    *kernel = k;
    kernel->is_running = is_running;
    return true;
}

/* The package that `meta` stands for at the moment. */
static bool ask_package(const char *meta, const char *directory, int cancel_fd, char *package, size_t size,
                        struct err *e)
{
    static const char DEPENDS[] = "Depends: linux-image-";
    const char *const argv[] = { "apt-cache", "depends", meta, NULL };
    const struct errand errand = { argv, directory, (int64_t)ASK_S * CLOCK_NS_PER_S, cancel_fd };
    char said[4096];
    if (!errand_run(&errand, said, sizeof said, e))
        return false;
    const char *at = strstr(said, DEPENDS);
    if (!at)
        return err_set(e, ERR_USAGE, "apt knows no package '%s': `apt-get update` as root", meta);
    at += strlen("Depends: ");
    size_t length = strcspn(at, " \n");
    if (length >= size)
        return err_set(e, ERR_INTERNAL, "apt-cache: a name that is too long");
    memcpy(package, at, length);
    package[length] = '\0';
    return text_is_name(package) || err_set(e, ERR_INTERNAL, "apt-cache: '%.80s' is no package", package);
}

/* The file that apt has put into `directory`. */
static bool find_deb(const char *directory, char *name, size_t size)
{
    bool found = false;
    DIR *dir = opendir(directory);
    for (const struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        found = dot && strcmp(dot, ".deb") == 0 && text_copy(name, size, entry->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

static bool download(const char *meta, const char *directory, int cancel_fd, struct err *e)
{
    char package[NAME], deb[NAME], said[4096];
    const char *const fetch[] = { "apt-get", "download", "-q", package, NULL };
    const char *const unpack[] = { "dpkg-deb", "-x", deb, "new", NULL };
    const int64_t within = (int64_t)FETCH_S * CLOCK_NS_PER_S;
    if (!ask_package(meta, directory, cancel_fd, package, sizeof package, e) ||
        !errand_run(&(struct errand){ fetch, directory, within, cancel_fd }, said, sizeof said, e))
        return false;
    if (!find_deb(directory, deb, sizeof deb))
        return err_set(e, ERR_INTERNAL, "apt-get download left no package");
    return errand_run(&(struct errand){ unpack, directory, within, cancel_fd }, said, sizeof said, e);
}

/* `fresh`/new becomes part of `cache`: the modules first, since the image makes it count. */
static bool move_in(const char *fresh, const char *cache, struct err *e)
{
    struct kernel from, to;
    char unpacked[PATH_MAX] = "", boot[PATH_MAX] = "", lib[PATH_MAX] = "", modules[PATH_MAX] = "";
    if (!text_append(unpacked, sizeof unpacked, "%s/new", fresh) || !find_newest(unpacked, &from))
        return err_set(e, ERR_INTERNAL, "the package that apt fetched holds no kernel");
    bool fits = text_append(boot, sizeof boot, "%s/boot", cache) && text_append(lib, sizeof lib, "%s/lib", cache) &&
                text_append(modules, sizeof modules, "%s/lib/modules", cache);
    if (!fits)
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", cache);
    (void)mkdir(boot, 0755);
    (void)mkdir(lib, 0755);
    (void)mkdir(modules, 0755);
    (void)is_there(cache, from.release, &to); /* for the paths */
    bool moved = (rename(from.modules, to.modules) == 0 || errno == ENOTEMPTY || errno == EEXIST) &&
                 rename(from.image, to.image) == 0;
    return moved || err_errno(e, errno, "cannot keep the kernel in '%s'", cache);
}

bool kernel_fetch(const char *cache, int cancel_fd, struct kernel *kernel, struct err *e)
{
    struct utsname system;
    char fresh[PATH_MAX] = "";
    const char *meta = NULL;
    if (uname(&system) != 0)
        return err_errno(e, errno, "uname");
    for (size_t i = 0; i < ARRAY_SIZE(PACKAGES); i++)
        if (strcmp(PACKAGES[i].machine, system.machine) == 0)
            meta = PACKAGES[i].package;
    if (!meta)
        return err_set(e, ERR_USAGE, "no kernel is known for a guest on %s", system.machine);
    if (!text_append(fresh, sizeof fresh, "%s/fetch", cache))
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", cache);
    if (!directory_remove_all(fresh, e)) /* of an agent that was killed */
        return false;
    if (mkdir(fresh, 0755) != 0)
        return err_errno(e, errno, "cannot make '%s'", fresh);
    bool ok = download(meta, fresh, cancel_fd, e) && move_in(fresh, cache, e);
    (void)!directory_remove_all(fresh, NULL); /* else the next one does */
    if (!ok)
        return err_wrap(e, "no kernel for a guest is readable in /boot, and fetching %s", meta);
    return kernel_find("", cache, kernel, e) || err_set(e, ERR_INTERNAL, "the fetched kernel is not found again");
}
