#include "room.h"

#include <inttypes.h>

#include "base/meminfo.h"

enum { MIB = 1024 * 1024 };

static bool check_huge_pages(const char *root, int64_t wanted, struct err *e)
{
    int64_t unused = meminfo_read(root, "HugePages_Free"), size = meminfo_read(root, "Hugepagesize");
    if (unused < 0 || size <= 0)
        return err_set(e, ERR_USAGE, "this kernel has no huge pages: leave huge_pages out");
    const int64_t needed = (wanted + size - 1) / size;
    return unused >= needed ||
           err_set(e, ERR_USAGE,
                   "%" PRId64 " MiB need %" PRId64 " huge pages and %" PRId64
                   " are free: as root `sysctl vm.nr_hugepages=N` reserves them, or leave huge_pages out",
                   wanted / MIB, needed, unused);
}

bool room_check(const char *root, const struct guest_options *o, struct err *e)
{
    if (o->huge_pages)
        return check_huge_pages(root, o->memory_bytes, e);
    int64_t available = meminfo_read(root, "MemAvailable"); /* -1: not told, and then not judged */
    return available < 0 || o->memory_bytes <= available ||
           err_set(e, ERR_USAGE,
                   "a guest of %" PRId64 " MiB, and this host has %" PRId64
                   " MiB available: give it less memory, or end something",
                   o->memory_bytes / MIB, available / MIB);
}
