/* disks.h - a guest's disks as its host sees them: how their images are opened, and where those lie.
 *
 * What a guest calls direct is as direct as its host lets it be, so each of its figures of files carries this half of
 * the way as well (coordinator/result/file_path.h).
 */
#ifndef TARE_DISKS_H
#define TARE_DISKS_H

#include "guests/keeper_parts.h"

/* What the built-in guest's kernel calls its own disk. */
#define GUEST_DISK "vda"

enum { DISKS_TEXT = 1024 };

/* One line each, "vda|raw, cache=none, io=native|ext4 (rw,relatime) on sda2 (ata, write back)\n": what the guest's
 * kernel probably calls it, how its image is opened, where that lies. Empty where nothing is known. */
void disks_tell(struct keeper *keeper, const struct guest *guest, char *text, size_t size);

/* Let all pages of its guests' images go from this machine's memory, look whether they are gone, and tell so (COOLED,
 * with `number`). */
void disks_cool(struct keeper *keeper, uint32_t number);

#endif
