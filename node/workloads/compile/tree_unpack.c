#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/text.h"
#include "workloads/compile/build_place.h"
#include "workloads/compile/tree_cache.h"

enum { DEEPEST = 64 };

/* Does a link in a directory `depth` below the tree's root stay within the tree, by what it says? */
static bool stays_inside(const char *target, int depth)
{
    if (*target == '/')
        return false;
    while (*target) {
        size_t length = strcspn(target, "/");
        if (length == 2 && target[0] == '.' && target[1] == '.')
            depth--;
        else if (length > 0 && !(length == 1 && *target == '.'))
            depth++;
        if (depth < 0)
            return false;
        target += length + (target[length] == '/');
    }
    return true;
}

static bool check_directory(int fd, int depth, struct err *e);

/* One name of a directory; what everybody may not read is made so, since whoever builds is another user. */
static bool check_one(int parent, const char *name, int depth, struct err *e)
{
    struct stat st;
    char target[PATH_MAX];
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_errno(e, errno, "%.80s", name);
    if (S_ISLNK(st.st_mode)) {
        ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        return stays_inside(target, depth) ||
               err_set(e, ERR_PARTIAL, "the link %.80s leads out of the tree, to %.80s", name, target);
    }
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return err_set(e, ERR_PARTIAL, "%.80s is neither file, directory nor link", name);
    bool is_run = S_ISDIR(st.st_mode) || (st.st_mode & 0100);
    if (fchmodat(parent, name, is_run ? 0755 : 0644, 0) != 0)
        return err_errno(e, errno, "%.80s", name);
    if (!S_ISDIR(st.st_mode))
        return true;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "%.80s", name);
    return check_directory(fd, depth + 1, e);
}

/* Closes `fd`. */
static bool check_directory(int fd, int depth, struct err *e)
{
    bool ok = true;
    DIR *dir = depth > DEEPEST ? NULL : fdopendir(fd);
    if (!dir) {
        close(fd);
        return err_set(e, ERR_PARTIAL, "directories more than %d deep, or out of memory", DEEPEST);
    }
    for (const struct dirent *entry; ok && (entry = readdir(dir));)
        ok = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
             check_one(dirfd(dir), entry->d_name, depth, e);
    closedir(dir);
    return ok;
}

static bool check_tree(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 ? check_directory(fd, 0, e) : err_errno(e, errno, "'%s'", path);
}

/* The one directory that all of an archive is in, as a rule; else the archive's own beginning. */
static void find_top(const char *fresh, char *top, size_t size)
{
    size_t count = 0;
    struct stat st;
    char name[NAME_MAX + 1] = "";
    DIR *dir = opendir(fresh);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        text_copy(name, sizeof name, entry->d_name);
        count++;
    }
    bool is_one = count == 1 && fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    if (dir)
        closedir(dir);
    top[0] = '\0';
    if (!is_one || !text_append(top, size, "%s/%s", fresh, name))
        text_copy(top, size, fresh);
}

/* tar(1) takes no name that leads out of its directory. */
static bool extract(const struct tree_place *p, const char *into, int64_t deadline_mono, int cancel_fd, struct err *e)
{
    const char *const argv[] = { "tar", "-x", "-f", p->part, "-C", into, "--no-same-owner", "--no-same-permissions",
                                 NULL };
    const struct build_watch watch = { .cancel_fd = cancel_fd, .deadline_mono = deadline_mono };
    return build_run_tool(argv, &watch, e);
}

/* What was unpacked becomes the tree, whole. */
static bool move_in(const struct tree_place *p, const char *into, struct err *e)
{
    char top[PATH_MAX], tree[PATH_MAX + 8];
    find_top(into, top, sizeof top);
    snprintf(tree, sizeof tree, "%s/tree", p->fresh);
    if (!check_tree(top, e))
        return false;
    return (chmod(top, 0755) == 0 && rename(top, tree) == 0 && (rmdir(into) == 0 || errno == ENOENT) &&
            rename(p->fresh, p->home) == 0) ||
           err_errno(e, errno, "cannot keep '%s'", p->home);
}

bool tree_place_unpack(const struct tree_place *p, int64_t deadline_mono, int cancel_fd, struct err *e)
{
    char into[PATH_MAX + 8];
    snprintf(into, sizeof into, "%s/in", p->fresh);
    if (!directory_remove_all(p->fresh, e))
        return false;
    if (mkdir(p->fresh, 0755) != 0 || mkdir(into, 0755) != 0)
        return err_errno(e, errno, "cannot make '%s'", into);
    bool ok = extract(p, into, deadline_mono, cancel_fd, e) && move_in(p, into, e);
    (void)!directory_remove_all(p->fresh, NULL); /* else the next one does */
    if (ok)
        (void)unlink(p->part);
    return ok || err_wrap(e, "unpacking the source");
}
