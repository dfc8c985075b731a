#include "lab/join.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

/* In the order of joining: the user namespace gives the right to the others, and /proc belongs to
 * the mounts, so those come last. */
static const struct {
    int kind;
    const char *file, *own; /* of /proc/PID/ns; `own`: what of this process shows it joined already */
} KINDS[] = {
    { CLONE_NEWUSER, "user", "user" }, { CLONE_NEWPID, "pid", "pid_for_children" },
    { CLONE_NEWNET, "net", "net" },    { CLONE_NEWTIME, "time", "time" },
    { CLONE_NEWNS, "mnt", "mnt" },
};

/* setns into a user namespace that one is in already fails, so do it only where it changes something. */
static bool is_joined(int fd, const char *own)
{
    char path[64] = "";
    struct stat theirs, ours;
    text_append(path, sizeof path, "/proc/self/ns/%s", own);
    return fstat(fd, &theirs) == 0 && stat(path, &ours) == 0 && theirs.st_dev == ours.st_dev &&
           theirs.st_ino == ours.st_ino;
}

static bool open_all(const struct lab_process *holder, int kinds, int fds[ARRAY_SIZE(KINDS)], struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
        char path[64] = "";
        if ((kinds & KINDS[i].kind) == 0)
            continue;
        text_append(path, sizeof path, "/proc/%d/ns/%s", holder->pid, KINDS[i].file);
        fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0)
            return err_errno(e, errno, "cannot open '%s'", path);
    }
    return true;
}

static bool join_all(int fds[ARRAY_SIZE(KINDS)], struct err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (fds[i] >= 0 && !is_joined(fds[i], KINDS[i].own) && setns(fds[i], KINDS[i].kind) != 0)
            return err_errno(e, errno, "cannot enter the lab's %s namespace", KINDS[i].file);
    return true;
}

/* setns(CLONE_NEWNS) puts the root back to that of the mounts, out of any chroot that this program and
 * the lab live in; go where the holder's root is, seen from its own mounts. */
static bool open_root(const struct lab_process *holder, int *fd, struct err *e)
{
    char path[64] = "";
    text_append(path, sizeof path, "/proc/%d/root", holder->pid);
    *fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 || err_errno(e, errno, "cannot open '%s'", path);
}

static bool enter_root(int fd, struct err *e)
{
    struct stat root, here;
    if (fstat(fd, &root) == 0 && stat("/", &here) == 0 && root.st_dev == here.st_dev && root.st_ino == here.st_ino)
        return true; /* no chroot, which only root could enter */
    return (fchdir(fd) == 0 && chroot(".") == 0) || err_errno(e, errno, "cannot enter the lab's root directory");
}

bool lab_join(const struct lab_record *record, int machine, int kinds, struct err *e)
{
    const struct lab_process *holder = &record->machines[machine].holder;
    int fds[ARRAY_SIZE(KINDS)] = { -1, -1, -1, -1, -1 };
    char cwd[LAB_PATH];
    bool has_cwd = getcwd(cwd, sizeof cwd) != NULL;
    if (!lab_record_lives(record) || !lab_process_lives(holder))
        return err_set(e, ERR_USAGE, "lab '%s' is dead: `tare lab up %s` makes it anew", record->name, record->name);
    if (record->way == LAB_WAY_USER)
        kinds |= CLONE_NEWUSER;
    if (!record->shifted)
        kinds &= ~CLONE_NEWTIME; /* the kernel may have none */
    int root = -1;
    bool has_mounts = (kinds & CLONE_NEWNS) != 0;
    bool joined = open_all(holder, kinds, fds, e) && (!has_mounts || open_root(holder, &root, e)) && join_all(fds, e) &&
                  (!has_mounts || enter_root(root, e));
    if (root >= 0)
        close(root);
    for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    if (joined && has_mounts && (!has_cwd || chdir(cwd) != 0))
        (void)!chdir("/");
    return joined;
}

bool lab_keep_capabilities(struct err *e)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0)
        return err_errno(e, errno, "cannot read the capabilities");
    for (size_t i = 0; i < ARRAY_SIZE(data); i++)
        data[i].inheritable = data[i].permitted;
    if (syscall(SYS_capset, &header, data) != 0)
        return err_errno(e, errno, "cannot keep the capabilities");
    for (unsigned long cap = 0; cap < 64; cap++)
        if ((data[cap / 32].permitted >> (cap % 32) & 1) != 0 &&
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0UL, 0UL) != 0)
            return err_errno(e, errno, "cannot keep capability %lu", cap);
    return true;
}

bool lab_is_single_threaded(struct err *e)
{
    int threads = 0;
    DIR *dir = opendir("/proc/self/task");
    if (!dir)
        return err_errno(e, errno, "cannot read '/proc/self/task'");
    for (struct dirent *entry; (entry = readdir(dir));)
        threads += entry->d_name[0] != '.';
    closedir(dir);
    if (threads != 1)
        return err_set(e, ERR_INTERNAL, "a lab is built and entered before the first thread is started; there are %d",
                       threads);
    return true;
}
