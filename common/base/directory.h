/* directory.h - make a directory with all above it, remove one with all below. */
#ifndef TARE_DIRECTORY_H
#define TARE_DIRECTORY_H

#include <sys/types.h>

#include "err.h"

/* mkdir -p: what is there already stays as it is, each new one gets `mode`. */
MUST_CHECK bool directory_make_all(const char *path, mode_t mode, struct err *e);

/* rm -r, without following links or leaving the file system. Nothing there is no failure. */
MUST_CHECK bool directory_remove_all(const char *path, struct err *e);

#endif
