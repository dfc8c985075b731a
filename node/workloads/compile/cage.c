#include "cage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { SETTLE_MS = 10 * 1000, LOOK_MS = 2 };

/* What supervisor and agent share. */
struct shared {
    struct cage_result result;
    bool is_over;
    int reason; /* errno of what kept it from running */
    char what[64];
};

/* Where programs are searched, inside. */
static const char *const PLACES[] = { "/usr/local/bin/", "/usr/bin/", "/bin/" };

struct cage {
    pid_t supervisor;
    int pid_fd, hold_fd;
    bool is_reaped;
    struct shared *shared;
    struct gate *gate; /* NULL: none */
    char unheld[96];   /* why there is none */
};

/* Whoever is asked to run as nobody has to reach it. Made before fork(2): nothing is allocated between that and
 * execve(2), since other threads of the agent may hold the allocator's locks. */
struct maps {
    char user[64], group[64];
};

/* ---- in the supervisor ---- */

static _Noreturn void give_up(struct shared *s, const char *what)
{
    s->reason = errno;
    text_copy(s->what, sizeof s->what, what);
    _exit(127);
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Its flags must be said again, or a user namespace may not. */
static bool make_read_only(const char *path)
{
    static const struct {
        unsigned long is, says;
    } FLAGS[] = { { ST_NOSUID, MS_NOSUID },   { ST_NODEV, MS_NODEV },           { ST_NOEXEC, MS_NOEXEC },
                  { ST_NOATIME, MS_NOATIME }, { ST_NODIRATIME, MS_NODIRATIME }, { ST_RELATIME, MS_RELATIME } };
    struct statvfs st;
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
    if (statvfs(path, &st) != 0)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(FLAGS); i++)
        flags |= st.f_flag & FLAGS[i].is ? FLAGS[i].says : 0;
    return mount(NULL, path, NULL, flags, NULL) == 0;
}

static void put_up(const struct cage_order *order, struct shared *s)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        give_up(s, "its mounts");
    for (size_t i = 0; i < order->bind_count; i++) {
        const struct cage_bind *bind = &order->binds[i];
        if (mount(bind->from, bind->to, NULL, MS_BIND | MS_REC, NULL) != 0 ||
            (bind->is_read_only && !make_read_only(bind->to)))
            give_up(s, bind->from);
    }
}

/* Where the program is; the last place that there can be one where it is nowhere. */
static void find_program(const struct cage_order *order, char path[PATH_MAX])
{
    const char *name = order->argv[0];
    text_copy(path, PATH_MAX, name);
    for (size_t i = 0; !strchr(name, '/') && i < ARRAY_SIZE(PLACES); i++) {
        const size_t length = strlen(PLACES[i]);
        memcpy(path, PLACES[i], length);
        if (text_copy(path + length, PATH_MAX - length, name) && (access(path, X_OK) == 0 || errno != ENOENT))
            return;
    }
}

/* Until the agent lets it go. */
static void wait_for_release(int hold, struct shared *s)
{
    char go;
    ssize_t got;
    while ((got = read(hold, &go, 1)) < 0 && errno == EINTR)
        ;
    if (got != 1)
        _exit(127); /* the agent is gone */
    s->result.entered_ns = clock_raw_ns();
}

static _Noreturn void become(const struct cage_order *order, struct gate *gate, int hold, struct shared *s)
{
    char *const *argv = (char *const *)order->argv, *const *envp = (char *const *)order->envp; /* only read */
    char path[PATH_MAX];
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    if (gate)
        gate_allow_fifo(gate);
    if (*order->root && (chroot(order->root) != 0 || chdir("/") != 0))
        give_up(s, order->root);
    if (order->user != (uid_t)CAGE_UNCHANGED &&
        (setgroups(0, NULL) != 0 || setresgid(order->user, order->user, order->user) != 0 ||
         setresuid(order->user, order->user, order->user) != 0))
        give_up(s, "another user");
    prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
    if (chdir(order->directory) != 0)
        give_up(s, order->directory);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(order->output, 1) < 0 || dup2(order->output, 2) < 0)
        give_up(s, "its output");
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    find_program(order, path);
    if (gate && gate_enter(gate, path))
        envp = gate_environment(gate);
    else
        wait_for_release(hold, s);
    execve(path, argv, envp);
    give_up(s, order->argv[0]);
}

