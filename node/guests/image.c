#include "image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "base/cache_dir.h"
#include "base/clock.h"
#include "base/text.h"
#include "guests/cpio.h"
#include "guests/recipe.h"

enum {
    LOCK_S = 330, /* longer than another agent needs to fetch a kernel */
    KEPT = 4,     /* images that stay in the cache, the last used ones */
};

/* Whole or not at all. */
static bool keep_image(const struct recipe *r, const char *cache, const char *path, struct err *e)
{
    char fresh[PATH_MAX] = "";
    FILE *to = text_append(fresh, sizeof fresh, "%s/new", cache) ? fopen(fresh, "we") : NULL;
    if (!to)
        return err_errno(e, errno, "cannot write into '%s'", cache);
    bool ok = recipe_write(r, to, e);
    if (fclose(to) != 0 && ok)
        ok = err_errno(e, errno, "cannot write '%s'", fresh);
    if (ok && rename(fresh, path) != 0)
        ok = err_errno(e, errno, "cannot write '%s'", path);
    if (!ok)
        (void)unlink(fresh);
    return ok;
}

/* The guest's own archive: where it is, and who. */
static bool write_secret(const struct image_order *order, FILE *to, struct err *e)
{
    struct cpio cpio = { .to = to };
    char guest[512] = "", invite[1024];
    bool ok = (text_append(guest, sizeof guest, "ADDRESS='%s'\nGATEWAY='%s'\nDISK='%s'\nROOT='%s'\nTREE='%s'\n",
                           order->address, order->gateway, order->disk, order->root, order->tree) ||
               err_set(e, ERR_USAGE, "the address is too long")) &&
              invite_print(order->invite, invite, sizeof invite, e) && cpio_directory(&cpio, "tare", 0700, e) &&
              cpio_text(&cpio, "tare/guest", 0600, guest, e) && cpio_text(&cpio, "tare/invite", 0600, invite, e) &&
              cpio_end(&cpio, e);
    sodium_memzero(invite, sizeof invite);
    return ok;
}

static bool copy_image(const char *path, FILE *to, struct err *e)
{
    char block[64 * 1024];
    size_t got;
    FILE *from = fopen(path, "re");
    if (!from)
        return err_errno(e, errno, "cannot read '%s'", path);
    while ((got = fread(block, 1, sizeof block, from)) > 0 && fwrite(block, 1, got, to) == got)
        ;
    bool ok = (!ferror(from) && !ferror(to)) || err_errno(e, errno, "cannot copy '%s'", path);
    fclose(from);
    return ok;
}

static bool write_initrd(const struct image_order *order, const char *image, struct err *e)
{
    int fd = open(order->initrd, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *to = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!to)
        return err_errno(e, errno, "cannot write '%s'", order->initrd);
    bool ok = copy_image(image, to, e) && write_secret(order, to, e);
    if (fclose(to) != 0 && ok)
        ok = err_errno(e, errno, "cannot write '%s'", order->initrd);
    if (!ok)
        (void)unlink(order->initrd);
    return ok;
}

/* ---- the cache ---- */

/* One agent at a time; it ends with the process that holds it. -1: failed. */
static int lock_cache(const char *cache, const struct image_order *order, struct err *e)
{
    const int64_t deadline = clock_mono_ns() + (int64_t)LOCK_S * CLOCK_NS_PER_S;
    int fd = open(cache, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        struct pollfd cancelled = { .fd = order->cancel_fd, .events = POLLIN };
        if (errno != EWOULDBLOCK || clock_mono_ns() >= deadline || poll(&cancelled, 1, 50) > 0) {
            err_set(e, ERR_PARTIAL, "'%s' is locked by another agent that makes an image", cache);
            close(fd);
            return -1;
        }
    }
    if (fd < 0)
        err_errno(e, errno, "cannot open '%s'", cache);
    return fd;
}

static const char SUFFIX[] = ".cpio";

static bool is_image(const char *name)
{
    size_t length = strlen(name);
    return length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0;
}

/* Remove the images that were not used for longest, but the last KEPT. */
static void tidy(const char *cache)
{
    for (size_t count = KEPT + 1; count > KEPT;) {
        char oldest[NAME_MAX + 1] = "";
        struct timespec when = { .tv_sec = 0 };
        struct stat st;
        DIR *dir = opendir(cache);
        count = 0;
        for (const struct dirent *entry; dir && (entry = readdir(dir));) {
            if (!is_image(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
                continue;
            bool is_older = st.st_mtim.tv_sec < when.tv_sec ||
                            (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec);
            if (count++ == 0 || is_older) {
                when = st.st_mtim;
                text_copy(oldest, sizeof oldest, entry->d_name);
            }
        }
        if (count > KEPT && unlinkat(dirfd(dir), oldest, 0) != 0)
            count = 0;
        if (dir)
            closedir(dir);
    }
}

/* The kernel to boot; fetched where there is none. */
static bool choose_kernel(const struct image_order *order, const char *cache, struct kernel *kernel, struct err *e)
{
    struct err why = { .text = "" };
    if (kernel_find("", cache, kernel, &why))
        return true;
    if (*why.text)
        return err_set(e, why.exit, "%s", why.text);
    order->tell(order->context, "fetching a kernel for guests");
    return kernel_fetch(cache, order->cancel_fd, kernel, e);
}

static bool make_locked(const struct image_order *order, const char *cache, struct image *image, struct err *e)
{
    char path[PATH_MAX] = "";
    struct recipe *recipe = NULL;
    if (!choose_kernel(order, cache, &image->kernel, e))
        return false;
    const struct recipe_needs needs = { &image->kernel, order->libraries, order->agent, order->nic };
    bool ok = recipe_new(&needs, &recipe, e) && recipe_key(recipe, &image->kernel, image->key, e);
    if (ok && !text_append(path, sizeof path, "%s/%s%s", cache, image->key, SUFFIX))
        ok = err_set(e, ERR_USAGE, "%.200s...: the path is too long", cache);
    image->was_kept = ok && utimensat(AT_FDCWD, path, NULL, 0) == 0; /* it is used now */
    if (ok && !image->was_kept) {
        order->tell(order->context, "making the guests' image");
        ok = keep_image(recipe, cache, path, e);
        tidy(cache);
    }
    recipe_destroy(&recipe);
    return ok && (!order->initrd || write_initrd(order, path, e));
}

bool image_make(const struct image_order *order, struct image *image, struct err *e)
{
    char cache[PATH_MAX];
    if (!cache_dir_get("guests", cache, sizeof cache, e))
        return false;
    int lock = lock_cache(cache, order, e);
    if (lock < 0)
        return false;
    struct image made = { .was_kept = false };
    bool ok = make_locked(order, cache, &made, e);
    close(lock);
    if (!ok)
        return err_wrap(e, "the guest's image");
    *image = made;
    return true;
}
