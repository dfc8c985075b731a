/* guest_files.h - the files of a built-in guest: a directory of its own for as long as its machine is
 * being made. Once QEMU has them open their names go, so nothing is left on disk, however it ends. */
#ifndef TARE_GUEST_FILES_H
#define TARE_GUEST_FILES_H

#include <limits.h>
#include <stdint.h>

#include "base/err.h"

struct guest_files {
    char directory[PATH_MAX - 16]; /* "" when there is none */
    char kernel[PATH_MAX], initrd[PATH_MAX], console[PATH_MAX];
    char disk[PATH_MAX]; /* "" for none */
    int console_fd;      /* to read it by; the caller's to take, else -1 */
    int disk_fd;         /* of the disk, likewise */
};

/* Make the directory, in TMPDIR or /var/tmp, which is on a disk; the console's file, and the disk's with
 * all its bytes and an empty ext4 where `disk_bytes` > 0; that is left when `cancel_fd` becomes readable. */
MUST_CHECK bool guest_files_make(int64_t disk_bytes, int cancel_fd, struct guest_files *files, struct err *e);

/* A copy of `kernel`, which whoever runs QEMU may take as its own. */
MUST_CHECK bool guest_files_copy_kernel(const struct guest_files *files, const char *kernel, struct err *e);

/* Both that were taken; -1 is fine, and stands there afterwards. */
void guest_files_close(int *console_fd, int *disk_fd);

/* Remove the names; half-made ones, too. */
void guest_files_forget(struct guest_files *files);

#endif
