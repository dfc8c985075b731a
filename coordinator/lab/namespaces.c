#include "lab/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "lab/accounts.h"
#include "lab/forbidden.h"
#include "lab/report.h"

enum { END_DEADLINE_MS = 10 * 1000 };

/* A node's clocks are ahead of the coordinator's and of those before it by a year and some hours: a
 * stamp read on the wrong clock is off by that, not by a plausible little, and machines that have been
 * up for so long do exist. */
enum { HOURS_AHEAD = 365 * 24 + 5 };

/* All that init needs from the process it came from. */
struct plan {
    const struct lab_record *record;
    const char *log_path;
    int socket; /* its end */
    uid_t uid;
    gid_t gid;
};

enum lab_way lab_namespaces_way(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
    const unsigned needed = 1U << CAP_SYS_ADMIN | 1U << CAP_NET_ADMIN;
    return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed ? LAB_WAY_ROOT
                                                                                             : LAB_WAY_USER;
}

static bool write_file(const char *path, const char *text, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, errno, "cannot open '%s'", path);
    bool written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int error = errno;
    close(fd);
    if (!written)
        return err_errno(e, error, "cannot write '%s'", path);
    return true;
}

/* The user's own ids, as `unshare --map-current-user`: with uid 0 inside, libvirt takes itself for
 * root's and fails on supplementary groups. setgroups must be given up before (user_namespaces(7)). */
static bool map_ids(const struct plan *plan, struct err *e)
{
    char uids[64] = "", gids[64] = "";
    text_append(uids, sizeof uids, "%u %u 1", plan->uid, plan->uid);
    text_append(gids, sizeof gids, "%u %u 1", plan->gid, plan->gid);
    if (write_file("/proc/self/uid_map", uids, NULL) && write_file("/proc/self/setgroups", "deny", NULL) &&
        write_file("/proc/self/gid_map", gids, NULL))
        return true;
    return lab_forbidden(e, errno, "a user namespace", LAB_WAY_USER);
}

/* A fresh /proc, for with the old one a process would find strangers under its own children's ids. */
static bool mount_proc(const struct plan *plan, struct err *e)
{
    struct err why = { 0 };
    char dir[LAB_PATH];
    if (unshare(CLONE_NEWNS) != 0)
        return lab_forbidden(e, errno, "a mount namespace", plan->record->way);
    /* In a chroot "/" is no mount point; then /proc alone, which is the only one mounted over. */
    bool is_apart = mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) == 0;
    if (!is_apart && (errno != EINVAL || mount("none", "/proc", NULL, MS_REC | MS_SLAVE, NULL) != 0))
        return lab_forbidden(e, errno, "mounts of the lab's own", plan->record->way);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
        return lab_forbidden(e, errno, "a /proc of the lab's own", plan->record->way);
    text_copy(dir, sizeof dir, plan->log_path);
    *strrchr(dir, '/') = '\0';
    if (plan->record->way == LAB_WAY_ROOT && is_apart && !lab_accounts_mount(dir, &why))
        dprintf(STDERR_FILENO, "%s\n", why.text); /* guests will tell, should there be any */
    return true;
}

static bool make_network(const struct plan *plan, struct err *e)
{
    if (unshare(CLONE_NEWNET) != 0)
        return lab_forbidden(e, errno, "a network namespace", plan->record->way);
    /* Addresses of IPv6 come by themselves, seconds later, and talk on the wire. A kernel without IPv6
     * has no such files. */
    if (plan->record->ipv6)
        return access("/proc/sys/net/ipv6", F_OK) == 0 || err_set(e, ERR_USAGE, "this kernel has no IPv6");
    (void)!write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1", NULL);
    (void)!write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1", NULL);
    return true;
}

static bool shift_clocks(const struct plan *plan, int machine, struct err *e)
{
    char offsets[96] = "";
    long ahead = machine < LAB_FIRST_NODE ? 0 : (machine - LAB_FIRST_NODE + 1L) * HOURS_AHEAD * 3600L;
    if (!plan->record->shifted || ahead == 0)
        return true;
    if (unshare(CLONE_NEWTIME) != 0) {
        lab_forbidden(e, errno, "a time namespace", plan->record->way);
        return err_wrap(e, "`--no-time-shift` does without");
    }
    text_append(offsets, sizeof offsets, "monotonic %ld 0\nboottime %ld 0\n", ahead, ahead);
    if (!write_file("/proc/self/timens_offsets", offsets, e))
        return false;
    int fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    bool entered = fd >= 0 && setns(fd, CLONE_NEWTIME) == 0;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return entered || err_errno(e, error, "cannot enter a time namespace");
}

static _Noreturn void holder_main(const struct plan *plan, int machine)
{
    struct err e;
    char title[16] = "";
    text_append(title, sizeof title, "lab:%s", plan->record->machines[machine].name);
    prctl(PR_SET_NAME, title);
    bool ok = make_network(plan, &e) && shift_clocks(plan, machine, &e);
    report_send(plan->socket, machine, ok ? NULL : &e);
    close(plan->socket);
    if (!ok)
        _exit(1);
    for (;;)
        pause();
}

/* What a signal has ended cannot say so itself; /proc is the lab's own, where a zombie keeps its name. */
static void tell_killed(const siginfo_t *info)
{
    char path[64], name[32] = "";
    if (info->si_code != CLD_KILLED && info->si_code != CLD_DUMPED)
        return;
    snprintf(path, sizeof path, "/proc/%d/comm", (int)info->si_pid);
    FILE *file = fopen(path, "re");
    bool has_name = file && fgets(name, sizeof name, file);
    if (file)
        fclose(file);
    name[strcspn(name, "\n")] = '\0';
    dprintf(STDERR_FILENO, "%s was ended by signal %d (%s)\n", has_name ? name : "a process", info->si_status,
            strsignal(info->si_status));
}

