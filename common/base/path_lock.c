#include "path_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever had it may have removed it between open(2) and flock(2). */
static bool is_still_there(int fd, const char *path)
{
    struct stat opened, named;
    return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev && named.st_uid == geteuid();
}

int path_lock_try(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_still_there(fd, path)))
        return fd;
    close(fd);
    errno = EWOULDBLOCK;
    return -1;
}
