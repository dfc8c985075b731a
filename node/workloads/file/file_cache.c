#include "file_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STRETCH_PAGES = 4096, DROP_TIMES = 3 };

/* A stretch at a time, so that no file is too large. */
static bool look_at(int fd, off_t from, size_t pages, size_t page, struct file_cache *cache, struct err *e)
{
    unsigned char is_resident[STRETCH_PAGES];
    void *map = mmap(NULL, pages * page, PROT_READ, MAP_SHARED, fd, from);
    if (map == MAP_FAILED)
        return err_errno(e, errno, "mapping a file to see what of it is in memory");
    bool ok = mincore(map, pages * page, is_resident) == 0 || err_errno(e, errno, "asking what of a file is in memory");
    munmap(map, pages * page);
    for (size_t i = 0; ok && i < pages; i++)
        cache->resident += is_resident[i] & 1;
    cache->pages += (int64_t)pages;
    return ok;
}

bool file_cache_look(int fd, struct file_cache *cache, struct err *e)
{
    struct stat st;
    struct file_cache seen = { 0 };
    if (fstat(fd, &st) != 0)
        return err_errno(e, errno, "asking for a file's size");
    size_t page = (size_t)sysconf(_SC_PAGESIZE), stretch = STRETCH_PAGES * page;
    for (off_t from = 0; from < st.st_size; from += (off_t)stretch) {
        size_t left = (size_t)(st.st_size - from), pages = left < stretch ? (left + page - 1) / page : STRETCH_PAGES;
        if (!look_at(fd, from, pages, page, &seen, e))
            return false;
    }
    *cache = seen;
    return true;
}

bool file_cache_drop(int fd, struct err *e)
{
    struct file_cache cache = { 0 };
    for (int i = 0; i < DROP_TIMES; i++) { /* a page on its way to the device stays the first time */
        if (fsync(fd) != 0)
            return err_errno(e, errno, "writing a file back");
        int failure = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        if (failure)
            return err_errno(e, failure, "letting a file's pages go");
        if (!file_cache_look(fd, &cache, e))
            return false;
        if (cache.resident == 0)
            return true;
    }
    return err_set(e, ERR_USAGE,
                   "cache: cold: %" PRId64 " of %" PRId64 " pages of the file stay in memory: its file system keeps "
                   "them (one in memory alone does)",
                   cache.resident, cache.pages);
}
