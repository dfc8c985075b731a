/* gate_library.c - what holds a program in front of its `main` until the instant: tare-gate.so, by LD_PRELOAD.
 *
 * The program has been executed and linked by then, so that nothing but `main` is left to do. All that was changed
 * for the wait is given back, and what says that there was one is taken out of the environment: neither the program
 * nor what it starts knows of it. Without the variable, or a page of ours behind it, nothing is touched.
 */
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/start_gate.h"
#include "base/clock.h"
#include "gate/gate_page.h"

enum { LOOK_NS = 200 * 1000 * 1000, TOUCH_MOST = 8 * 1024 * 1024 };

/* ---- the environment ---- */

/* By hand: a program may have an unsetenv of its own, which is not ready yet (bash has). */
static char **find_variable(const char *name)
{
    const size_t length = strlen(name);
    for (char **v = environ; v && *v; v++)
        if (strncmp(*v, name, length) == 0 && (*v)[length] == '=')
            return v;
    return NULL;
}

static void drop_variable(char **v)
{
    for (; *v; v++)
        v[0] = v[1];
}

/* The library is the first that is named. */
static void drop_library(void)
{
    static const size_t NAME = sizeof GATE_PRELOAD "=" - 1;
    char **v = find_variable(GATE_PRELOAD);
    if (!v)
        return;
    const char *rest = *v + NAME + strcspn(*v + NAME, ": ");
    if (*rest && rest[1])
        memmove(*v + NAME, rest + 1, strlen(rest + 1) + 1);
    else
        drop_variable(v);
}

/* The page, which is no descriptor any more; NULL where there is none of ours. */
static struct gate_page *take_page(void)
{
    struct stat st;
    char **variable = find_variable(GATE_VARIABLE), *end = NULL;
    long fd = variable ? strtol(*variable + sizeof GATE_VARIABLE, &end, 10) : -1;
    if (fd < 0 || fd > INT32_MAX || *end || fstat((int)fd, &st) != 0 || st.st_size != (off_t)sizeof(struct gate_page))
        return NULL;
    struct gate_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0);
    if (page == MAP_FAILED)
        return NULL;
    if (page->magic != GATE_MAGIC || page->size != sizeof *page) {
        munmap(page, sizeof *page);
        return NULL;
    }
    /* It stays, in this process alone: to unmap it behind the instant would make `main` wait. */
    madvise(page, sizeof *page, MADV_DONTFORK);
    close((int)fd);
    close(page->library_fd);
    drop_variable(variable);
    drop_library();
    return page;
}

/* ---- the wait ---- */

struct before {
    int slack, death_signal;
};

/* Where the part ends that the dynamic linker has made read-only; it is the first of what is written to. */
static uintptr_t end_of_relro(const struct dl_phdr_info *info)
{
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
            return info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
    return 0;
}

/* The pages of one object, whose first use is a fault else, of 1 us each, between the instant and `main` and beyond
 * (`TARE_BENCH_ONLY=entry ./bootstrap bench start` tells what is left). What is written to becomes the process' own, as
 * with the first write. Where the kernel cannot, they come as they do. */
static int touch(struct dl_phdr_info *info, size_t size, void *unused)
{
    const uintptr_t in_page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1, relro = end_of_relro(info) & ~in_page;
    (void)size, (void)unused;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~in_page, to = info->dlpi_addr + p->p_vaddr + p->p_memsz;
        if (p->p_flags & PF_W && relro > from && relro < to)
            from = relro;
        void *at = (void *)from; /* NOLINT(performance-no-int-to-ptr): the linker tells addresses as numbers */
        if (p->p_type == PT_LOAD && to - from <= TOUCH_MOST)
            (void)!madvise(at, to - from, p->p_flags & PF_W ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
    }
    return 0;
}

static void prepare(struct before *before)
{
    dl_iterate_phdr(touch, NULL);
    before->slack = prctl(PR_GET_TIMERSLACK, 0UL, 0UL, 0UL, 0UL);
    prctl(PR_GET_PDEATHSIG, (unsigned long)&before->death_signal, 0UL, 0UL, 0UL);
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    start_gate_prepare();
}

static void give_back(const struct gate_page *page, const struct before *before)
{
    munlockall(); /* nothing of the program's own has run that could have locked anything */
    if (before->slack > 0)
        prctl(PR_SET_TIMERSLACK, (unsigned long)before->slack, 0UL, 0UL, 0UL);
    prctl(PR_SET_PDEATHSIG, (unsigned long)before->death_signal, 0UL, 0UL, 0UL);
    setrlimit(RLIMIT_RTPRIO, &page->rtprio);
}

/* False where nobody will ever say when. */
static bool wait_for_arm(struct gate_page *page)
{
    const pid_t parent = getppid(); /* its death may have been before our wish to die with it */
    const struct timespec look = { .tv_nsec = LOOK_NS };
    while (atomic_load(&page->state) == GATE_HELD) {
        if (atomic_load(&page->cancelled) || clock_mono_ns() >= page->until_ns || getppid() != parent)
            return false;
        syscall(SYS_futex, &page->state, FUTEX_WAIT, GATE_HELD, &look, NULL, 0);
    }
    return true;
}

static int64_t ns_of(const struct timeval *t) { return t->tv_sec * (int64_t)CLOCK_NS_PER_S + t->tv_usec * 1000; }

static void pass(struct gate_page *page, struct start_gate *gate, const struct before *before)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    const int64_t known_ns = clock_raw_ns();
    page->how = gate->before.is_fifo ? GATE_FIFO : gate->may_spin ? GATE_SPIN : GATE_SLEEP;
    give_back(page, before);
    page->opened_ns = start_gate_pass(gate);
    start_gate_leave(gate);
    page->entered_ns = clock_raw_ns();
    page->user_ns = ns_of(&used.ru_utime) + page->entered_ns - known_ns; /* it has spun since */
    page->sys_ns = ns_of(&used.ru_stime);
    atomic_store(&page->state, GATE_PASSED);
}

__attribute__((constructor)) static void hold(void)
{
    struct before before;
    struct gate_page *page = take_page();
    if (!page)
        return;
    prepare(&before);
    atomic_store(&page->state, GATE_HELD);
    if (!wait_for_arm(page))
        _exit(GATE_GAVE_UP);
#ifdef TARE_TEST_FLAGS
    clock_test_drift(page->drift_ppb);
    clock_test_step(page->step_ns);
#endif
    struct start_gate gate = {
        .at_ns = page->at_ns, .may_spin = page->may_spin, .slot = page->slot, .cancelled = &page->cancelled
    };
    if (!start_gate_approach(&gate))
        _exit(GATE_GAVE_UP);
    pass(page, &gate, &before);
    if (atomic_load(&page->cancelled))
        _exit(GATE_GAVE_UP);
}
