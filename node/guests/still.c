#include "still.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/errand.h"

enum { MAKE_MS = 600 * 1000, DESCRIPTORS = 16, BYTES_AN_INODE = 4096, BLOCK = 4096 };

/* Of the walk below, which nftw(3) has no other way to give back. One thread makes images: the keeper's. */
static _Thread_local int64_t walked_bytes;

static int add_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)path, (void)kind, (void)walk;
    walked_bytes += (st->st_size + BLOCK - 1) / BLOCK * BLOCK + BYTES_AN_INODE / 8;
    return 0;
}

/* An image that holds it: its files in whole blocks, the inodes, and some. */
static int64_t room_for(const char *directory)
{
    walked_bytes = 0;
    return nftw(directory, add_one, DESCRIPTORS, FTW_PHYS | FTW_MOUNT) == 0
               ? walked_bytes + walked_bytes / 6 + (INT64_C(32) << 20)
               : -1;
}

bool still_make(const char *directory, const char *image, int cancel_fd, struct err *e)
{
    static const char *const PLACES[] = { "/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4" }; /* in no user's PATH */
    const char *program = access(PLACES[0], X_OK) == 0   ? PLACES[0]
                          : access(PLACES[1], X_OK) == 0 ? PLACES[1]
                                                         : "mkfs.ext4";
    char fresh[PATH_MAX] = "", kib[32], ratio[16], said[256];
    int64_t bytes = room_for(directory);
    if (bytes < 0)
        return err_errno(e, errno, "cannot look through '%s'", directory);
    if (!text_append(fresh, sizeof fresh, "%s.new", image))
        return err_set(e, ERR_USAGE, "%.200s...: the path is too long", image);
    snprintf(kib, sizeof kib, "%" PRId64 "k", bytes / 1024);
    snprintf(ratio, sizeof ratio, "%d", BYTES_AN_INODE);
    (void)unlink(fresh);
    const char *const argv[] = { program,   "-q",  "-F",  "-O", "^has_journal",   "-m",
                                 "0",       "-i",  ratio, "-E", "root_owner=0:0", "-d",
                                 directory, fresh, kib,   NULL };
    bool ok = errand_run(&(struct errand){ argv, "/", clock_ms(MAKE_MS), cancel_fd }, said, sizeof said, e);
    if (ok && (chmod(fresh, 0644) != 0 || rename(fresh, image) != 0))
        ok = err_errno(e, errno, "cannot keep '%s'", image);
    if (!ok)
        (void)unlink(fresh);
    return ok || err_wrap(e, "the image of '%.120s'", directory);
}
