#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/start_gate.h"
#include "base/clock.h"
#include "base/text.h"
#include "gate/gate_fit.h"

struct gate {
    struct gate_page *page;
    int page_fd, library_fd;
    struct gate_fit fit;
    char library[32]; /* as the program finds it, in whatever root */
    char variable[32], *preload;
    char **environment;
    struct rlimit rtprio; /* as it was */
};

/* ---- in the agent, before ---- */

static bool open_library(struct gate *g, const char *path, struct err *e)
{
    struct statvfs st;
    g->library_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (g->library_fd < 0)
        return err_errno(e, errno, "cannot read '%s'", path);
    if (fstatvfs(g->library_fd, &st) != 0)
        return err_errno(e, errno, "cannot look at '%s'", path);
    snprintf(g->library, sizeof g->library, "/proc/self/fd/%d", g->library_fd);
    return !(st.f_flag & ST_NOEXEC) ||
           err_set(e, ERR_USAGE, "'%s' is on a file system that is mounted noexec: nothing can load it", path);
}

static bool make_page(struct gate *g, int64_t until_ns, struct err *e)
{
    g->page_fd = memfd_create("tare-gate", MFD_CLOEXEC);
    bool ok = g->page_fd >= 0 && ftruncate(g->page_fd, (off_t)sizeof *g->page) == 0;
    void *page = ok ? mmap(NULL, sizeof *g->page, PROT_READ | PROT_WRITE, MAP_SHARED, g->page_fd, 0) : MAP_FAILED;
    if (page == MAP_FAILED)
        return err_errno(e, errno, "no memory to share with a program");
    g->page = page;
    g->page->magic = GATE_MAGIC;
    g->page->size = sizeof *g->page;
    g->page->until_ns = until_ns;
    g->page->library_fd = g->library_fd;
    return true;
}

/* That of `envp`, and ours. */
static bool make_environment(struct gate *g, const char *const *envp, struct err *e)
{
    static const char PRELOAD[] = GATE_PRELOAD "=";
    const char *others = "";
    size_t count = 0, made = 0;
    for (; envp[count]; count++)
        if (strncmp(envp[count], PRELOAD, sizeof PRELOAD - 1) == 0)
            others = envp[count] + sizeof PRELOAD - 1;
    g->environment = calloc(count + 3, sizeof *g->environment);
    if (!g->environment || asprintf(&g->preload, "%s%s%s%s", PRELOAD, g->library, *others ? ":" : "", others) < 0) {
        g->preload = NULL;
        return err_set(e, ERR_INTERNAL, "out of memory");
    }
    snprintf(g->variable, sizeof g->variable, "%s=%d", GATE_VARIABLE, g->page_fd);
    g->environment[made++] = g->variable;
    g->environment[made++] = g->preload;
    for (size_t i = 0; i < count; i++)
        if (strncmp(envp[i], PRELOAD, sizeof PRELOAD - 1) != 0)
            g->environment[made++] = (char *)envp[i]; /* only read */
    return true;
}

bool gate_new(const char *library, const char *const *envp, int64_t until_ns, struct gate **gate, struct err *e)
{
    struct gate *g = calloc(1, sizeof *g);
    if (!g)
        return err_set(e, ERR_INTERNAL, "out of memory");
    g->page_fd = g->library_fd = -1;
    if (!gate_fit_own(&g->fit, e) || !open_library(g, library, e) || !make_page(g, until_ns, e) ||
        !make_environment(g, envp, e)) {
        gate_destroy(&g);
        return false;
    }
    getrlimit(RLIMIT_RTPRIO, &g->rtprio);
    g->page->rtprio = g->rtprio;
    *gate = g;
    return true;
}

void gate_destroy(struct gate **gate)
{
    struct gate *g = *gate;
    *gate = NULL;
    if (!g)
        return;
    if (g->page)
        munmap(g->page, sizeof *g->page);
    if (g->page_fd >= 0)
        close(g->page_fd);
    if (g->library_fd >= 0)
        close(g->library_fd);
    free(g->environment);
    free(g->preload);
    free(g);
}

/* ---- in the child ---- */

static rlim_t at_least(rlim_t limit, rlim_t wanted) { return limit < wanted ? wanted : limit; /* infinity is most */ }

void gate_allow_fifo(struct gate *g)
{
    const rlim_t wanted = START_GATE_FIFO_PRIORITY, most = g->rtprio.rlim_max;
    const struct rlimit raised = { at_least(g->rtprio.rlim_cur, wanted), at_least(most, wanted) };
    const struct rlimit allowed = { most < wanted ? most : at_least(g->rtprio.rlim_cur, wanted), most };
    if (setrlimit(RLIMIT_RTPRIO, &raised) != 0)
        (void)!setrlimit(RLIMIT_RTPRIO, &allowed); /* else it has what it has */
}

bool gate_enter(struct gate *g, const char *path)
{
    const char *why = gate_fit_judge(&g->fit, path);
    if (!why && access(g->library, R_OK) != 0)
        why = "it has no /proc to load the library from";
    if (!why && (fcntl(g->page_fd, F_SETFD, 0) != 0 || fcntl(g->library_fd, F_SETFD, 0) != 0))
        why = "its descriptors are gone";
    if (!why)
        return true;
    (void)setrlimit(RLIMIT_RTPRIO, &g->rtprio);
    text_copy(g->page->unfit, sizeof g->page->unfit, why);
    atomic_store(&g->page->state, GATE_BARRED);
    return false;
}

char *const *gate_environment(const struct gate *g) { return g->environment; }

/* ---- in the agent ---- */

enum gate_state gate_state(const struct gate *g)
{
    uint32_t state = atomic_load(&g->page->state);
    return state <= GATE_PASSED ? (enum gate_state)state : GATE_NEW;
}

const char *gate_why(const struct gate *g) { return g->page->unfit; }

static void wake(const struct gate *g) { syscall(SYS_futex, &g->page->state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0); }

void gate_arm(struct gate *g, const struct gate_instant *instant)
{
    g->page->at_ns = instant->at_ns;
    g->page->slot = instant->slot;
    g->page->may_spin = instant->may_spin;
#ifdef TARE_TEST_FLAGS
    clock_test_off(&g->page->drift_ppb, &g->page->step_ns);
#endif
    atomic_store(&g->page->state, GATE_ARMED);
    wake(g);
}

void gate_cancel(struct gate *g)
{
    atomic_store(&g->page->cancelled, true);
    wake(g);
}

bool gate_passage(const struct gate *g, struct gate_passage *passage)
{
    static const char *const HOW[] = { [GATE_SLEEP] = "sleep", [GATE_SPIN] = "spin", [GATE_FIFO] = "fifo" };
    const struct gate_page *p = g->page;
    const uint32_t how = p->how;
    *passage = (struct gate_passage){ p->opened_ns, p->entered_ns, p->user_ns, p->sys_ns, NULL };
    if (gate_state(g) != GATE_PASSED || how >= ARRAY_SIZE(HOW) || passage->opened_ns < p->at_ns ||
        passage->entered_ns < passage->opened_ns || passage->user_ns < 0 || passage->sys_ns < 0)
        return false;
    passage->how = HOW[how];
    return true;
}
