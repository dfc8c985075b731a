#include "lab/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "lab/join.h"
#include "lab/relay.h"
#include "lab/report.h"

static const char SBIN[] = ":/usr/local/sbin:/usr/sbin:/sbin"; /* an ordinary user's PATH leaves them out */

static _Noreturn void fail(int report_fd, const struct err *e)
{
    report_send(report_fd, LAB_SWITCH, e);
    _exit(LAB_COMMAND_NOT_FOUND);
}

/* Out of the way of 0, 1 and 2. */
static int lift(int fd) { return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 10); }

static bool take_streams(const struct lab_command *command, struct err *e)
{
    int streams[] = { lift(command->in), lift(command->out), lift(command->err) };
    for (int i = 0; i < 3; i++)
        if (streams[i] >= 0 && dup2(streams[i], i) < 0)
            return err_errno(e, errno, "cannot redirect");
    return true;
}

static _Noreturn void execute(const struct lab_command *command, int report_fd)
{
    char path[4096] = "";
    struct err e;
    const char *own = getenv("PATH");
    if (text_append(path, sizeof path, "%s%s", own ? own : "/usr/local/bin:/usr/bin:/bin", SBIN))
        setenv("PATH", path, 1);
    relay_reset_signals();
    execvp(command->argv[0], (char *const *)command->argv); /* which only reads them */
    err_errno(&e, errno, "cannot run '%s'", command->argv[0]);
    e.exit = errno == ENOENT || errno == EACCES ? ERR_USAGE : ERR_INTERNAL;
    fail(report_fd, &e);
}

/* SIGKILL when the parent ends; `parent` is a pidfd of it, for it may have ended just before. */
static void die_with(int parent)
{
    struct pollfd ended = { .fd = parent, .events = POLLIN };
    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    if (poll(&ended, 1, 0) != 0)
        _exit(1);
}

static int pidfd_of_this(void) { return (int)syscall(SYS_pidfd_open, getpid(), 0); }

static void forget_streams(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; null >= 0 && i < 3; i++)
        dup2(null, i);
}

/* Born into the PID namespace. The lab's init inherits a program only from a parent in there: this
 * one, which ends at once. Otherwise this machine's init would, and the lab's end would wait for it
 * to reap. */
static _Noreturn void detach(const struct lab_command *command, int report_fd)
{
    struct err e;
    pid_t child = fork();
    if (child == 0) {
        report_send(report_fd, command->machine, NULL); /* the kernel adds the pid */
        execute(command, report_fd);
    }
    if (child < 0) {
        err_errno(&e, errno, "cannot start a process in the lab");
        fail(report_fd, &e);
    }
    _exit(0);
}

/* The process in between: it alone is this side's child, for a child can only be born into a PID
 * namespace, not move there. */
static _Noreturn void stand_between(const struct lab_command *command, int report_fd)
{
    struct err e;
    int self = pidfd_of_this();
    relay_prepare();
    pid_t child = fork();
    if (child == 0) {
        if (command->detached)
            detach(command, report_fd);
        die_with(self);
        execute(command, report_fd);
    }
    if (child < 0) {
        err_errno(&e, errno, "cannot start a process in the lab");
        fail(report_fd, &e);
    }
    forget_streams(); /* or a reader of the program's output would wait for this process' end, too */
    syscall(SYS_close_range, 3U, ~0U, 0U);
    relay_end(relay_wait(child));
}

static _Noreturn void child_main(const struct lab_record *record, const struct lab_command *command, int report_fd,
                                 int parent)
{
    struct err e;
    report_fd = lift(report_fd);
    parent = lift(parent);
    if (report_fd < 0 || parent < 0)
        _exit(LAB_COMMAND_NOT_FOUND);
    if (!take_streams(command, &e))
        fail(report_fd, &e);
    /* Nothing else of the caller's may live on here: a listening socket, a lock, the other end of a pipe. */
    report_fd = dup3(report_fd, 3, O_CLOEXEC);
    parent = dup3(parent, 4, O_CLOEXEC);
    syscall(SYS_close_range, 5U, ~0U, 0U);
    if (command->detached)
        setsid();
    if (!lab_join(record, command->machine, command->kinds, &e) ||
        (record->way == LAB_WAY_USER && !lab_keep_capabilities(&e)))
        fail(report_fd, &e);
    if (!command->detached)
        die_with(parent);
    if ((command->kinds & CLONE_NEWPID) != 0)
        stand_between(command, report_fd);
    execute(command, report_fd);
}

/* Everything that was told, until the last process that could tell has closed its end. */
static bool collect(int fd, pid_t *pid, struct err *e)
{
    bool ok = true;
    struct report report = { 0 };
    pid_t sender;
    while (report_receive(fd, &report, &sender)) {
        if (report.ok) {
            *pid = sender;
        } else {
            ok = false;
            if (e)
                *e = report.err;
        }
    }
    return ok;
}

bool lab_command_start(const struct lab_record *record, const struct lab_command *command, pid_t *pid, struct err *e)
{
    int ends[2], self = pidfd_of_this();
    if (self < 0)
        return err_errno(e, errno, "cannot open this process");
    fcntl(self, F_SETFD, FD_CLOEXEC);
    if (!report_open(ends, e)) {
        close(self);
        return false;
    }
    pid_t child = fork(), program = child;
    if (child == 0)
        child_main(record, command, ends[1], self);
    int error = errno;
    close(self);
    close(ends[1]);
    bool ok = child > 0 ? collect(ends[0], &program, e) : err_errno(e, error, "cannot fork");
    close(ends[0]);
    if (child > 0 && (!ok || command->detached))
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    if (ok)
        *pid = program;
    return ok;
}
