#include "cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ALIGNMENT = 4, BLOCK = 64 * 1024 };

static bool fail(int reason, struct err *e) { return err_errno(e, reason, "writing an image"); }

/* Zeros up to the next multiple of four, of something `size` long. */
static void pad(struct cpio *cpio, size_t size)
{
    static const char ZEROS[ALIGNMENT];
    fwrite(ZEROS, 1, (ALIGNMENT - size % ALIGNMENT) % ALIGNMENT, cpio->to);
}

static void head(struct cpio *cpio, const char *name, unsigned mode, unsigned links, uint32_t size)
{
    const unsigned name_size = (unsigned)strlen(name) + 1;
    /* magic; inode, mode, uid, gid, links, mtime, size, device 2, special device 2, length of the name, sum */
    int length = fprintf(cpio->to, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", ++cpio->inodes, mode,
                         0U, 0U, links, 0U, size, 0U, 0U, 0U, 0U, name_size, 0U, name);
    fputc('\0', cpio->to);
    pad(cpio, (size_t)(length > 0 ? length : 0) + 1);
}

bool cpio_directory(struct cpio *cpio, const char *name, unsigned mode, struct err *e)
{
    head(cpio, name, S_IFDIR | mode, 2, 0);
    return !ferror(cpio->to) || fail(errno, e);
}

bool cpio_text(struct cpio *cpio, const char *name, unsigned mode, const char *text, struct err *e)
{
    size_t size = strlen(text);
    head(cpio, name, S_IFREG | mode, 1, (uint32_t)size);
    fwrite(text, 1, size, cpio->to);
    pad(cpio, size);
    return !ferror(cpio->to) || fail(errno, e);
}

static bool copy(struct cpio *cpio, int fd, const char *path, off_t size, struct err *e)
{
    char block[BLOCK];
    for (off_t left = size; left > 0;) {
        ssize_t got = read(fd, block, left < BLOCK ? (size_t)left : BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, errno, "reading '%s'", path);
        if (got == 0)
            return err_set(e, ERR_INTERNAL, "'%s' got shorter while it was read", path);
        fwrite(block, 1, (size_t)got, cpio->to);
        left -= got;
    }
    pad(cpio, (size_t)size);
    return !ferror(cpio->to) || fail(errno, e);
}

bool cpio_file(struct cpio *cpio, const char *name, unsigned mode, const char *path, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot open '%s'", path);
    bool ok = fstat(fd, &st) == 0 || err_errno(e, errno, "'%s'", path);
    ok = ok && ((S_ISREG(st.st_mode) && st.st_size <= UINT32_MAX) ||
                err_set(e, ERR_USAGE, "'%s' is no file that fits into an image", path));
    if (ok) {
        head(cpio, name, S_IFREG | mode, 1, (uint32_t)st.st_size);
        ok = copy(cpio, fd, path, st.st_size, e);
    }
    close(fd);
    return ok;
}

bool cpio_end(struct cpio *cpio, struct err *e)
{
    head(cpio, "TRAILER!!!", 0, 1, 0);
    return fflush(cpio->to) == 0 || fail(errno, e);
}
