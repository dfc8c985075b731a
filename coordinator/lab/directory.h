/* directory.h - a lab's directory "lab-NAME" in the runtime directory (base/runtime_dir.h): its
 * keyring, invites, logs and record. */
#ifndef TARE_LAB_DIRECTORY_H
#define TARE_LAB_DIRECTORY_H

#include <stddef.h>

#include "lab/lab.h"

/* The libvirt of the lab's host lives in this part of it. */
#define LAB_LIBVIRT "libvirt"
#define LAB_LOG "log" /* what its init says */

/* The path of `name`'s directory, which may not be there. */
MUST_CHECK bool lab_directory_path(const char *name, char *path, size_t size, struct err *e);

/* One process at a time may build or clear labs. The lock is open (-1: failed) until it is closed;
 * forked processes must not keep it. */
int lab_directory_lock(struct err *e);
void lab_directory_unlock(int lock);

MUST_CHECK bool lab_directory_make(const char *path, struct err *e);

/* Remove the files that a lab makes, then the directory. What is not a lab's own is left, and named
 * in the error. */
MUST_CHECK bool lab_directory_clear(const char *path, struct err *e);

#endif
