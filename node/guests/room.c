#include "room.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/small_file.h"

enum { MIB = 1024 * 1024, KIB = 1024 };

/* The number behind "\nKEY:", -1 where there is none. */
static int64_t number_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

static bool check_huge_pages(const char *text, int64_t wanted, struct err *e)
{
    int64_t unused = number_of(text, "\nHugePages_Free:"), kib = number_of(text, "\nHugepagesize:");
    if (unused < 0 || kib <= 0)
        return err_set(e, ERR_USAGE, "this kernel has no huge pages: leave huge_pages out");
    const int64_t size = kib * KIB, needed = (wanted + size - 1) / size;
    return unused >= needed ||
           err_set(e, ERR_USAGE,
                   "%" PRId64 " MiB need %" PRId64 " huge pages and %" PRId64
                   " are free: as root `sysctl vm.nr_hugepages=N` reserves them, or leave huge_pages out",
                   wanted / MIB, needed, unused);
}

bool room_check(const char *root, const struct guest_options *o, struct err *e)
{
    char text[8192];
    if (!small_file_read(root, "/proc/meminfo", text, sizeof text))
        return true;
    if (o->huge_pages)
        return check_huge_pages(text, o->memory_bytes, e);
    int64_t kib = number_of(text, "\nMemAvailable:");
    return kib < 0 || o->memory_bytes <= kib * KIB ||
           err_set(e, ERR_USAGE,
                   "a guest of %" PRId64 " MiB, and this host has %" PRId64
                   " MiB available: give it less memory, or end something",
                   o->memory_bytes / MIB, kib * KIB / MIB);
}