/* Reap what ends. A lab that lost a machine is none any more, so it ends. */
static _Noreturn void reap(const struct lab_record *record, const pid_t holders[LAB_MACHINES_MOST])
{
    for (;;) {
        siginfo_t info = { 0 };
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
            if (errno == ECHILD)
                _exit(1);
            continue;
        }
        tell_killed(&info);
        int status = 0;
        pid_t ended = waitpid(info.si_pid, &status, 0);
        for (int i = 0; i < record->machine_count; i++)
            if (ended > 0 && ended == holders[i]) {
                dprintf(STDERR_FILENO, "machine '%s' has ended (status %d), and so the lab\n", record->machines[i].name,
                        status);
                _exit(1);
            }
    }
}

static void take_streams(const struct plan *plan)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int log = open(plan->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    dup2(null, STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
}

static _Noreturn void init_main(struct plan *plan)
{
    struct err e;
    pid_t holders[LAB_MACHINES_MOST] = { 0 };
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* for the holders; SIGKILL remains */
    signal(SIGCHLD, SIG_DFL);
    plan->socket = fcntl(plan->socket, F_DUPFD_CLOEXEC, 10);
    take_streams(plan);
    plan->socket = dup3(plan->socket, 3, O_CLOEXEC);
    syscall(SYS_close_range, 4U, ~0U, 0U); /* nothing of the builder's may live on here */
    setsid();                              /* Ctrl-C at the terminal is for the builder alone */
    if (plan->record->way == LAB_WAY_USER && !map_ids(plan, &e)) {
        report_send(plan->socket, LAB_SWITCH, &e);
        _exit(1);
    }
    /* After the last change of credentials, which would clear it. Whether the parent had ended before
     * shows below: then the socket is closed. */
    if (!plan->record->stays)
        prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0UL, 0UL, 0UL);
    prctl(PR_SET_NAME, "lab:init");
    bool ok = mount_proc(plan, &e) && make_network(plan, &e);
    report_send(plan->socket, LAB_SWITCH, ok ? NULL : &e);
    for (int i = LAB_COORDINATOR; ok && i < plan->record->machine_count; i++) {
        holders[i] = fork();
        if (holders[i] == 0)
            holder_main(plan, i);
    }
    char go;
    if (!ok || recv(plan->socket, &go, sizeof go, 0) != sizeof go)
        _exit(1);
    close(plan->socket);
    (void)!chdir("/"); /* keep nobody's directory busy */
    reap(plan->record, holders);
}

static bool collect(int socket, struct lab_record *record, struct err *e)
{
    for (int i = 0; i < record->machine_count; i++) {
        struct report message = { 0 };
        pid_t pid = 0;
        if (!report_receive(socket, &message, &pid))
            return err_set(e, ERR_INTERNAL, "the lab's init ended while it was built");
        if (!message.ok) {
            if (e)
                *e = message.err;
            return false;
        }
        if (message.machine < 0 || message.machine >= record->machine_count)
            return err_set(e, ERR_INTERNAL, "the lab's init speaks of a machine that is none");
        if (!lab_process_note(pid, &record->machines[message.machine].holder, e))
            return false;
    }
    return true;
}

bool lab_namespaces_start(struct lab_record *record, const char *log_path, int *commit, struct err *e)
{
    int sockets[2];
    if (!report_open(sockets, e))
        return false;
    struct plan plan = { record, log_path, sockets[1], geteuid(), getegid() };
    bool is_user = record->way == LAB_WAY_USER;
    /* Not fork: an unshared PID namespace would stay with the calling process for its later children. */
    long flags = SIGCHLD | CLONE_NEWPID | (is_user ? CLONE_NEWUSER : 0);
    pid_t init = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (init == 0)
        init_main(&plan);
    int error = errno;
    close(sockets[1]);
    bool ok = init > 0 ? collect(sockets[0], record, e)
                       : lab_forbidden(e, error, is_user ? "a user namespace" : "a PID namespace", record->way);
    if (ok) {
        *commit = sockets[0];
        return true;
    }
    close(sockets[0]); /* init sees that and ends */
    if (init > 0)
        while (waitpid(init, NULL, 0) < 0 && errno == EINTR)
            ;
    return false;
}

bool lab_namespaces_commit(int commit, struct err *e)
{
    bool sent = send(commit, "", 1, MSG_NOSIGNAL) == 1;
    int error = errno;
    close(commit);
    return sent || err_errno(e, error, "the lab's init has ended");
}

bool lab_namespaces_end(const struct lab_record *record, struct err *e)
{
    pid_t init = record->machines[LAB_SWITCH].holder.pid;
    int fd = (int)syscall(SYS_pidfd_open, init, 0);
    if (fd < 0)
        return errno == ESRCH || err_errno(e, errno, "lab '%s': cannot open its init, process %d", record->name, init);
    /* Looked at after it was opened: now the descriptor is the recorded process', or the id is a stranger's. */
    bool lives = lab_record_lives(record);
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    bool ok = true;
    if (lives && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
        ok = err_errno(e, errno, "lab '%s': cannot end its init, process %d", record->name, init);
    int64_t deadline = clock_mono_ns() + (int64_t)END_DEADLINE_MS * CLOCK_NS_PER_MS;
    while (lives && ok && poll(&ended, 1, clock_ms_until(deadline)) <= 0)
        if (clock_ms_until(deadline) == 0)
            ok = err_set(e, ERR_INTERNAL,
                         "lab '%s': process %d was killed but does not end: something in it waits for a device",
                         record->name, init);
    close(fd);
    if (ok)
        (void)waitpid(init, NULL, WNOHANG); /* where it is a child of ours */
    return ok;
}
