/* runtime_dir.h - where what lives only as long as its process is kept: labs, control sockets.
 *
 * "$XDG_RUNTIME_DIR/tare" where that variable names a directory of ours (under sudo it often names
 * another user's), else "/tmp/tare-UID" ($TMPDIR for /tmp). In /tmp anybody may have made that name
 * first: it must be a directory, no link, ours, and closed to others.
 */
#ifndef TARE_RUNTIME_DIR_H
#define TARE_RUNTIME_DIR_H

#include <stddef.h>

#include "err.h"

/* Makes the directory (0700) where it is not there yet. */
MUST_CHECK bool runtime_dir_get(char *path, size_t size, struct err *e);

#endif