static void take_result(struct shared *s, int status, const struct rusage *use)
{
    s->result.ended_ns = clock_raw_ns();
    s->result.status = status;
    s->result.user_ns = use->ru_utime.tv_sec * CLOCK_NS_PER_S + use->ru_utime.tv_usec * 1000;
    s->result.sys_ns = use->ru_stime.tv_sec * CLOCK_NS_PER_S + use->ru_stime.tv_usec * 1000;
    s->result.peak_bytes = (int64_t)use->ru_maxrss * 1024;
    s->is_over = true;
}

/* The rest of the supervisor's life. */
static _Noreturn void supervise(const struct cage_order *order, const struct maps *maps, struct gate *gate,
                                const int hold[2], struct shared *s)
{
    struct pollfd alive = { .fd = hold[0] };
    close(hold[1]); /* else nobody here would see the agent's end */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    if (poll(&alive, 1, 0) > 0) /* the agent ended in between */
        _exit(127);
    if (maps && (!write_file("/proc/self/setgroups", "deny") || !write_file("/proc/self/uid_map", maps->user) ||
                 !write_file("/proc/self/gid_map", maps->group)))
        give_up(s, "a user namespace");
    if (order->bind_count > 0)
        put_up(order, s);
    pid_t program = fork();
    if (program == 0)
        become(order, gate, hold[0], s);
    if (program < 0)
        give_up(s, "fork");
    for (;;) {
        struct rusage use;
        int status;
        pid_t ended = wait4(-1, &status, 0, &use);
        if (ended == program && s->reason == 0)
            take_result(s, status, &use);
        if (ended == program || (ended < 0 && errno != EINTR))
            _exit(0); /* and what is left in the namespace is killed */
    }
}

/* ---- in the agent ---- */

/* As fork(2), with namespaces; -1 and errno where they cannot be had. */
static pid_t split(unsigned long namespaces)
{
    return (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL);
}

static unsigned long spaces_of(bool is_root)
{
    return is_root ? CLONE_NEWPID | CLONE_NEWNS : CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER;
}

static pid_t start(const struct cage_order *order, struct gate *gate, const int hold[2], struct shared *s)
{
    struct maps maps;
    bool is_root = geteuid() == 0;
    snprintf(maps.user, sizeof maps.user, "%u %u 1", geteuid(), geteuid());
    snprintf(maps.group, sizeof maps.group, "%u %u 1", getegid(), getegid());
    pid_t pid = order->is_apart ? split(spaces_of(is_root)) : fork();
    if (pid == 0)
        supervise(order, order->is_apart && !is_root ? &maps : NULL, gate, hold, s);
    return pid;
}

