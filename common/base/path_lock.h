/* path_lock.h - a file or directory that a process holds for as long as it lives: whoever gets the lock of another's
 * knows that its owner is gone, however that ended. */
#ifndef TARE_PATH_LOCK_H
#define TARE_PATH_LOCK_H

/* Open `path` (`flags` beside close-on-exec and no link; a new file has mode 0600) and lock it (flock(2)), without
 * waiting: the descriptor, which holds the lock until it is closed. -1 with errno where it cannot be had; EWOULDBLOCK:
 * another process has it, it was removed meanwhile, or it is not this user's. */
int path_lock_try(const char *path, int flags);

#endif
