/* meminfo.h - what /proc/meminfo says (proc_meminfo(5)). */
#ifndef TARE_MEMINFO_H
#define TARE_MEMINFO_H

#include <stdint.h>

/* What stands behind `key` (as "MemAvailable"): bytes where its unit is kB, which means KiB, else the number itself.
 * -1 where there is no such line. `root` as in small_file.h. */
int64_t meminfo_read(const char *root, const char *key);

#endif
