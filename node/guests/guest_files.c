#include "guest_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "guests/errand.h"

enum { MKFS_MS = 120 * 1000 };

#define PREFIX "tare-guest-"

static bool make_file(const char *path, int *fd, struct err *e)
{
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 || err_errno(e, errno, "cannot write '%s'", path);
}

/* With nothing left to be written by the guest's kernel in the background, which would be measured with the rest. */
static bool make_file_system(const struct guest_files *f, int cancel_fd, struct err *e)
{
    static const char OPTIONS[] = "lazy_itable_init=0,lazy_journal_init=0,nodiscard,root_owner=0:0";
    static const char *const PLACES[] = { "/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4" }; /* in no user's PATH */
    const char *program = access(PLACES[0], X_OK) == 0   ? PLACES[0]
                          : access(PLACES[1], X_OK) == 0 ? PLACES[1]
                                                         : "mkfs.ext4";
    const char *const argv[] = { program, "-q", "-F", "-E", OPTIONS, f->disk, NULL };
    char said[256];
    return errand_run(&(struct errand){ argv, f->directory, clock_ms(MKFS_MS), cancel_fd }, said, sizeof said, e) ||
           err_wrap(e, "the guest's disk");
}

static bool make_disk(struct guest_files *f, int64_t bytes, int cancel_fd, struct err *e)
{
    int why;
    if (!make_file(f->disk, &f->disk_fd, e))
        return false;
    do
        why = posix_fallocate(f->disk_fd, 0, bytes);
    while (why == EINTR);
    if (why != 0)
        return err_errno(e, why, "cannot make the guest's disk of %" PRId64 " bytes in '%s'", bytes, f->disk);
    return make_file_system(f, cancel_fd, e);
}

static void remove_names(const struct guest_files *f)
{
    const char *const names[] = { f->kernel, f->initrd, f->console, f->disk, f->saved };
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i][0] != '\0')
            (void)unlink(names[i]);
    (void)rmdir(f->directory);
}

static void name_files(struct guest_files *f)
{
    text_append(f->kernel, sizeof f->kernel, "%s/kernel", f->directory);
    text_append(f->initrd, sizeof f->initrd, "%s/initrd", f->directory);
    text_append(f->console, sizeof f->console, "%s/console", f->directory);
    text_append(f->saved, sizeof f->saved, "%s/saved", f->directory);
    text_append(f->disk, sizeof f->disk, "%s/disk", f->directory);
}

/* One that is a while old, our own, and locked by nobody: its agent was killed. */
static void sweep_one(const char *temporary, const char *name)
{
    enum { OLD_S = 60 };
    struct guest_files f = { .console_fd = -1, .disk_fd = -1, .lock_fd = -1 };
    struct stat st;
    if (!text_append(f.directory, sizeof f.directory, "%s/%s", temporary, name))
        return;
    int fd = open(f.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && time(NULL) - st.st_mtime > OLD_S &&
        flock(fd, LOCK_EX | LOCK_NB) == 0) {
        name_files(&f);
        remove_names(&f);
    }
    close(fd);
}

static void sweep(const char *temporary)
{
    DIR *all = opendir(temporary);
    for (const struct dirent *each; all && (each = readdir(all));)
        if (strncmp(each->d_name, PREFIX, strlen(PREFIX)) == 0)
            sweep_one(temporary, each->d_name);
    if (all)
        closedir(all);
}

bool guest_files_make(int64_t disk_bytes, int cancel_fd, struct guest_files *f, struct err *e)
{
    const char *temporary = getenv("TMPDIR");
    temporary = temporary && *temporary == '/' ? temporary : "/var/tmp";
    *f = (struct guest_files){ .console_fd = -1, .disk_fd = -1, .lock_fd = -1 };
    sweep(temporary);
    if (!text_append(f->directory, sizeof f->directory, "%s/" PREFIX "XXXXXX", temporary) || !mkdtemp(f->directory)) {
        bool failed = err_errno(e, errno, "cannot make the guest's directory '%.200s'", f->directory);
        f->directory[0] = '\0';
        return failed;
    }
    name_files(f);
    if (disk_bytes <= 0)
        f->disk[0] = '\0';
    f->lock_fd = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f->lock_fd >= 0)
        (void)flock(f->lock_fd, LOCK_EX | LOCK_NB); /* nobody else has it, for it is a moment old */
    /* A daemon's QEMU is another user: it may pass, and is given each file by libvirt. */
    bool ok = chmod(f->directory, 0711) == 0 || err_errno(e, errno, "'%s'", f->directory);
    ok = ok && make_file(f->console, &f->console_fd, e) && (disk_bytes <= 0 || make_disk(f, disk_bytes, cancel_fd, e));
    if (!ok)
        guest_files_forget(f);
    return ok;
}

bool guest_files_copy_kernel(const struct guest_files *f, const char *kernel, struct err *e)
{
    struct stat st = { .st_size = 0 };
    int to = -1, from = open(kernel, O_RDONLY | O_CLOEXEC);
    bool ok = (from >= 0 && fstat(from, &st) == 0) || err_errno(e, errno, "cannot read '%s'", kernel);
    ok = ok && make_file(f->kernel, &to, e);
    for (off_t left = st.st_size; ok && left > 0;) {
        ssize_t got = sendfile(to, from, NULL, (size_t)left);
        ok = got > 0 || (got < 0 && errno == EINTR) || err_errno(e, got < 0 ? errno : EIO, "copying '%s'", kernel);
        left -= got > 0 ? got : 0;
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return ok;
}

void guest_files_close(int *console_fd, int *disk_fd)
{
    if (*console_fd >= 0)
        close(*console_fd);
    if (*disk_fd >= 0)
        close(*disk_fd);
    *console_fd = *disk_fd = -1;
}

void guest_files_forget(struct guest_files *f)
{
    if (f->directory[0] == '\0')
        return;
    remove_names(f);
    f->directory[0] = '\0';
    guest_files_close(&f->console_fd, &f->disk_fd);
    if (f->lock_fd >= 0)
        close(f->lock_fd);
    f->lock_fd = -1;
}
