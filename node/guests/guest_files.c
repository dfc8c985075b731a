#include "guest_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static bool make_file(const char *path, int *fd, struct err *e)
{
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return *fd >= 0 || err_errno(e, errno, "cannot write '%s'", path);
}

static bool make_disk(const char *path, int64_t bytes, struct err *e)
{
    int fd, why;
    if (!make_file(path, &fd, e))
        return false;
    do
        why = posix_fallocate(fd, 0, bytes);
    while (why == EINTR);
    close(fd);
    return why == 0 || err_errno(e, why, "cannot make the guest's disk of %" PRId64 " bytes in '%s'", bytes, path);
}

bool guest_files_make(int64_t disk_bytes, struct guest_files *f, struct err *e)
{
    const char *temporary = getenv("TMPDIR");
    *f = (struct guest_files){ .console_fd = -1 };
    if (!text_append(f->directory, sizeof f->directory, "%s/tare-guest-XXXXXX",
                     temporary && *temporary == '/' ? temporary : "/var/tmp") ||
        !mkdtemp(f->directory)) {
        bool failed = err_errno(e, errno, "cannot make the guest's directory '%.200s'", f->directory);
        f->directory[0] = '\0';
        return failed;
    }
    text_append(f->kernel, sizeof f->kernel, "%s/kernel", f->directory);
    text_append(f->initrd, sizeof f->initrd, "%s/initrd", f->directory);
    text_append(f->console, sizeof f->console, "%s/console", f->directory);
    if (disk_bytes > 0)
        text_append(f->disk, sizeof f->disk, "%s/disk", f->directory);
    /* A daemon's QEMU is another user: it may pass, and is given each file by libvirt. */
    bool ok = chmod(f->directory, 0711) == 0 || err_errno(e, errno, "'%s'", f->directory);
    ok = ok && make_file(f->console, &f->console_fd, e) && (disk_bytes <= 0 || make_disk(f->disk, disk_bytes, e));
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

void guest_files_forget(struct guest_files *f)
{
    const char *const names[] = { f->kernel, f->initrd, f->console, f->disk };
    if (f->directory[0] == '\0')
        return;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i][0] != '\0')
            (void)unlink(names[i]);
    (void)rmdir(f->directory);
    f->directory[0] = '\0';
    if (f->console_fd >= 0)
        close(f->console_fd);
    f->console_fd = -1;
}