bool cage_can_be_apart(void)
{
    int status = 0;
    pid_t pid = split(spaces_of(geteuid() == 0));
    if (pid == 0)
        _exit(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0 : 1);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Before there is anything to be held: what stands in the way of the gate is told, and no failure. */
static void make_gate(struct cage *c, const struct cage_order *order)
{
    struct err e = { .text = "" };
    if (!order->gate || !*order->gate)
        text_copy(c->unheld, sizeof c->unheld, GATE_LIBRARY " is not installed");
    else if (!gate_new(order->gate, order->envp, order->gate_until_ns, &c->gate, &e))
        text_append(c->unheld, sizeof c->unheld, "%s", e.text);
}

bool cage_open(const struct cage_order *order, struct cage **cage, struct err *e)
{
    int hold[2] = { -1, -1 };
    struct cage *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(e, ERR_INTERNAL, "out of memory");
    *c = (struct cage){ .supervisor = -1, .pid_fd = -1, .hold_fd = -1 };
    c->shared = mmap(NULL, sizeof *c->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool ok = c->shared != MAP_FAILED && pipe2(hold, O_CLOEXEC) == 0;
    if (!ok)
        err_errno(e, errno, "no room for a program");
    if (c->shared == MAP_FAILED)
        c->shared = NULL;
    c->hold_fd = hold[1];
    if (ok) {
        make_gate(c, order);
        c->supervisor = start(order, c->gate, hold, c->shared);
        ok = c->supervisor > 0 || err_errno(e, errno, "cannot start '%s'", order->argv[0]);
    }
    if (hold[0] >= 0)
        close(hold[0]);
    if (ok) {
        setpgid(c->supervisor, c->supervisor); /* either of us does it first */
        c->pid_fd = (int)syscall(SYS_pidfd_open, c->supervisor, 0);
        ok = c->pid_fd >= 0 || err_errno(e, errno, "no descriptor of a process");
    }
    if (!ok) {
        cage_close(&c);
        return false;
    }
    *cage = c;
    return true;
}

static bool is_held_at_main(const struct cage *c) { return c->gate && gate_state(c->gate) >= GATE_HELD; }

bool cage_settle(struct cage *c, int cancel_fd, char *why, size_t size, struct err *e)
{
    const int64_t deadline = clock_mono_ns() + clock_ms(SETTLE_MS);
    enum { OVER, CANCELLED, SOURCES };
    struct pollfd fds[SOURCES] = {
        [OVER] = { .fd = c->pid_fd, .events = POLLIN }, [CANCELLED] = { .fd = cancel_fd, .events = POLLIN }
    };
    while (c->gate && gate_state(c->gate) == GATE_NEW) {
        if (clock_mono_ns() >= deadline)
            return err_set(e, ERR_PARTIAL, "it was not held within %d s", SETTLE_MS / 1000);
        if (poll(fds, SOURCES, LOOK_MS) > 0 && gate_state(c->gate) == GATE_NEW)
            return err_set(e, ERR_PARTIAL, fds[OVER].revents ? "it ended before it was held" : "no longer wanted");
    }
    text_copy(why, size, !c->gate ? c->unheld : is_held_at_main(c) ? "" : gate_why(c->gate));
    return true;
}

bool cage_arm(struct cage *c, const struct gate_instant *instant)
{
    if (!is_held_at_main(c))
        return false;
    gate_arm(c->gate, instant);
    return true;
}

void cage_release(struct cage *c)
{
    const char go = 1;
    if (cage_arm(c, &(struct gate_instant){ .at_ns = clock_raw_ns() }))
        return;
    if (write(c->hold_fd, &go, 1) < 0)
        return; /* it has ended: cage_result says why */
}

int cage_fd(const struct cage *c) { return c->pid_fd; }

static void reap(struct cage *c)
{
    while (!c->is_reaped && waitpid(c->supervisor, NULL, 0) < 0 && errno == EINTR)
        ;
    c->is_reaped = true;
}

/* From where it was let go, which was behind its execution. */
static bool take_passage(const struct cage *c, struct cage_result *r, struct err *e)
{
    struct gate_passage p;
    if (!gate_passage(c->gate, &p))
        return err_set(e, ERR_PARTIAL, "it ended before it was let go");
    r->entered_ns = p.entered_ns;
    r->opened_ns = p.opened_ns;
    r->how = p.how;
    r->user_ns = r->user_ns > p.user_ns ? r->user_ns - p.user_ns : 0;
    r->sys_ns = r->sys_ns > p.sys_ns ? r->sys_ns - p.sys_ns : 0;
    return true;
}

bool cage_result(struct cage *c, struct cage_result *result, struct err *e)
{
    reap(c);
    if (c->shared->reason != 0)
        return err_errno(e, c->shared->reason, "cannot run it: %s", c->shared->what);
    if (!c->shared->is_over)
        return err_set(e, ERR_PARTIAL, "it was killed");
    struct cage_result r = c->shared->result;
    if (c->gate && gate_state(c->gate) != GATE_BARRED && !take_passage(c, &r, e))
        return false;
    *result = r;
    return true;
}

void cage_kill(struct cage *c)
{
    /* By descriptor, since the number may be another's by now; the group's first is not reaped before its end. */
    if (syscall(SYS_pidfd_send_signal, c->pid_fd, 0, NULL, 0) != 0)
        return;
    if (c->gate)
        gate_cancel(c->gate);
    kill(-c->supervisor, SIGKILL);
    (void)syscall(SYS_pidfd_send_signal, c->pid_fd, SIGKILL, NULL, 0);
}

void cage_close(struct cage **cage)
{
    struct cage *c = *cage;
    *cage = NULL;
    if (!c)
        return;
    if (c->hold_fd >= 0)
        close(c->hold_fd);
    if (c->supervisor > 0) {
        if (!c->is_reaped) {
            kill(-c->supervisor, SIGKILL);
            kill(c->supervisor, SIGKILL);
        }
        reap(c);
    }
    if (c->pid_fd >= 0)
        close(c->pid_fd);
    if (c->shared)
        munmap(c->shared, sizeof *c->shared);
    gate_destroy(&c->gate);
    free(c);
}
