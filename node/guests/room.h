/* room.h - whether a guest's memory is there, before QEMU is tried. */
#ifndef TARE_GUESTS_ROOM_H
#define TARE_GUESTS_ROOM_H

#include "base/err.h"
#include "catalogue/guest.h"

/* By what /proc/meminfo below `root` ("" for this machine) has available, or of free huge pages where the guest asks
 * for them. A kernel that does not tell refuses nothing: QEMU will. */
MUST_CHECK bool room_check(const char *root, const struct guest_options *options, struct err *e);

#endif
