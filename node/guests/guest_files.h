/* guest_files.h - the files of a built-in guest: a directory of its own for as long as its machine is
 * being made. Once QEMU has them open their names go, so nothing is left on disk, however it ends. Those of a guest
 * that is to be saved stay until it ends; where their agent was killed meanwhile, the next one to make any finds
 * that nobody holds the directory's lock, and removes it. */
#ifndef TARE_GUEST_FILES_H
#define TARE_GUEST_FILES_H

#include <limits.h>
#include <stdint.h>

#include "base/err.h"

struct guest_files {
    char directory[PATH_MAX - 16]; /* "" when there is none */
    char kernel[PATH_MAX], initrd[PATH_MAX], console[PATH_MAX];
    char saved[PATH_MAX]; /* where its state can be saved to; nothing as a rule */
    char disk[PATH_MAX];  /* "" for none */
    int console_fd;       /* to read it by; the caller's to take, else -1 */
    int disk_fd;          /* of the disk, likewise */
    int lock_fd;          /* of the directory */
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
