/* guest_make.h - what a built-in guest boots: its kernel and its initrd, with its address, its key, and the names of
 * what its disks hold. */
#ifndef TARE_GUEST_MAKE_H
#define TARE_GUEST_MAKE_H

#include "guests/guest_files.h"
#include "guests/stills.h"

/* Into `files`; takes as long as image_make. */
MUST_CHECK bool guest_make_files(struct keeper *keeper, struct guest *guest, const char *bridge,
                                 struct guest_files *files, const struct stills *stills, struct err *e);

#endif
