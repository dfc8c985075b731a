#include "file_buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/small_file.h"

/* Of some machines a huge page has 512 MB: not for a buffer. */
enum { HUGE_MOST = 4 * 1024 * 1024 };

/* 0: this machine has none that a buffer could lie on. */
static size_t huge_page(void)
{
    char text[32];
    if (!small_file_read("", "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text, sizeof text))
        return 0;
    unsigned long long bytes = strtoull(text, NULL, 10);
    return bytes > 0 && bytes <= HUGE_MOST && (bytes & (bytes - 1)) == 0 ? (size_t)bytes : 0;
}

static size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

/* `size` bytes from a multiple of `align`, which both are multiples of a page; NULL: no memory. */
static unsigned char *map_aligned(size_t size, size_t align)
{
    const size_t spare = align - (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *mapped = mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    const size_t before = (align - (uintptr_t)mapped % align) % align, after = spare - before;
    unsigned char *aligned = mapped + before;
    if (after > 0)
        munmap(aligned + size, after);
    if (before > 0)
        munmap(mapped, before);
    return aligned;
}

bool file_buffer_make(struct file_buffer *b, size_t size, struct err *e)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), huge = huge_page();
    b->size = round_up(size, huge ? huge : page);
    b->bytes = map_aligned(b->size, huge ? huge : page);
    if (!b->bytes)
        return err_set(e, ERR_INTERNAL, "no memory for a buffer of %zu bytes", size);
    if (huge)
        (void)madvise(b->bytes, b->size, MADV_HUGEPAGE); /* where they are forbidden it lies on ordinary ones */
    memset(b->bytes, 0, b->size);
    return true;
}

void file_buffer_release(struct file_buffer *b)
{
    if (b->bytes)
        munmap(b->bytes, b->size);
    *b = (struct file_buffer){ 0 };
}
