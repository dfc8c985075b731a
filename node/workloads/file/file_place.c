#include "file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"

static int flags_of(enum file_mode mode)
{
    return O_RDWR | O_CLOEXEC | (mode == FILE_MODE_DIRECT ? O_DIRECT : mode == FILE_MODE_SYNC ? O_SYNC : 0);
}

bool file_place_fault(const struct file_place *place, int errno_value, const char *doing, struct err *e)
{
    const char *dir = place->path;
    switch (errno_value) {
    case ENOENT: return err_set(e, ERR_USAGE, "directory %s: there is none on this node", dir);
    case ENOTDIR: return err_set(e, ERR_USAGE, "directory %s: that is not a directory", dir);
    case EACCES:
    case EPERM:
        return err_set(e, ERR_USAGE, "directory %s: the agent may not make files in it (it runs as user %u)", dir,
                       (unsigned)geteuid());
    case EROFS: return err_set(e, ERR_USAGE, "directory %s: its file system is mounted read-only", dir);
    case ENOSPC: return err_set(e, ERR_USAGE, "directory %s: no space is left while a file is %s", dir, doing);
    case EDQUOT: return err_set(e, ERR_USAGE, "directory %s: the quota is used up while a file is %s", dir, doing);
    case EFBIG: return err_set(e, ERR_USAGE, "directory %s: the file is larger than a file may be there", dir);
    default: return err_errno(e, errno_value, "directory %s: while a file is %s", dir, doing);
    }
}

static const char NAME[] = ".tare-file-"; /* then the process, and a number */

/* Where O_TMPFILE is not known a process that was killed between two calls has left a name. */
static void sweep(const struct file_place *place)
{
    int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir && fd >= 0)
        close(fd);
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        char *end = NULL;
        if (strncmp(entry->d_name, NAME, sizeof NAME - 1) != 0)
            continue;
        long pid = strtol(entry->d_name + sizeof NAME - 1, &end, 10);
        if (pid > 0 && *end == '-' && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            (void)unlinkat(place->fd, entry->d_name, 0);
    }
    if (dir)
        closedir(dir);
}

/* Where O_TMPFILE is not known: a name for a moment. */
static int make_and_unlink(const struct file_place *place, int flags)
{
    char name[64] = "";
    for (unsigned i = 0; i < 1000; i++) {
        name[0] = '\0';
        text_append(name, sizeof name, "%s%ld-%u", NAME, (long)getpid(), i);
        int fd = openat(place->fd, name, flags | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd < 0 && errno == EINVAL) /* O_DIRECT is refused after the file was made */
            (void)unlinkat(place->fd, name, 0);
        if (fd < 0 || unlinkat(place->fd, name, 0) == 0)
            return fd;
        close(fd);
        return -1;
    }
    return -1;
}

bool file_place_new_file(const struct file_place *place, enum file_mode mode, int *fd, struct err *e)
{
    int flags = flags_of(mode), made = openat(place->fd, ".", flags | O_TMPFILE, 0600);
    if (made < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
        made = make_and_unlink(place, flags);
    if (made < 0 && errno == EINVAL && mode == FILE_MODE_DIRECT)
        return err_set(e, ERR_USAGE, "directory %s: its file system has no O_DIRECT: choose another mode or directory",
                       place->path);
    if (made < 0)
        return file_place_fault(place, errno, "made", e);
    *fd = made;
    return true;
}

bool file_place_open(struct file_place *place, const char *path, struct err *e)
{
    struct file_place opened = { .fd = -1 };
    int fd = -1;
    if (!text_copy(opened.path, sizeof opened.path, path))
        return err_set(e, ERR_USAGE, "directory %.64s...: the path is too long", path);
    opened.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened.fd < 0)
        return file_place_fault(&opened, errno, "opened", e);
    if (!file_place_new_file(&opened, FILE_MODE_CACHED, &fd, e)) {
        file_place_close(&opened);
        return false;
    }
    close(fd);
    sweep(&opened);
    *place = opened;
    return true;
}

void file_place_close(struct file_place *place)
{
    if (place->fd >= 0)
        close(place->fd);
    place->fd = -1;
}

bool file_place_has_room(const struct file_place *place, int64_t bytes, struct err *e)
{
    struct statvfs fs;
    char needed[32], there[32];
    if (fstatvfs(place->fd, &fs) != 0)
        return file_place_fault(place, errno, "weighed", e);
    int64_t free_bytes = (int64_t)(fs.f_bavail * fs.f_frsize);
    if (free_bytes >= bytes)
        return true;
    const int64_t mib = INT64_C(1024) * 1024;
    return err_set(e, ERR_USAGE, "directory %s: the files take %s, and only %s are free", place->path,
                   units_print_size((bytes + mib - 1) / mib * mib, needed, sizeof needed),
                   units_print_size(free_bytes / mib * mib, there, sizeof there));
}
