#include "tree_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/directory.h"
#include "base/text.h"

static bool name_place(struct tree_place *p, const char *name)
{
    char *const paths[] = { p->home, p->tree, p->prepared, p->part, p->fresh, p->disk, p->lock };
    static const char *const ENDS[] = { "", "/tree", "/prepared", ".part", ".new", ".disk", ".lock" };
    bool fits = text_copy(p->name, sizeof p->name, name);
    p->lock_fd = -1;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        paths[i][0] = '\0';
        fits = fits && text_append(paths[i], PATH_MAX, "%s/%s%s", p->cache, name, ENDS[i]);
    }
    return fits;
}

bool tree_place_of(const unsigned char hash[TREE_HASH], struct tree_place *p, struct err *e)
{
    char name[TREE_HASH_TEXT];
    return cache_dir_get("trees", p->cache, sizeof p->cache, e) &&
           (name_place(p, tree_hash_text(hash, name)) ||
            err_set(e, ERR_USAGE, "%.200s...: the path is too long", p->cache));
}

bool tree_place_lock(struct tree_place *p, bool fills, struct err *e)
{
    int fd = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_errno(e, errno, "cannot write '%s'", p->lock);
    if (flock(fd, (fills ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) {
        p->lock_fd = fd;
        return true;
    }
    bool is_busy = errno == EWOULDBLOCK;
    if (!is_busy)
        err_errno(e, errno, "cannot lock '%s'", p->lock);
    else if (e)
        e->text[0] = '\0';
    close(fd);
    return false;
}

void tree_place_unlock(struct tree_place *p)
{
    if (p->lock_fd >= 0)
        close(p->lock_fd);
    p->lock_fd = -1;
}

bool tree_place_is_whole(const struct tree_place *p)
{
    if (access(p->tree, R_OK | X_OK) != 0)
        return false;
    if (utimensat(AT_FDCWD, p->home, NULL, 0) != 0 && errno != EROFS) /* a guest's is a disk that nobody writes to */
        return false;
    return true;
}

static bool is_tree(const char *name)
{
    return strlen(name) == TREE_HASH_TEXT - 1 && strspn(name, "0123456789abcdef") == TREE_HASH_TEXT - 1;
}

/* The one that was not used for longest, of `count`. */
static size_t find_oldest(const char *cache, char oldest[TREE_HASH_TEXT])
{
    struct timespec when = { .tv_sec = 0 };
    struct stat st;
    size_t count = 0;
    DIR *dir = opendir(cache);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!is_tree(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        bool is_older =
            st.st_mtim.tv_sec < when.tv_sec || (st.st_mtim.tv_sec == when.tv_sec && st.st_mtim.tv_nsec < when.tv_nsec);
        if (count++ == 0 || is_older) {
            when = st.st_mtim;
            text_copy(oldest, TREE_HASH_TEXT, entry->d_name);
        }
    }
    if (dir)
        closedir(dir);
    return count;
}

void tree_cache_tidy(const char *cache)
{
    struct tree_place p;
    char oldest[TREE_HASH_TEXT];
    if (!text_copy(p.cache, sizeof p.cache, cache))
        return;
    for (size_t count = find_oldest(cache, oldest); count > TREE_CACHE_KEPT; count--) {
        size_t left = count;
        if (name_place(&p, oldest) && tree_place_lock(&p, true, NULL)) {
            /* First by name: what is half removed is no tree. */
            if (directory_remove_all(p.fresh, NULL) && rename(p.home, p.fresh) == 0 &&
                directory_remove_all(p.fresh, NULL))
                (void)(unlink(p.disk) + unlink(p.lock));
            tree_place_unlock(&p);
            left = find_oldest(cache, oldest);
        }
        if (left >= count) /* it is in use: so be it until the next time */
            return;
    }
}
