/* file_path.h - what the bytes of a file's figure went through, in words: how the file was opened and whether it was
 * flushed, the node's file system, mount and device; of a guest whose host tells, how that opens the disk's image, and
 * the file system and device under it. Pure.
 *
 *   O_DIRECT; ext4 (rw,relatime) on vda (virtio, virtual) | raw, cache=none, io=native | ext4 (rw) on sda (ata)
 *
 * Only what came from memory, or was left there, is called cached: a rate of that says nothing of a disk. `direct`
 * stands there only where every layer is: O_DIRECT down to a device of a machine that is no guest itself, with no image
 * between them that goes through a page cache. Else it is O_DIRECT, by whom it was asked for.
 */
#ifndef TARE_FILE_PATH_H
#define TARE_FILE_PATH_H

#include "catalogue/file_options.h"
#include "result/file_way.h"
#include "result/raw.h"

/* Of a method's lap by `load`; `pages` of the file were there before it began, of which `resident` in memory. */
void file_path_write(const struct raw_trial *raw, const struct raw_end *load, enum file_method method, double pages,
                     double resident, char *out, size_t size);

/* The whole way of what `how` begins, on this end's node. */
void file_path_from(const struct raw_trial *raw, const struct raw_end *load, const char *how, char *out, size_t size);

#endif
