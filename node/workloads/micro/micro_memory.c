/* micro_memory.c - what the memory management of kernel and CPU costs. */
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "workloads/micro/micro_probe.h"

enum { PAGE = 4096, FAULT_PAGES = 1024, CHASE_PAGES = 16384, MAP_BYTES = 64 * 1024 };

/* Pages of 4 KiB, whatever the machine would rather give; NULL (told) when there are none. */
static void *small_pages(size_t bytes, struct err *e)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        err_errno(e, errno, "%zu bytes of memory", bytes);
        return NULL;
    }
    (void)madvise(memory, bytes, MADV_NOHUGEPAGE); /* EINVAL: a kernel without huge pages */
    return memory;
}

/* ---- system call ---- */

static bool make_nothing(const char *directory, void **state, struct err *e)
{
    (void)directory, (void)state, (void)e;
    return true;
}

static void release_nothing(void *state) { (void)state; }

static bool call(void *state, int batch, int64_t *ns, struct err *e)
{
    (void)state, (void)e;
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i++)
        syscall(SYS_getppid); /* past the C library, which may keep an answer */
    *ns = clock_raw_ns() - begun;
    return true;
}

const struct micro_probe MICRO_PROBE_SYSCALL = { make_nothing, call, release_nothing, NULL, NULL };

/* ---- page fault ---- */

struct fault_state {
    volatile unsigned char *pages;
    int next;
};

static bool make_faults(const char *directory, void **state, struct err *e)
{
    (void)directory;
    struct fault_state *s = small_pages(sizeof *s, e);
    *state = s;
    return s && (s->pages = small_pages((size_t)FAULT_PAGES * PAGE, e));
}

static bool fault(void *state, int batch, int64_t *ns, struct err *e)
{
    struct fault_state *s = state;
    if (s->next + batch > FAULT_PAGES) {
        s->next = 0;
        if (madvise((void *)s->pages, (size_t)FAULT_PAGES * PAGE, MADV_DONTNEED) != 0)
            return err_errno(e, errno, "giving pages back");
    }
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i++)
        s->pages[(size_t)(s->next + i) * PAGE] = 1;
    *ns = clock_raw_ns() - begun;
    s->next += batch;
    return true;
}

static void release_faults(void *state)
{
    struct fault_state *s = state;
    if (!s)
        return;
    if (s->pages)
        munmap((void *)s->pages, (size_t)FAULT_PAGES * PAGE);
    munmap(s, sizeof *s);
}

const struct micro_probe MICRO_PROBE_PAGE_FAULT = { make_faults, fault, release_faults, NULL, NULL };

/* ---- mmap ---- */

static bool map(void *state, int batch, int64_t *ns, struct err *e)
{
    (void)state;
    bool ok = true;
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch && ok; i++) {
        void *memory = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ok = memory != MAP_FAILED && munmap(memory, MAP_BYTES) == 0;
    }
    *ns = clock_raw_ns() - begun;
    return ok || err_errno(e, errno, "mapping %d bytes", MAP_BYTES);
}

const struct micro_probe MICRO_PROBE_MMAP = { make_nothing, map, release_nothing, NULL, NULL };

/* ---- pointer chase ---- */

/* One link a page, in another line of each, so that the lines do not fight for the same sets of a cache. */
struct chase_state {
    unsigned char *pages;
    void **at;
};

static void **link_of(const struct chase_state *s, size_t page)
{
    return (void **)(void *)(s->pages + page * PAGE + page % (PAGE / 64) * 64);
}

/* A single ring through all pages, by S. Sattolo's shuffle (1986). */
static void make_ring(struct chase_state *s, uint32_t *order)
{
    struct random r = { 1 };
    for (uint32_t i = 0; i < CHASE_PAGES; i++)
        order[i] = i;
    for (uint32_t i = CHASE_PAGES; i-- > 1;) {
        uint32_t other = (uint32_t)random_below(&r, i), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    for (uint32_t i = 0; i < CHASE_PAGES; i++)
        *link_of(s, i) = link_of(s, order[i]);
    s->at = link_of(s, 0);
}

static bool make_chase(const char *directory, void **state, struct err *e)
{
    (void)directory;
    struct chase_state *s = small_pages(sizeof *s, e);
    *state = s;
    if (!s || !(s->pages = small_pages((size_t)CHASE_PAGES * PAGE, e)))
        return false;
    uint32_t *order = small_pages(CHASE_PAGES * sizeof *order, e);
    if (!order)
        return false;
    make_ring(s, order);
    munmap(order, CHASE_PAGES * sizeof *order);
    return true;
}

static bool chase(void *state, int batch, int64_t *ns, struct err *e)
{
    (void)e;
    struct chase_state *s = state;
    void **at = s->at;
    int64_t begun = clock_raw_ns();
    for (int i = 0; i < batch; i++)
        at = *at;
    *(void **volatile *)&s->at = at; /* before the clock is read: the way there is the work */
    *ns = clock_raw_ns() - begun;
    return true;
}

static void release_chase(void *state)
{
    struct chase_state *s = state;
    if (!s)
        return;
    if (s->pages)
        munmap(s->pages, (size_t)CHASE_PAGES * PAGE);
    munmap(s, sizeof *s);
}

const struct micro_probe MICRO_PROBE_POINTER_CHASE = { make_chase, chase, release_chase, NULL, NULL };
